"""How a project becomes a clone of its upstream (spec/log.md).

Entry 1 of `log/holdings` is the change: until it is there the project is as it was, from then on it is a clone. What is
done before it can be done again, and what remains to be done after it is found by comparing with the upstream.
"""

import contextlib

from msgspec.structs import replace

from objstore.errors import BlobExistsError, ConflictError
from objstore.history.encoding import encode_entry
from objstore.history.log import Log
from objstore.history.records import GcRecord, GcVerdictRecord, Record, SegmentsRecord
from objstore.history.unpushed import PendingName, Unpushed
from objstore.repository.connection import Connection
from objstore.repository.project import Project
from objstore.repository.syncingruns import rejoin_runs
from objstore.sync.following import common_entries

_OF_THE_PLACE = (SegmentsRecord, GcRecord, GcVerdictRecord)


def join(project: Project, connection: Connection) -> None:
    """Makes a project that isn't one yet a clone of an upstream that has a log; own entries that the upstream hasn't got wait from then on.

    To be called with nobody else writing.
    """
    common = common_entries(Log(project.blobs, "main"), connection.log)
    put_aside(project, common)
    become_clone(project)
    forget_after(project, common)
    rejoin_runs(project, connection)


def become_clone(project: Project) -> None:
    """The change itself. What counted until now goes on to count here."""
    holdings = Log(project.blobs, "holdings")
    with contextlib.suppress(BlobExistsError):
        project.blobs.create(holdings.entry_name(1), encode_entry([SegmentsRecord(segments=tuple(project.holdings.segments))]))
    project.refresh()


def put_aside(project: Project, common: int) -> None:
    """Makes own entries after the common ones pending ones, as far as they are about history."""
    waiting = Unpushed(project.blobs)
    names = set(waiting.names())
    for number, records in Log(project.blobs, "main").read_from(common + 1):
        history = [_without_segments(record) for record in records if isinstance(record, Record) and not isinstance(record, _OF_THE_PLACE)]
        name = PendingName(number, common)
        if history and name not in names:
            waiting.put(name, history)


def forget_after(project: Project, common: int) -> None:
    """Removes entries from the mirror that the upstream hasn't got; ConflictError for any that isn't among the pending ones."""
    log, unpushed = Log(project.blobs, "main"), Unpushed(project.blobs)
    waiting = {record.write_id for name in unpushed.names() for record in unpushed.read(name).records}
    numbers = []
    for number, records in log.read_from(common + 1):
        numbers.append(number)
        if any(not isinstance(record, _OF_THE_PLACE) and record.write_id not in waiting for record in records):
            raise ConflictError(
                f"entry {number} of the upstream's log isn't what it was when this clone last read it, so they can't be brought together; "
                "if the upstream was restored from a backup, make a new clone and add there what is missing"
            )
    unpushed.lower_base(common)  # else nobody would see that they have landed in the place of what goes now
    for number in reversed(numbers):
        for name in log.names_ending_at(number):
            project.blobs.delete(name)
    if project.clone is not None:
        project.clone.forget()
        project.refresh()


def _without_segments(record: Record) -> Record:
    return replace(record, segments=())
