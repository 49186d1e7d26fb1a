"""Which packs to delete or write anew, and writing them anew.

The plan is a value: `--dry-run` prints it, tests look at it. Deciding needs, for each pack, how many of its bytes are still wanted.
"""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from objstore.blobs.protocol import BlobStore
from objstore.odb.cache import Cache
from objstore.odb.database import Database
from objstore.odb.keyset import KeySet
from objstore.odb.pack import OVERHEAD, ROW_SIZES, TARGET_RECORDS, TARGET_SIZE, PackClass, pack_name
from objstore.odb.packwriter import PackWriter
from objstore.odb.pending import PendingRows
from objstore.odb.placing import put_in_place
from objstore.odb.record import FRAME, Payload, decode
from objstore.odb.segment import Location
from objstore.odb.segmentwriter import publish_segment
from objstore.values.key import Key, Kind

_SMALL = TARGET_SIZE // 4
_TOLERATED_DEAD = 0.1  # a data pack with less dead weight isn't worth the copying
_BATCH = 4096


@dataclass
class PackUse:
    """How much of a pack is wanted."""

    pack: str
    size: int
    pack_class: PackClass = PackClass.DATA
    live: int = 0
    """Bytes of what is wanted, and of the rows in the trailer that say so."""
    records: int = 0
    """How many are wanted."""

    @property
    def dead(self) -> int:
        """Bytes that go when the pack is written anew; also of what the index doesn't list, since another pack has it too."""
        return max(0, self.size - OVERHEAD - self.live)


@dataclass(frozen=True)
class RepackPlan:
    """Packs by what happens to them."""

    delete: tuple[str, ...] = ()
    """Nothing in them is wanted."""
    rewrite: tuple[str, ...] = ()
    """What is wanted moves into new packs."""
    freed: int = 0
    """Bytes that the store shrinks by, at least, the index apart."""

    @property
    def condemned(self) -> tuple[str, ...]:
        return self.delete + self.rewrite

    def without_rewriting(self, uses: Mapping[str, PackUse]) -> "RepackPlan":
        """What can be done without room on the disk."""
        return RepackPlan(self.delete, (), sum(uses[pack].size for pack in self.delete))


def measure(cache: Cache, live: KeySet, sizes: Mapping[str, int]) -> dict[str, PackUse]:
    """The use of each pack in `sizes`, which are all that the index names."""
    uses = {pack: PackUse(pack, size) for pack, size in sizes.items()}
    for batch in _batched(cache):
        dead = live.missing([key for key, _ in batch])
        for key, place in batch:
            use = uses[place.pack]
            use.pack_class = PackClass.of(key)
            if key not in dead:
                use.records += 1
                use.live += FRAME.size + place.stored + ROW_SIZES[use.pack_class]
    return uses


def plan(uses: Collection[PackUse], tainted: Collection[str] = (), spared: Collection[str] = (), several: int = 2) -> RepackPlan:
    """Deletes packs without live bytes; rewrites metadata packs with anything dead in them (so that the index stays closed),
    `tainted` packs, data packs with much dead weight, and small packs when `several` become one. `spared` packs stay as they are.
    """
    delete, rewrite, freed = [], [], 0
    small: dict[PackClass, list[PackUse]] = {pack_class: [] for pack_class in PackClass}
    for use in uses:
        if use.pack in spared:
            continue
        if not use.live:
            delete.append(use.pack)
            freed += use.size
        elif use.pack in tainted or (
            use.dead and (use.pack_class is PackClass.METADATA or use.dead > _TOLERATED_DEAD * (use.live + use.dead))
        ):
            rewrite.append(use.pack)
            freed += use.dead
        elif use.size < _SMALL and use.records < TARGET_RECORDS:  # of tiny records no pack gets larger
            small[use.pack_class].append(use)
    classes = {use.pack_class for use in uses if use.pack in set(rewrite)}
    for pack_class, packs in small.items():
        if len(packs) + (pack_class in classes) >= several:
            rewrite += [use.pack for use in packs]
            freed += sum(use.dead for use in packs)
    return RepackPlan(tuple(sorted(delete)), tuple(sorted(rewrite)), freed)


@dataclass(frozen=True)
class Repacked:
    """What took the place of rewritten packs and of the segments that named condemned ones."""

    packs: tuple[str, ...]
    segments: tuple[str, ...]


def repack(database: Database, blobs: BlobStore, decided: RepackPlan, live: KeySet, segments: Sequence[str], generation: int) -> Repacked:
    """Writes the live records of rewritten packs into new ones, each verified on the way, and one segment in place of `segments`."""
    rows = PendingRows(blobs.scratch)
    writer = _Writer(blobs, rows, generation)
    try:
        for pack in decided.rewrite:
            writer.copy(database, pack, live)
        written = writer.finish()
        kept = _keep(database, rows, segments, set(decided.condemned), live, offset=len(written))
        names = [publish_segment(blobs, [*written, *kept], rows)] if rows else []
        return Repacked(tuple(written), tuple(names))
    except BaseException:
        writer.abandon()
        raise
    finally:
        rows.close()


class _Writer:
    """Copies records into new packs, data and metadata apart."""

    def __init__(self, blobs: BlobStore, rows: PendingRows, generation: int) -> None:
        self._blobs = blobs
        self._rows = rows
        self._generation = generation
        self._slots: list[str] = []
        self._open: dict[PackClass, tuple[int, PackWriter]] = {}

    def copy(self, database: Database, pack: str, live: KeySet) -> None:
        trailer = database.read_trailer(pack)
        rows = list(trailer.offsets())
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            dead = live.missing([row.key for row, _ in batch])
            known = {key for key, place in database.locate([row.key for row, _ in batch]).items() if place.pack == pack}
            wanted = [(row, offset) for row, offset in batch if row.key in known and row.key not in dead]
            spans = [(offset, FRAME.size + row.stored) for row, offset in wanted]
            for (row, _), record in zip(wanted, self._blobs.read_ranges(pack_name(pack), spans), strict=True):
                decode(row.key, record)
                self._append(Payload(row.key, row.codec, row.raw, record[FRAME.size :]))

    def finish(self) -> list[str]:
        for pack_class in list(self._open):
            self._complete(pack_class)
        return self._slots

    def abandon(self) -> None:
        for _, writer in self._open.values():
            writer.close()
            writer.path.unlink(missing_ok=True)
        for pack in self._slots:
            if pack:
                self._blobs.delete(pack_name(pack))

    def _append(self, payload: Payload) -> None:
        pack_class = PackClass.of(payload.key)
        if pack_class not in self._open:
            path = self._blobs.scratch / f"pack-{os.getpid()}-{os.urandom(8).hex()}.tmp"
            self._open[pack_class] = (len(self._slots), PackWriter(path, pack_class, self._generation))
            self._slots.append("")
        slot, writer = self._open[pack_class]
        (offset,) = writer.append([payload])
        self._rows.put({payload.key: (slot, offset, len(payload.data), payload.raw)})
        if writer.is_full:
            self._complete(pack_class)

    def _complete(self, pack_class: PackClass) -> None:
        slot, writer = self._open[pack_class]
        pack = writer.finish()[0].hex()
        put_in_place(self._blobs, pack_name(pack), writer.path)
        writer.close()
        self._slots[slot] = pack
        del self._open[pack_class]


def _keep(
    database: Database, rows: PendingRows, segments: Sequence[str], condemned: Collection[str], live: KeySet, offset: int
) -> list[str]:
    """Takes over the rows of packs that stay; those packs, in the order of their slots.

    Of an object that several packs have, the index that the plan was made by names one. Another may be damaged, or dead where this one has
    gone; so no other takes its place.
    """
    slots: dict[str, int] = {}
    for name in segments:
        segment = database.read_segment(name)
        packs = [pack.hex() for pack in segment.packs]
        for pack in packs:
            if pack not in condemned:
                slots.setdefault(pack, offset + len(slots))
        batch: dict[Key, Location] = {}
        for key, place in segment.rows():
            if packs[place.pack] in slots:
                batch[key] = Location(packs[place.pack], place.offset, place.stored, place.raw)
            if len(batch) == _BATCH:
                _put_kept(database, rows, batch, slots, live)
                batch = {}
        _put_kept(database, rows, batch, slots, live)
    return list(slots)


def _put_kept(database: Database, rows: PendingRows, batch: Mapping[Key, Location], slots: Mapping[str, int], live: KeySet) -> None:
    named = database.locate(list(batch))
    # What leads to others is listed only while it is needed: what it leads to may go now. A dead chunk does no harm.
    dead = {key for key in live.missing(list(batch)) if key[0] != Kind.CHUNK}
    kept = [(key, place) for key, place in batch.items() if named[key] == place and key not in dead]
    rows.put({key: (slots[place.pack], place.offset, place.stored, place.raw) for key, place in kept})


def _batched(cache: Cache) -> Iterator[list[tuple[Key, Location]]]:
    batch = []
    for item in cache.locate_from(b""):
        batch.append(item)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
