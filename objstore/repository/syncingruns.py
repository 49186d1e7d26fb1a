"""Bringing the log of runs from the upstream, and own records there.

Runs have no numbers, so there is nothing to be decided: what is appended by anybody counts, in the order in which it came.
"""

from collections.abc import Iterator

from objstore.history.clonerunbook import CloneRunBook
from objstore.history.encoding import encode_entry
from objstore.history.log import EntryTakenError, Log
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
        names, end = set(unpushed.names()), common
        for first, last, records in _grouped(log, common + 1):
            name = PendingName(first, common)
            if name not in names:
                unpushed.put(name, records)
            end = last
        unpushed.lower_base(common)  # else nobody would see that they have landed in the place of what goes now
        project.blobs.delete_all([name for number in range(end, common, -1) for name in log.names_ending_at(number)])
    if project.clone is not None:
        _book(project).forget()
        _book(project).refresh()


def _grouped(log: Log, start: int) -> Iterator[tuple[int, int, list[Record]]]:
    """The records from an entry on, some thousands at a time, with the numbers of the first and the last entry that they come from."""
    first, records = start, list[Record]()
    last = start - 1
    for last, more in log.read_from(start):
        records += (record for record in more if isinstance(record, Record))
        if len(records) >= _AT_ONCE:
            yield first, last, records
            first, records = last + 1, []
    if records:
        yield first, last, records


def _book(project: Project) -> CloneRunBook:
    book = project.runbook
    assert isinstance(book, CloneRunBook)
    return book
