"""What a collection would free in a place where others write at the same time (spec/gc.md)."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil, isfinite

from objstore.blobs.probing import clock
from objstore.blobs.protocol import BlobStore, Listed
from objstore.errors import CorruptionError, ObjstoreError
from objstore.graph.reachability import mark
from objstore.history.purging import Purgeable, purgeable
from objstore.history.records import GcRecord
from objstore.history.state import State
from objstore.host.clock import text_of
from objstore.odb.cache import Cache
from objstore.odb.database import Database
from objstore.odb.keyset import KeySet
from objstore.odb.pack import TARGET_SIZE
from objstore.odb.repack import PackUse, RepackPlan, measure, plan

_SEVERAL = 8  # that many small packs are worth the segments that have to be written anew with them


@dataclass(frozen=True)
class CollectionPlan:
    """What a collection would do."""

    repack: RepackPlan
    orphans: tuple[str, ...]
    """Packs that no segment names."""
    purged: tuple[Purgeable, ...]
    """Deleted versions that can't be restored any more."""
    kept: tuple[Purgeable, ...]
    """Those that were deleted too short a time ago."""
    freed: int
    """Bytes, the index apart."""
    moved: int
    """Bytes of what is still needed of packs that are written anew."""

    def without_rewriting(self) -> "CollectionPlan":
        """What can be done without room."""
        return replace(self, repack=replace(self.repack, rewrite=()), moved=0)

    @property
    def condemned(self) -> tuple[str, ...]:
        return tuple(sorted({*self.repack.condemned, *self.orphans}))

    @property
    def requests(self) -> int:
        """About how many: what is moved is read in pieces of 16 MiB and written in packs; a few for log and index; a deletion each."""
        if not self.condemned:
            return 0
        moving = len(self.repack.rewrite) + ceil(self.moved / (16 << 20)) + ceil(self.moved / TARGET_SIZE)
        return moving + 12 + len(self.condemned)


def plan_collection(blobs: BlobStore, database: Database, index: Cache, state: State, live: KeySet, min_age: float) -> CollectionPlan:
    """What to free, judged by what is there now; `live` gets all that is needed. Lists the packs.

    `min_age`, in seconds: what is younger by the clock of the place, and no longer needed, is left all the same. CorruptionError when a
    pack that is needed is missing.
    """
    before = now_there(blobs) - min_age if min_age else None
    purged = [item for item in purgeable(state) if _was_deleted(item, before)]
    after = state.copy()
    after.apply(after.position + 1, [GcRecord(condemned=(), purged=tuple(item.source for item in purged))])
    mark(database, after.roots(deleted=True), live)
    there = {blob_id(blob.name): blob for blob in blobs.list_dated("packs/")}
    named = set(index.pack_ids())
    uses = measure(index, live, {pack: there[pack].size if pack in there else 0 for pack in named})
    _check_none_is_missing(blobs, (use for pack, use in uses.items() if pack not in there))
    decided = plan(uses.values(), several=_SEVERAL)
    orphans = _orphans((blob for pack, blob in there.items() if pack not in named), state, before)
    return CollectionPlan(
        decided,
        tuple(sorted(orphans)),
        tuple(purged),
        tuple(purgeable(after)),
        freed=decided.freed + sum(there[pack].size for pack in orphans),
        moved=sum(uses[pack].live for pack in decided.rewrite),
    )


def blob_id(name: str) -> str:
    """The id in the name of a pack or a segment."""
    return name.rpartition("/")[2]


def now_there(blobs: BlobStore) -> float:
    """Seconds since 1970, by the clock of the place, which says how old packs are; by this machine's where that isn't to be had."""
    with contextlib.suppress(ObjstoreError):
        now = clock(blobs)
        if isfinite(now):
            return now
    return datetime.now(UTC).timestamp()


def _was_deleted(item: Purgeable, before: float | None) -> bool:
    """Whether it was before some time, by the clock of whoever did it."""
    return before is None or (before > 0 and item.version.deleted_at < text_of(datetime.fromtimestamp(before, UTC)))


def _check_none_is_missing(blobs: BlobStore, absent: Iterable[PackUse]) -> None:
    missing = sorted(use.pack for use in absent if use.live)
    if missing:
        raise CorruptionError(
            f"pack {missing[0][:12]} is missing in {blobs.location}, though it is needed, so nothing is freed; "
            "`objstore fsck --remote` names the versions hit, `objstore push --verify` fills what is here"
        )


def _orphans(unnamed: Iterable[Listed], state: State, before: float | None) -> set[str]:
    """Packs that no segment names, and that are so old that their writers seem to be gone."""
    packs = {blob_id(blob.name): blob for blob in unnamed}
    return {pack for pack, blob in packs.items() if pack not in state.dead_packs and (before is None or blob.made < before)}
