"""Freeing what no live version needs.

On a local disk the collector is alone (an exclusive lock), so it may write what replaces condemned packs before it logs
anything: a full disk then leaves the store as it was. The log tells the same story as on a shared remote: `gc`, then
`gc-verdict`, then deletion.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from objstore.errors import CorruptionError, InvalidInputError, StorageError
from objstore.graph.reachability import mark
from objstore.graph.sparing import spare
from objstore.history.expiry import Expiry, plan_expiry
from objstore.history.purging import Purgeable, purgeable
from objstore.history.records import GcRecord, GcVerdictRecord, Record
from objstore.history.state import State
from objstore.host import clock
from objstore.host.progress import Progress
from objstore.odb import lost
from objstore.odb.cache import Cache
from objstore.odb.database import Database
from objstore.odb.draftfile import DraftFile
from objstore.odb.keyset import KeySet
from objstore.odb.pack import pack_name
from objstore.odb.repack import PackUse, Repacked, RepackPlan, measure, plan, repack
from objstore.odb.segment import segment_name
from objstore.repository.project import LOST, Project

_BATCH = 4096


@dataclass
class Freed:
    """What a collection freed, or would free."""

    bytes: int = 0
    """By which the place shrinks, the log apart. It may be negative where small packs became one, and nothing else was to be done."""
    deleted: int = 0
    """Packs of which nothing was needed."""
    rewritten: int = 0
    """Packs of which something was still needed; that is in new ones now."""
    purged: list[str] = field(default_factory=list)
    """Versions that were deleted before, or have expired now, and can't be restored any more."""
    expired: list[str] = field(default_factory=list)
    """Versions that were deleted because their ttl had passed."""
    overdue: list[str] = field(default_factory=list)
    """Versions whose ttl has passed, but that were left alone."""
    doubt: str = ""
    """Why they were, where the clock is the reason."""
    given_up: list[str] = field(default_factory=list)
    """Pending versions, with the number of writers, to which nobody had added a part for a week."""
    dry_run: bool = False

    def note_expiry(self, expiry: Expiry) -> None:
        """Takes in what became of versions whose ttl has passed."""
        self.expired, self.given_up, self.doubt = expiry.deleted, expiry.given_up, expiry.doubt
        self.overdue = list(map(str, expiry.overdue)) if expiry.doubt else []


def collect(
    project: Project,
    progress: Progress,
    *,
    dry_run: bool = False,
    now: datetime | None = None,
    waiting: Callable[[], None] | None = None,
) -> Freed:
    """Deletes what has expired at `now`, frees what no live version, no part, and no draft needs; merges small packs.

    Deleted versions can't be restored afterwards. Waits until nobody writes (calling `waiting` if that isn't at once).
    CorruptionError when something that is needed can't be read; then nothing is freed. In a clone nothing expires: its history is not for
    this machine alone, and what was never pushed would be gone before anybody has seen it.
    """
    if project.bucket is not None:
        raise InvalidInputError(
            f"{project.location} is shared in a bucket, where others are at work: that takes another collector (remotegc.collect_bucket)"
        )

    time = now or clock.now()
    with project.collecting(waiting):
        expiry = plan_expiry(project.state, time)
        expiring = expiry.records if project.clone is None else []

        def needed(database: Database, live: KeySet) -> None:
            progress.start("looking for what is needed")
            mark(database, project.state.followed_by(expiring).roots(), live)

        freed = _free(project, needed, progress, expiring, dry_run=dry_run)
        if project.clone is None:
            freed.note_expiry(expiry)
        else:
            freed.overdue = list(map(str, expiry.overdue))
        return freed


def drop(
    project: Project,
    needed: Callable[[Database, KeySet], None],
    progress: Progress,
    *,
    dry_run: bool = False,
    waiting: Callable[[], None] | None = None,
) -> Freed:
    """Frees what is not `needed`, which adds keys to a set; nor by drafts. Nothing expires. The rest as `collect`."""
    with project.collecting(waiting):
        return _free(project, needed, progress, [], dry_run=dry_run)


def _free(
    project: Project,
    needed: Callable[[Database, KeySet], None],
    progress: Progress,
    expiring: Sequence[Record],
    *,
    dry_run: bool,
) -> Freed:
    """The same, inside `collecting`; `expiring` is logged with what is freed by it, or else by itself."""
    before = _sizes(project, "packs/")
    project.know_upstream()
    with KeySet(project.scratch) as live, _index_of(project, project.holdings) as database:
        needed(database, live)
        elsewhere = project.upstream.database.known if project.upstream is not None else None
        spared = spare(database, DraftFile.living(project.drafts), live, project.scratch, elsewhere)
        uses = measure(database.cache, live, {name: before.get(name, 0) for name in database.cache.pack_ids()})
        decided = plan(uses.values(), _tainted(project, database), spared)
        orphans = len(_unnamed(project, before).difference(uses))
        may_purge = decided.condemned and project.clone is None
        purged = list(purgeable(project.state.followed_by(expiring))) if may_purge else []
        if dry_run:
            expected = decided.freed + sum(before[pack] for pack in _unnamed(project, before).difference(uses))
            return Freed(expected, len(decided.delete) + orphans, len(decided.rewrite), list(map(str, purged)), dry_run=True)
        total = sum(before.values()) + sum(_sizes(project, "index/").values())
        _delete(project)  # what nobody names: on a full disk there is room for what follows only afterwards
        if decided.condemned:
            progress.start("writing what stays")
            decided = _repack(project, database, decided, uses, live, expiring, purged)
        elif expiring:
            project.commit(lambda _: expiring)
    progress.start("deleting")
    _delete(project)
    freed = total - sum(_sizes(project, "packs/").values()) - sum(_sizes(project, "index/").values())
    return Freed(freed, len(decided.delete) + orphans, len(decided.rewrite), list(map(str, purged)))


@contextlib.contextmanager
def _index_of(project: Project, state: State) -> Iterator[Database]:
    """The index read anew from its segments: where files are deleted, nothing that is shared or remembered is trusted.

    On a full disk it lies where the system keeps temporary files.
    """
    folder = project.scratch / f"gc-{os.getpid()}-{os.urandom(8).hex()}"
    try:
        database, cache = _loaded(project, folder, state)
    except StorageError:
        import tempfile

        shutil.rmtree(folder, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix="objstore-gc-"))
        database, cache = _loaded(project, folder, state)
    try:
        upstream = project.upstream
        if upstream is not None:
            known = upstream.database
            database.follow(lambda: known)
        yield database
    finally:
        cache.close()
        shutil.rmtree(folder, ignore_errors=True)


def _loaded(project: Project, folder: Path, state: State) -> tuple[Database, Cache]:
    cache = Cache(folder / "cache", project.settings.project)
    try:
        database = Database(project.blobs, cache)
        database.load(state.segments, state.dead_packs)
    except BaseException:
        cache.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return database, cache


def _tainted(project: Project, database: Database) -> set[str]:
    """Packs with damaged records of which the index has whole ones elsewhere by now."""
    remembered = lost.remembered(project.folder / LOST)
    in_vain = lost.still_lost(database.cache, remembered)
    return {pack for pack, keys in remembered.items() if not keys & in_vain}


def _repack(
    project: Project,
    database: Database,
    decided: RepackPlan,
    uses: dict[str, PackUse],
    live: KeySet,
    expiring: Sequence[Record],
    purged: list[Purgeable],
) -> RepackPlan:
    """Replaces what is condemned, in the store and in the log; the plan that was carried out."""
    segments = project.holdings.segments
    generation = project.holdings.position + 1
    try:
        new = repack(database, project.blobs, decided, live, segments, generation)
    except StorageError:
        decided = decided.without_rewriting(uses)
        if not decided.condemned:
            raise
        new = repack(database, project.blobs, decided, live, segments, generation)
    _log(project, database, decided, new, segments, live, expiring, purged)
    return decided


def _log(
    project: Project,
    before: Database,
    decided: RepackPlan,
    new: Repacked,
    superseded: list[str],
    live: KeySet,
    expiring: Sequence[Record],
    purged: list[Purgeable],
) -> None:
    """One entry says it all: being alone, the collector needs no fence before its verdict, and nothing that expires can have changed.

    A gc that others have begun is given up: what it was about to free was looked at here.
    """
    replaced = tuple(name for name in superseded if name not in new.segments)

    def decide(state: State) -> list[Record]:
        given_up = [GcVerdictRecord(gc=begun.number, deleted=(), superseded=()) for begun in state.open_gcs]
        gc = GcRecord(condemned=decided.condemned, purged=tuple(item.source for item in purged))
        verdict = GcVerdictRecord(gc=state.position + 1, deleted=decided.condemned, superseded=replaced, segments=new.segments)
        records = [*expiring, *given_up, gc, verdict]
        _rehearse(project, before, records, live)
        return records

    project.account(decide)


def _rehearse(project: Project, before: Database, records: list[Record], live: KeySet) -> None:
    """CorruptionError unless all that is needed can be found once these records are logged, in packs that stay.

    It can't happen, and once it did: then every pack was deleted. So whoever deletes looks at what is going to be left, by the very rules
    by which others will see it. What only the upstream has isn't looked for. Cost: as reading the index once more.
    """
    after = project.holdings.copy()
    after.apply(after.position + 1, records)
    with _index_of(project, after) as database:
        for batch in live.batches(_BATCH):
            held = batch if project.clone is None else list(before.alone.known(batch))
            located = database.alone.locate(held)
            if len(located) < len(held) or any(place.pack in after.dead_packs for place in located.values()):
                raise CorruptionError("gc has found that it would lose something, so it has freed nothing; please report this")


def _delete(project: Project) -> None:
    """Deletes whatever the log doesn't need, judged by the log as it is now: what was written just now is needed."""
    wanted = set(project.holdings.segments)
    for name in _sizes(project, "index/"):
        if name not in wanted:
            project.blobs.delete(segment_name(name))
    for pack in _unnamed(project, _sizes(project, "packs/")):
        project.blobs.delete(pack_name(pack))
    for abandoned in DraftFile.abandoned(project.drafts):
        abandoned.remove()
    _clear_leftovers(project)


def _unnamed(project: Project, packs: Iterable[str]) -> set[str]:
    """Packs that no segment names and no living draft: condemned, or left behind by something that was interrupted."""
    named = {pack.hex() for name in project.holdings.segments for pack in project.database.read_segment(name).packs}
    return set(packs) - named - DraftFile.packs_in_use(project.drafts)


def _clear_leftovers(project: Project) -> None:
    """Removes temporary files of processes that are gone.

    A process in another container seems to be gone though it lives, and a draft of it may have packs half written. So while any lives,
    nothing is touched; others can't be at work now. In another folder than the store's own, to which a project resorts that can't be
    written, names with numbers in them are anybody's.
    """
    if DraftFile.is_any_living(project.drafts):
        return
    for path in project.blobs.scratch.iterdir():
        parts = path.name.split("-")
        if len(parts) > 1 and parts[1].isdecimal() and not _is_alive(int(parts[1])):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sizes(project: Project, prefix: str) -> dict[str, int]:
    return {name.rpartition("/")[2]: size for name, size in project.blobs.list(prefix)}
