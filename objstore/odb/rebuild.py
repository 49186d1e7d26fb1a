"""Making an index segment from what packs say about themselves."""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice

from objstore.blobs.protocol import BlobStore
from objstore.errors import ObjstoreError
from objstore.odb.database import Database
from objstore.odb.keyset import KeySet
from objstore.odb.pending import PendingRows, Row
from objstore.odb.segmentwriter import publish_segment
from objstore.values.key import Key

_BATCH = 4096

_Found = tuple[str, Key, int, int, int]
"""A pack, and in it an object with its offset, stored size, raw size."""


def segment_of(packs: Collection[str], database: Database, target: BlobStore, left_out: KeySet, segments: Sequence[str] = ()) -> str | None:
    """Publishes in `target` a segment of all that some segments and packs of `database` list, but for `left_out`.

    Returns its id, or None when that is nothing. It depends on nothing else, not even on the order of the packs. Where the segments say
    that an object is, it stays (as in the index, the last of them prevails). Packs whose trailer is damaged are passed over.
    """
    rows = PendingRows(target.scratch)
    slots: dict[str, int] = {}
    try:
        for name in reversed(segments):
            _gather(_in_segment(database, name), rows, slots, left_out)
        for pack in sorted(packs):
            _gather(_in_pack(database, pack), rows, slots, left_out)
        return publish_segment(target, list(slots), rows) if slots else None
    finally:
        rows.close()


def _gather(found: Iterator[_Found], rows: PendingRows, slots: dict[str, int], left_out: KeySet) -> None:
    while batch := list(islice(found, _BATCH)):
        fresh = left_out.missing(rows.unknown(key for _, key, *_ in batch))
        places: dict[Key, Row] = {}
        for pack, key, offset, stored, raw in batch:
            if key in fresh:
                places[key] = slots.setdefault(pack, len(slots)), offset, stored, raw
        rows.put(places)


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
