"""Bringing a clone up to date with its upstream: its log, its index and its metadata, but no data."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from objstore.errors import CorruptionError, NotFoundError, ObjstoreError
from objstore.history.clone import CloneLogbook
from objstore.history.records import SegmentsRecord
from objstore.history.replay import AliasConflict, Numbered, Replay
from objstore.host.locks import locked_exclusive
from objstore.host.progress import Progress
from objstore.odb.draft import Draft
from objstore.repository.connection import Connection
from objstore.repository.joining import forget_after, join
from objstore.repository.project import Project
from objstore.repository.syncingruns import follow_runs
from objstore.sync.following import common_entries
from objstore.sync.metadata import want_metadata
from objstore.sync.receiving import Wanted
from objstore.sync.receiving import receive as receive_objects

Waiting = Callable[[], None] | None


@dataclass
class Fetched:
    """What came of looking at the upstream."""

    entries: int = 0
    """How many the upstream's log had that weren't known here."""
    renumbered: list[tuple[Numbered, Numbered]] = field(default_factory=list)
    """Own versions that have other names now, old and new."""
    renamed: dict[str, str] = field(default_factory=dict)
    """Own collections that have other names now."""
    revived: list[str] = field(default_factory=list)
    """What was deleted upstream and comes back, since it was logged again here meanwhile, each as a sentence."""
    in_vain: list[str] = field(default_factory=list)
    """Own changes that have no effect any more, each as a sentence."""
    conflicts: list[AliasConflict] = field(default_factory=list)
    """Aliases that were moved on both sides, for the user to decide."""

    def add(self, later: "Fetched") -> None:
        """Takes in what has become of own changes at another look after this one."""
        self.entries += later.entries
        self.renumbered += later.renumbered
        self.renamed |= later.renamed
        self.revived += later.revived
        self.in_vain += later.in_vain

    def news(self) -> Iterator[str]:
        """What has become of own changes, each as a sentence."""
        for old, new in self.renumbered:
            is_same_collection = old.collection == new.collection
            yield f"{old.collection}: v{old.number} → v{new.number}" if is_same_collection else f"{old} → {new}"
        for before, after in self.renamed.items():
            yield f"{before} is {after} now: the upstream has a {before} of another type"
        yield from self.revived


@contextlib.contextmanager
def noted(found: Fetched) -> Iterator[None]:
    """Adds to an error, as notes, what has become of own changes all the same: nobody finds it again."""
    try:
        yield
    except ObjstoreError as error:
        for text in (*found.news(), *found.in_vain):
            error.add_note(text)
        raise


@contextlib.contextmanager
def synchronizing(project: Project, connection: Connection | None, waiting: Waiting = None) -> Iterator[None]:
    """While inside, no other process brings anything from a remote, or there, and no gc of this machine works in this one."""
    with locked_exclusive(project.local / "sync.lock", waiting), connection.in_use(waiting) if connection else contextlib.nullcontext():
        yield


def fetch(project: Project, progress: Progress, waiting: Waiting = None) -> Fetched:
    """Makes a clone know what its upstream has; own entries follow behind it. A project that isn't a clone yet becomes one.

    NotFoundError when there is nothing upstream yet, ConflictError when it is another project, or not what it was.
    """
    connection = project.connect()
    with synchronizing(project, connection, waiting):
        return fetch_now(project, connection, progress, waiting)


def fetch_now(project: Project, connection: Connection, progress: Progress, waiting: Waiting = None) -> Fetched:
    """The same, inside `synchronizing`."""
    progress.start(f"looking at {connection}")
    if project.clone is None:
        connection.check_there()
        with project.collecting(waiting):
            join(project, connection)
    found = follow(project, connection)
    receive(project, connection, progress, waiting)
    return found


def follow(project: Project, connection: Connection) -> Fetched:
    """Brings the mirror of the upstream's log up to date. Cost when there is nothing new: three requests.

    CorruptionError when a log that is read for the first time has a gap: what is pushed would go there, and others never see it.
    """
    clone = project.clone
    assert clone is not None
    before = clone.replay
    _check_same(project, clone, connection)
    newest = 0 if clone.mirror.position else connection.log.newest()
    entries = [(number, data) for number, data, _ in connection.log.read_both_from(clone.mirror.position + 1)]
    connection.log.check_ends_at(entries[-1][0] if entries else clone.mirror.position, newest)
    with clone.alone():  # also when nothing is new: pending entries may have been half removed when we looked
        clone.extend(entries)
    follow_runs(project, connection)
    return _compared(before, clone.replay, len(entries))


def _compared(before: Replay, after: Replay, entries: int) -> Fetched:
    """What has become of pending records from one look to the next."""
    moved = [(old, after.versions[id_]) for id_, old in before.versions.items() if after.versions.get(id_, old) != old]
    renamed = {old: new for old, new in after.renamed.items() if before.renamed.get(old) != new}
    revived = [text for id_, text in after.revived.items() if before.revived.get(id_) != text]
    return Fetched(entries, moved, renamed, revived, [text for text in after.in_vain if text not in before.in_vain], after.conflicts())


def receive(project: Project, connection: Connection, progress: Progress, waiting: Waiting = None) -> None:
    """Brings the index and the metadata that belong to the mirror. Costs nothing when it is all there."""
    clone = project.clone
    assert clone is not None
    while not connection.knows(clone.mirror.segments):
        known = clone.mirror.position
        try:
            _receive(project, clone, connection, progress, waiting)
            return
        except (NotFoundError, CorruptionError):  # gc has taken it, or put others in its place; or it is lost
            follow(project, connection)
            if clone.mirror.position == known:
                raise


def _receive(project: Project, clone: CloneLogbook, connection: Connection, progress: Progress, waiting: Waiting) -> None:
    segments = clone.mirror.segments
    progress.start("fetching metadata")
    with receiving(project, waiting):
        draft = project.receiving_draft()
        try:
            with Wanted(connection.database, project.scratch) as wanted:
                with connection.indexing():
                    want_metadata(connection.database, clone.mirror, connection.is_complete, draft, wanted)
                progress.start("fetching metadata", bytes_=wanted.bytes)
                receive_objects(connection.database, wanted, draft, progress)
            keep(project, draft)
        finally:
            draft.close()
    connection.note_complete(segments)


@contextlib.contextmanager
def receiving(project: Project, waiting: Waiting = None) -> Iterator[None]:
    """While inside, gc isn't at work here. That a newer program has logged something is no obstacle: nothing is added to the history."""
    with project.keeping(waiting):
        project.refresh()
        yield


def keep(project: Project, draft: Draft) -> None:
    """Makes what a draft has received a part of what is held here."""
    segments: Sequence[str] = draft.publish()
    if segments:
        project.account(lambda _: [SegmentsRecord(segments=tuple(segments))])
    draft.finish()


def _check_same(project: Project, clone: CloneLogbook, connection: Connection) -> None:
    """ConflictError unless the upstream is what it was, and its log still begins as the mirror does."""
    last = clone.mirror.position
    if not last:
        connection.check_there()
        return
    connection.check_still_there()
    theirs = connection.log.read_entry(last)
    if theirs is not None and theirs == clone.entry(last):
        return
    with clone.alone():
        forget_after(project, common_entries(clone.log, connection.log))
