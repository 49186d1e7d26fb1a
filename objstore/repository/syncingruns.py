"""Bringing the log of runs from the upstream, and own records there.

Runs have no numbers, so there is nothing to be decided: what is appended by anybody counts, in the order in which it came.
"""

from objstore.history.clonerunbook import CloneRunBook
from objstore.history.encoding import encode_entry
from objstore.history.log import COMPACT_SIZES, EntryTakenError, Log
from objstore.history.records import Record
from objstore.history.unpushed import PendingName, Unpushed
from objstore.host.locks import locked_exclusive
from objstore.repository.connection import Connection
from objstore.repository.project import Project
from objstore.sync.following import common_entries

_AT_ONCE = 2000
"""Records of one entry: so many have some 500 kB."""


def follow_runs(project: Project, connection: Connection) -> None:
    """Makes a clone know the runs that its upstream has. Cost when there is nothing new: two requests, one when there are none at all."""
    book = _book(project)
    book.refresh()
    last = book.mirror.position
    entries = [(number, data) for number, data, _ in connection.runs.read_both_from(max(last, 1))]
    if last and (not entries or entries[0][1] != book.mirror.log.read_entry(last)):
        rejoin_runs(project, connection)
        last = book.mirror.position
        entries = [(number, data) for number, data, _ in connection.runs.read_both_from(last + 1)]
    book.extend([entry for entry in entries if entry[0] > last])


def waiting_runs(project: Project) -> list[Record]:
    """The records that the upstream, as far as it is known, hasn't got."""
    book = _book(project)
    book.refresh()
    return book.waiting()


def push_runs(project: Project, connection: Connection) -> int:
    """Appends own records to the upstream's log, which was followed just now; how many. What they refer to is there by then.

    Before what else waited is removed here: until then it can be told what pending collections have become. Cut off, it goes on where
    it was.
    """
    book, sent = _book(project), 0
    book.refresh()
    while True:
        records = book.waiting()[:_AT_ONCE]
        if not records:
            return sent
        number, data = book.mirror.position + 1, encode_entry(records)
        try:
            connection.runs.append_bytes(number, data)
        except EntryTakenError:
            follow_runs(project, connection)
            continue
        sent += len(records)
        book.extend([(number, data)])
        book.settle(record.write_id for record in records)


def rejoin_runs(project: Project, connection: Connection) -> None:
    """Makes own entries that the upstream hasn't got pending ones, and the mirror what it has in common with it.

    In a project that has just become a clone, and where the upstream was restored from a backup. With nobody else writing, or in a clone.
    """
    log, unpushed = Log(project.blobs, "runs"), Unpushed(project.blobs, "runs")
    common = common_entries(log, connection.runs)
    with locked_exclusive(project.local / "pending.lock"):
        names, numbers = set(unpushed.names()), []
        for number, records in log.read_from(common + 1):
            numbers.append(number)
            name = PendingName(number, common)
            if name not in names:
                unpushed.put(name, [record for record in records if isinstance(record, Record)])
        unpushed.lower_base(common)  # else nobody would see that they have landed in the place of what goes now
        for number in reversed(numbers):
            for size in COMPACT_SIZES:
                if number % size == 0:
                    project.blobs.delete(log.compact_name(number - size + 1, number))
            project.blobs.delete(log.entry_name(number))
    if project.clone is not None:
        _book(project).forget()
        _book(project).refresh()


def _book(project: Project) -> CloneRunBook:
    book = project.runbook
    assert isinstance(book, CloneRunBook)
    return book
