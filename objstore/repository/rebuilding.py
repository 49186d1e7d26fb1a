"""Rebuilding index segments from the trailers of packs."""

import contextlib

from objstore.blobs.protocol import BlobStore
from objstore.errors import BlobExistsError, CorruptionError, ObjstoreError
from objstore.history.commit import commit
from objstore.history.log import Log
from objstore.history.records import GcRecord, GcVerdictRecord
from objstore.history.state import State
from objstore.odb.database import Database
from objstore.odb.pending import PendingRows
from objstore.odb.segment import Segment, segment_name
from objstore.odb.segmentwriter import publish_segment


def rebuild_index(
    blobs: BlobStore, scratch: BlobStore, database: Database, state: State, damaged: list[str], *, publish: bool
) -> list[str]:
    """Makes the database's index list the packs that no intact segment names; the ids of the segments that count then.

    The segment that lists them is written to `scratch`, and with `publish` to the store. It depends on nothing but the packs, so
    usually it is the very one that was damaged; otherwise the log says that it takes the damaged ones' place. Packs that gc has
    declared dead, or whose trailer is damaged, are left out.
    """
    intact = [name for name in state.segments if name not in damaged]
    listed = {pack.hex() for name in intact for pack in database.read_segment(name).packs}
    rows = PendingRows(scratch.scratch)
    try:
        packs = _gather(blobs, database, rows, listed | state.dead_packs)
        if not packs:
            return intact
        rebuilt = publish_segment(scratch, packs, rows)
    finally:
        rows.close()
    data = scratch.read(segment_name(rebuilt))
    database.cache.add_segment(rebuilt, Segment(data))
    if publish:
        _clear(blobs, database, damaged)
        with contextlib.suppress(BlobExistsError):  # an interrupted repair has written it already; the name fixes the bytes
            blobs.create(segment_name(rebuilt), data)
        if damaged != [rebuilt]:
            _log(blobs, state, [name for name in damaged if name != rebuilt], (rebuilt,))
    return [*intact, rebuilt]


def _clear(blobs: BlobStore, database: Database, damaged: list[str]) -> None:
    """Removes segments that can't be read: under their names the right bytes may be wanted, now or after some gc."""
    for name in damaged:
        try:
            database.read_segment(name)
        except CorruptionError:
            blobs.delete(segment_name(name))


def _gather(blobs: BlobStore, database: Database, rows: PendingRows, left_out: set[str]) -> list[str]:
    packs: list[str] = []
    for name in sorted(name.rpartition("/")[2] for name, _ in blobs.list("packs/")):
        if name in left_out:
            continue
        try:
            trailer = database.read_trailer(name)
        except ObjstoreError:
            continue  # its damage is reported with the pack
        places = {row.key: (len(packs), offset, row.stored, row.raw) for row, offset in trailer.offsets()}
        rows.put({key: places[key] for key in rows.unknown(places)})
        packs.append(name)
    return packs


def _log(blobs: BlobStore, state: State, superseded: list[str], segments: tuple[str, ...]) -> None:
    log = Log(blobs, "main")
    commit(log, state, lambda _: [GcRecord(condemned=())])
    gc = state.position
    commit(log, state, lambda _: [GcVerdictRecord(gc=gc, deleted=(), superseded=tuple(superseded), segments=segments)])
