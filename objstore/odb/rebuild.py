"""Making an index segment from what packs say about themselves."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from objstore.blobs.protocol import BlobStore
from objstore.errors import ObjstoreError
from objstore.host.batches import batches
from objstore.odb.database import Database
from objstore.odb.keyset import KeySet
from objstore.odb.pending import PendingRows, Row
from objstore.odb.segmentwriter import publish_segment
from objstore.values.key import Key

_BATCH = 4096

_Found = tuple[str, Key, int, int, int]
"""A pack, and in it an object with its offset, stored size, raw size."""


def segment_of(
    packs: Collection[str],
    database: Database,
    target: BlobStore,
    left_out: KeySet,
    segments: Sequence[str],
    damaged: Mapping[str, Collection[Key]],
) -> str | None:
    """Publishes in `target` a segment of all that some segments and packs of `database` list, but for `left_out`.

    Returns its id, or None when that is nothing. It depends on nothing else, not even on the order of the packs. Where the segments say
    that an object is, it stays. Records that are known to be `damaged` are listed only where
    there is no other. Packs whose trailer is damaged are passed over.
    """
    rows = PendingRows(target.scratch)
    slots: dict[str, int] = {}
    try:
        whole = (found for found in _listed(database, segments, packs) if found[1] not in damaged.get(found[0], ()))
        _gather(whole, rows, slots, left_out)
        if damaged:
            _gather(_listed(database, segments, packs), rows, slots, left_out)
        return publish_segment(target, list(slots), rows) if slots else None
    finally:
        rows.close()


def _gather(listed: Iterator[_Found], rows: PendingRows, slots: dict[str, int], left_out: KeySet) -> None:
    """Takes in what is new and wanted, at the first of its places."""
    for batch in batches(listed, _BATCH):
        fresh = left_out.missing(rows.unknown(key for _, key, *_ in batch))
        places: dict[Key, Row] = {}
        for pack, key, offset, stored, raw in batch:
            if key in fresh and key not in places:
                places[key] = slots.setdefault(pack, len(slots)), offset, stored, raw
        rows.put(places)


def _listed(database: Database, segments: Sequence[str], packs: Collection[str]) -> Iterator[_Found]:
    for name in segments:
        yield from _in_segment(database, name)
    for pack in sorted(packs):
        yield from _in_pack(database, pack)


def _in_segment(database: Database, name: str) -> Iterator[_Found]:
    segment = database.read_segment(name)
    packs = [pack.hex() for pack in segment.packs]
    for key, (pack, offset, stored, raw) in segment.rows():
        yield packs[pack], key, offset, stored, raw


def _in_pack(database: Database, pack: str) -> Iterator[_Found]:
    try:
        trailer = database.read_trailer(pack)
    except ObjstoreError:
        return  # its damage is reported with the pack
    for row, offset in trailer.offsets():
        yield pack, row.key, offset, row.stored, row.raw
