"""Publishing an index segment from rows that were gathered on the way."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from objstore.blobs.protocol import BlobStore
from objstore.errors import ConflictError
from objstore.host.publish import translated
from objstore.odb import segment
from objstore.odb.pending import PendingRows
from objstore.odb.placing import put_in_place
from objstore.values.key import Key


def publish_segment(blobs: BlobStore, packs: Sequence[str], rows: PendingRows) -> str:
    """Makes the segment with these rows appear; its id. A row's slot is a position in `packs` (ids, hexadecimal)."""
    order = sorted({bytes.fromhex(pack) for pack in packs})
    positions = {pack: at for at, pack in enumerate(order)}
    by_slot = [positions[bytes.fromhex(pack)] for pack in packs]
    path = blobs.scratch / f"segment-{os.getpid()}-{os.urandom(8).hex()}.tmp"
    try:
        with translated(path), path.open("wb") as file:
            name = segment.segment_id(_written(file, segment.encode(order, rows.counts(), _placed(rows, by_slot)))).hex()
        put_in_place(blobs, segment.segment_name(name), path)
    finally:
        path.unlink(missing_ok=True)
    return name


def _placed(rows: PendingRows, by_slot: Sequence[int]) -> Iterator[tuple[Key, bytes]]:
    for key, (slot, offset, stored, raw) in rows.sorted():
        if slot < 0:
            raise ConflictError("an earlier call was interrupted while it stored content; add it all again")
        yield key, segment.encode_place(by_slot[slot], offset, stored, raw)


def _written(file: IO[bytes], pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        file.write(piece)
        yield piece
