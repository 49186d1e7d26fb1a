"""Bringing a project's own entries, and the objects that they need, to its upstream."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from objstore.errors import ConflictError, NotFoundError
from objstore.history.fence import OvertakenError
from objstore.history.records import PartRecord, Record, VersionRecord
from objstore.history.replay import Numbered, Replay, name_in_use
from objstore.history.state import State
from objstore.history.unpushed import PendingName
from objstore.host.progress import Progress
from objstore.odb.draft import Draft, PackGoneError
from objstore.repository.appending import append
from objstore.repository.connection import Connection
from objstore.repository.fetching import Fetched, Waiting, follow, noted, receive, synchronizing
from objstore.repository.firstpush import push_all
from objstore.repository.joining import join
from objstore.repository.project import Project
from objstore.repository.syncingruns import push_runs, waiting_runs
from objstore.sync.sending import Missing, missing, send
from objstore.values.digest import Digest


@dataclass
class Pushed:
    """What a push did, or would do."""

    versions: list[Numbered] = field(default_factory=list)
    """Those that the upstream has now, as they are called there."""
    records: int = 0
    """How many log records, versions and others."""
    sent: Missing = field(default_factory=Missing)
    fetched: Fetched = field(default_factory=Fetched)
    """What was found on the way."""
    dry_run: bool = False


def push(
    project: Project,
    progress: Progress,
    *,
    names: Collection[str] = (),
    dry_run: bool = False,
    waiting: Waiting = None,
) -> Pushed:
    """Brings what the upstream hasn't got there: own log entries (with `names`, those about these collections), and the objects they need.

    The first push takes all, whatever is named: it puts the project there as it is.
    NotFoundError for a name that isn't there; ConflictError when aliases were moved on both sides, or the upstream is another project;
    RemoteError when it can't be reached. Cut off at any point, nothing is lost, and what has arrived isn't sent again.
    """
    chosen = _Chosen(project.state, names)
    connection = project.connect()
    with synchronizing(project, connection, waiting):
        progress.start(f"looking at {connection}")
        if project.clone is None:
            first = push_all(project, connection, progress, waiting, dry_run=dry_run)
            if first is not None:
                if not dry_run:
                    assert project.clone is not None
                    connection.take_in(project.clone.mirror, project.database.read_segment)
                return Pushed(first.versions, first.records, Missing(bytes=first.bytes), dry_run=dry_run)
            with project.collecting(waiting):
                join(project, connection)
        return _Push(project, connection, progress, chosen, waiting).run(dry_run=dry_run)


class _Chosen:
    """The collections that are pushed: all, or those that had these names before anybody looked at the upstream."""

    def __init__(self, state: State, names: Collection[str]) -> None:
        self._names = frozenset(names)
        self._ids = frozenset(state.collection(name).id for name in names)
        self.is_all = not names

    def includes(self, record: Record, same_as: Mapping[str, str]) -> bool:
        """`same_as`: ids of collections that the upstream has under others."""
        about = getattr(record, "collection", "")
        now = same_as.get(about, about)
        return self.is_all or about in self._names or any(now == same_as.get(id_, id_) for id_ in self._ids)


class _Push:
    """One push of a clone."""

    def __init__(self, project: Project, connection: Connection, progress: Progress, chosen: _Chosen, waiting: Waiting) -> None:
        assert project.clone is not None
        self._project = project
        self._clone = project.clone
        self._connection = connection
        self._progress = progress
        self._chosen = chosen
        self._waiting = waiting
        self._fetched = Fetched()
        self._entries: set[PendingName] = set()

    def run(self, *, dry_run: bool) -> Pushed:
        with noted(self._fetched):
            return self._run(dry_run=dry_run)

    def _run(self, *, dry_run: bool) -> Pushed:
        self._look()
        self._clone.check_writable()
        replay = self._clone.replay
        self._entries = set(replay.entries)
        records = self._outgoing(replay)
        if dry_run or not records:
            counted = self._missing(records) if records else Missing()
            runs = len(waiting_runs(self._project)) if dry_run and self._chosen.is_all else 0
            if not dry_run:
                runs = self._finish(replay)
            return Pushed(_versions(replay, records), len(records) + runs, counted, self._fetched, dry_run)
        while True:
            generation = self._clone.mirror.generation
            try:
                return self._attempt()
            except (OvertakenError, PackGoneError) as error:
                self._look()
                if isinstance(error, PackGoneError) and self._clone.mirror.generation == generation:
                    raise

    def _look(self) -> None:
        found = follow(self._project, self._connection)
        receive(self._project, self._connection, self._progress, self._waiting)
        self._fetched.add(found)

    def _attempt(self) -> Pushed:
        """Sends what is needed, then the records. OvertakenError when a gc has come in between, and all has to be looked at again."""
        with self._project.keeping(self._waiting):
            draft = self._connection.open_draft(self._clone.mirror)
            try:
                records = self._outgoing(self._clone.replay)
                sent, roots = self._send(draft, records), set(_roots(records))
                segments = draft.publish()
                while True:
                    replay = self._clone.replay
                    records = self._outgoing(replay)
                    if not records:  # what others have pushed meanwhile has left ours without effect
                        return Pushed(records=self._finish(replay), fetched=self._fetched)
                    if not roots.issuperset(_roots(records)):
                        raise OvertakenError  # what somebody has removed meanwhile was thought to be there
                    if append(self._clone, self._connection, draft, segments, records):
                        draft.finish()
                        runs = self._finish(replay)
                        return Pushed(_versions(replay, records), len(records) + runs, sent, self._fetched)
                    self._look()
                    self._clone.check_writable()
            finally:
                draft.close()

    def _send(self, draft: Draft, records: Sequence[Record]) -> Missing:
        counted = self._missing(records)
        self._progress.start("pushing", bytes_=counted.bytes)
        send(self._project.database, _roots(records), draft, self._progress)
        return counted

    def _missing(self, records: Sequence[Record]) -> Missing:
        try:
            return self._missing_of(_roots(records))
        except NotFoundError:
            self._check_whole(records)
            raise

    def _missing_of(self, roots: Sequence[Digest]) -> Missing:
        stored = self._connection.reliable(self._clone.mirror)
        return missing(self._project.database, roots, stored, self._project.scratch)

    def _check_whole(self, records: Sequence[Record]) -> None:
        """NotFoundError for the first version of which something is neither here nor upstream.

        Files that haven't changed aren't read when they are added: if only the upstream had them, somebody may have removed them there.
        """
        for record in records:
            version = self._clone.replay.versions.get(record.write_id)
            try:
                self._missing_of(_roots([record]))
            except NotFoundError as error:
                if version is not None:
                    raise NotFoundError(
                        f"{version} can't be pushed: {error}, nor upstream any more; `objstore fsck --repair` and then adding the same "
                        f"files again makes it whole, `objstore rm {version} --aliases` does without it"
                    ) from error

    def _finish(self, replay: Replay) -> int:
        """Sends the records of runs, if all is pushed, and then forgets what has landed; how many of runs there were."""
        runs = push_runs(self._project, self._connection) if self._chosen.is_all else 0
        self._settle(replay)
        return runs

    def _settle(self, replay: Replay) -> None:
        kept = {record.write_id for record in replay.outgoing if not self._is_chosen(replay, record)}
        done = {write_id for write_id, name in replay.origin.items() if name in self._entries and write_id not in kept}
        with self._clone.alone():
            self._clone.settle(replay, done)

    def _outgoing(self, replay: Replay) -> list[Record]:
        """The records to be sent. ConflictError for aliases that the user has to decide about."""
        records = [record for record in replay.needed() if self._is_chosen(replay, record)]
        ids = {getattr(record, "collection", "") for record in records}
        conflicts = [conflict for conflict in replay.conflicts() if conflict.collection_id in ids]
        if conflicts:
            listed = "; ".join(map(str, conflicts))
            raise ConflictError(f"moved here and upstream since the last pull: {listed}; `objstore pull --ours` or `--theirs` decides")
        taken = None if self._chosen.is_all else name_in_use(self._clone.mirror, records, replay.same_as)
        if taken is not None:
            raise ConflictError(f"{taken} is another collection upstream, which was renamed here: push that one first, or all at once")
        return records

    def _is_chosen(self, replay: Replay, record: Record) -> bool:
        """Whether a record was asked for, and was there when we began: what was added since may need objects that weren't sent."""
        return replay.origin[record.write_id] in self._entries and self._chosen.includes(record, replay.same_as)


def _roots(records: Iterable[Record]) -> list[Digest]:
    """What must be there for the records to be of use."""
    return list(dict.fromkeys(Digest.from_hex(record.root) for record in records if isinstance(record, VersionRecord | PartRecord)))


def _versions(replay: Replay, records: Iterable[Record]) -> list[Numbered]:
    return [replay.versions[record.write_id] for record in records if record.write_id in replay.versions]
