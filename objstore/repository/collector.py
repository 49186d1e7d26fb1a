"""Freeing what no version needs in a place where others write at the same time (spec/gc.md)."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Never, Self

from objstore.blobs.protocol import BlobStore
from objstore.errors import CorruptionError, NotFoundError, ObjstoreError, RemoteError, StorageError
from objstore.graph.children import PARENTS
from objstore.graph.listed import mark_listed
from objstore.graph.reachability import mark
from objstore.history.commit import check_writable, commit, refresh
from objstore.history.expiry import Expiry, may_expire, plan_expiry
from objstore.history.fence import check_not_put_away
from objstore.history.log import Log
from objstore.history.records import GcRecord, GcVerdictRecord, Record
from objstore.history.state import State
from objstore.host.ahead import ahead
from objstore.host.progress import Progress
from objstore.odb.cache import Cache
from objstore.odb.database import Database
from objstore.odb.draft import PackGoneError
from objstore.odb.keptsegments import KeptSegments
from objstore.odb.keyset import KeySet
from objstore.odb.neardatabase import NearDatabase
from objstore.odb.pack import pack_name
from objstore.odb.segment import rows_of, segment_name
from objstore.repository.fetching import Fetched
from objstore.repository.gcplan import CollectionPlan, blob_id, now_there, plan_collection
from objstore.repository.indexing import load_following
from objstore.repository.localgc import Freed
from objstore.sync.moving import move, naming
from objstore.values.key import Key

_AT_ONCE = 8


@dataclass(frozen=True)
class Place:
    """Where a collector works, and what of it is on this machine."""

    blobs: BlobStore
    project: str
    """The id of the project that is there."""
    folder: Path
    """For what this machine keeps of it."""
    scratch: Path
    here: Database | None = None
    """Objects that needn't be read from there."""


@dataclass
class FreedThere(Freed):
    """What a collection freed, or would free, in a place that is shared."""

    rewritten_bytes: int = 0
    """How much of those was still needed."""
    restorable: list[str] = field(default_factory=list)
    """Versions that were deleted too short a time ago to be freed."""
    finished: int = 0
    """Collections that somebody else had begun, and that were brought to their end."""
    requests: int | None = None
    """About how many it would take; None unless it is only a plan."""
    fetched: Fetched = field(default_factory=Fetched)
    """What came of looking at the upstream before."""


class _NothingStored:
    """What is moved is stored again, wherever it is."""

    def known(self, _: Sequence[Key], /) -> set[Key]:
        return set()

    def locate(self, _: Sequence[Key], /) -> Mapping[Key, Never]:
        return {}


class Collector:
    """One collection of one place. To be used in a `with` block, once."""

    def __init__(
        self,
        place: Place,
        state: State,
        progress: Progress,
        min_age: float,
        *,
        now: datetime | None = None,
        expiring: Callable[[State, datetime], Expiry] = plan_expiry,
    ) -> None:
        """`state`: a fold of the log there, which the collector brings up to date; `min_age` in seconds.

        `expiring` says what has expired at `now` (None: by the clock of the place), or raises what stands against it.
        """
        self._blobs = place.blobs
        self._log = Log(place.blobs, "main")
        self._state = state
        self._progress = progress
        self._min_age = min_age
        self._now = now
        self._expiring = expiring
        self._expected: Sequence[Record] = ()
        """What is logged first by who carries a plan out."""
        self._scratch = place.scratch / f"gc-{os.getpid()}-{os.urandom(8).hex()}"
        self._drafts = place.folder / "gc"
        # Where files are deleted nothing that is remembered is trusted: the index is made anew from segments, each checked by its name.
        self._cache = Cache(self._scratch / "cache", place.project)
        kept = KeptSegments(place.folder / "index") if place.blobs.root is None else None
        self._database = NearDatabase(place.blobs, self._cache, kept, place.here)
        self._freed = FreedThere()
        self._made: set[str] = set()
        """Packs and segments that this collection has brought."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._cache.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    # -- the whole -----------------------------------------------------------------------------------------------------

    def run(self) -> FreedThere:
        """Deletes what has expired, and frees what isn't needed; first whatever a collector that is gone has left to be done.

        CorruptionError when something that is needed can't be read; then nothing is freed. Where there is no room for what would move, only
        what needs none is freed.
        """
        self._check_log()
        self._freed.note_expiry(self._expire())
        try:
            self._collect()
        except StorageError:
            if not self._collect(rewriting=False):
                raise
        return self.sweep()

    def _collect(self, *, rewriting: bool = True) -> bool:
        """Brings what is to be freed to its verdict; False when there is nothing."""
        while True:
            self._look()
            check_writable(self._state)
            if self._state.open_gcs:
                self._resume(self._state.open_gcs[0].number)
                continue
            with KeySet(self._scratch) as live:
                planned = self._planned(live)
                if planned is None:
                    continue
                if not rewriting:
                    planned = planned.without_rewriting()
                self._freed.restorable = list(map(str, planned.kept))
                if not planned.condemned:
                    return False
                number = self._fence(planned)
                if number is None:
                    continue
                try:
                    self._finish(number, live)
                except (CorruptionError, PackGoneError, StorageError):
                    with contextlib.suppress(StorageError, RemoteError):  # then whoever comes next does it
                        self._give_up(number)
                    raise
                return True

    def dry_run(self) -> FreedThere:
        """What `run` would do; nothing is freed."""
        self._check_log()
        expiry = self._expiry()
        self._expected = expiry.records
        planned = None
        while planned is None:
            self._look()
            with KeySet(self._scratch) as live:
                planned = self._planned(live)
        left = self.sweep(dry_run=True)
        freed = FreedThere(
            bytes=planned.freed + left.bytes,
            deleted=len(planned.repack.delete) + len(planned.orphans) + left.deleted,
            rewritten=len(planned.repack.rewrite),
            rewritten_bytes=planned.moved,
            purged=list(map(str, planned.purged)),
            restorable=list(map(str, planned.kept)),
            finished=len(self._state.open_gcs),
            requests=planned.requests + (left.requests or 0),
            dry_run=True,
        )
        freed.note_expiry(expiry)
        return freed

    # -- its steps -----------------------------------------------------------------------------------------------------

    def _check_log(self) -> None:
        """CorruptionError when the log has a gap: what comes after it is needed, too. Lists the log."""
        newest = self._log.newest()
        refresh(self._log, self._state)
        self._log.check_ends_at(self._state.position, newest)

    def _expiry(self) -> Expiry:
        """What has expired, judged by the log as it was last read. Asks for the time only where anything ever expires."""
        now = self._now or datetime.fromtimestamp(now_there(self._blobs) if may_expire(self._state) else 0, UTC)
        return self._expiring(self._state, now)

    def _expire(self) -> Expiry:
        """Deletes what has expired: a deletion as any other, which takes part in the rest if it is long enough ago for that."""
        planned = self._expiry()

        def decide(state: State) -> Sequence[Record]:
            nonlocal planned
            planned = self._expiring(state, planned.now)
            return planned.records

        if planned.overdue or planned.stale:
            commit(self._log, self._state, decide)
        return planned

    def _look(self) -> None:
        """Brings the state and the index up to date. Cost: one request when there is nothing new, else as many as there are segments."""
        self._progress.start(f"looking at {self._blobs.location}")
        refresh(self._log, self._state)
        load_following(self._database, self._state, lambda: refresh(self._log, self._state))

    def _planned(self, live: KeySet) -> CollectionPlan | None:
        """The plan; None when somebody else has freed meanwhile what it was to be made from."""
        looked = self._state.gc_stage
        try:
            return self._plan(live)
        except ObjstoreError:
            refresh(self._log, self._state)
            if self._state.gc_stage == looked:
                raise
            return None

    def _plan(self, live: KeySet) -> CollectionPlan:
        self._progress.start("looking for what is needed")
        state = self._state.followed_by(self._expected)
        return plan_collection(self._blobs, self._database, self._cache, state, live, self._min_age)

    def _fence(self, planned: CollectionPlan) -> int | None:
        """Appends the `gc`; its number, or None when another one has come since the plan was made."""
        generation = self._state.generation

        def decide(state: State) -> list[Record]:
            if state.generation != generation:
                return []
            return [GcRecord(condemned=planned.condemned, purged=tuple(item.source for item in planned.purged))]

        if not commit(self._log, self._state, decide):
            return None
        self._freed.rewritten = len(planned.repack.rewrite)
        self._freed.purged += map(str, planned.purged)
        return self._state.position

    def _resume(self, number: int) -> None:
        """Finishes what somebody else has begun, or gives it up if something is damaged: whatever comes next says what."""
        try:
            self._freed.finished += self._finish(number, None)
        except (CorruptionError, NotFoundError, PackGoneError, StorageError):
            self._give_up(number)

    def _give_up(self, number: int) -> None:
        """Ends a `gc` without deleting anything, so that writers needn't store again what it condemns."""
        commit(self._log, self._state, lambda state: _given_up(number) if _is_open(state, number) else [])

    def _finish(self, number: int, marked: KeySet | None) -> bool:
        """Brings a `gc` to its verdict; whether it was ours that counts. `marked`: what was found live before it, if that was by us."""
        try:
            while _is_open(self._state, number):
                with KeySet(self._scratch) as own:
                    if self._judge(number, own if marked is None else marked):
                        return True
                    marked = None
        except ObjstoreError as error:
            refresh(self._log, self._state)
            if _is_open(self._state, number):
                if isinstance(error, CorruptionError | NotFoundError):
                    raise CorruptionError(
                        f"{error}; nothing was freed: `objstore fsck --remote --repair` sends again what is here"
                    ) from error
                raise
        return False  # somebody else has brought it to its end, and may have deleted what we were reading

    def _judge(self, number: int, live: KeySet) -> bool:
        """Marks again, moves what is needed, and appends the verdict; False when another gc or verdict has come in between."""
        self._look()
        judged = self._state.gc_stage
        condemned = self._state.gcs[number].condemned - self._state.dead_packs
        self._progress.start("looking again for what is needed")
        mark(self._database, self._state.roots(deleted=True), live)
        for name in self._state.segments:
            mark_listed(self._database, rows_of(self._database.read_segment(name), PARENTS), condemned, live)
        superseded = naming(self._database, self._state.segments, condemned)
        draft = self._database.open_draft(self._drafts, number, stored=_NothingStored(), at_once=3, takes_over=False)
        try:
            segments = move(self._database, self._blobs, superseded, condemned, live, draft, self._scratch, self._progress)

            def decide(state: State) -> list[Record]:
                if state.gc_stage != judged:
                    return []
                check_not_put_away(state, (), draft.packs)
                verdict = GcVerdictRecord(
                    gc=number, deleted=tuple(sorted(condemned)), superseded=tuple(superseded), segments=tuple(segments)
                )
                return [verdict]

            done = bool(commit(self._log, self._state, decide))
            if done:
                draft.finish()
                self._freed.rewritten_bytes += draft.stored_bytes
                self._made.update(set(draft.packs).difference(self._cache.pack_ids()), segments)
            return done
        finally:
            draft.close()

    def sweep(self, *, dry_run: bool = False) -> FreedThere:
        """Deletes what is dead for ever: segments first, then packs. What anybody has left of it goes, too."""
        self._progress.start("deleting")
        counting = set(self._state.segments)
        index = {blob_id(name): size for name, size in self._blobs.list("index/")}
        packs = {blob_id(name): size for name, size in self._blobs.list("packs/")}
        dead_segments = [name for name in index if name not in counting and self._is_dead(name)]
        dead_packs = [name for name in packs if name in self._state.dead_packs]
        size = sum(index[name] for name in dead_segments) + sum(packs[name] for name in dead_packs)
        if dry_run:
            return FreedThere(bytes=size, deleted=len(dead_packs), requests=len(dead_packs) + len(dead_segments), dry_run=True)
        check_writable(self._state)
        self._delete(map(segment_name, dead_segments))
        self._delete(map(pack_name, dead_packs))
        made = sum(size for name, size in (index | packs).items() if name in self._made)
        return replace(self._freed, bytes=size - made, deleted=max(0, len(dead_packs) - self._freed.rewritten))

    def _is_dead(self, segment: str) -> bool:
        """Whether a segment that doesn't count names a dead pack, so that it never will count."""
        try:
            return bool(naming(self._database, [segment], self._state.dead_packs))
        except (CorruptionError, NotFoundError):
            return False

    def _delete(self, names: Iterable[str]) -> None:
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="objstore-delete") as pool:
            for _ in ahead(pool, self._blobs.delete, names, _AT_ONCE):
                self._progress.advance(files=1)


def _is_open(state: State, number: int) -> bool:
    """Whether a `gc` has no verdict yet."""
    return number in {gc.number for gc in state.open_gcs}


def _given_up(number: int) -> list[Record]:
    return [GcVerdictRecord(gc=number, deleted=(), superseded=())]
