"""Checking packs and segments, bit by bit. Reports; repairs nothing."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from blake3 import blake3

from objstore.blobs.protocol import BlobStore
from objstore.errors import CorruptionError, ObjstoreError
from objstore.odb.database import Database
from objstore.odb.pack import FOOTER, HEADER, Row, decode_footer, decode_trailer, hashed_part, pack_id, pack_name
from objstore.odb.pending import PendingRows
from objstore.odb.record import FRAME, Payload, decode
from objstore.odb.segment import segment_id
from objstore.values.key import Key, describe

_BATCH = 4096
_PIECE = 4 << 20


@dataclass
class PackHealth:
    """What was found in one pack."""

    pack: str
    objects: int = 0
    problems: list[str] = field(default_factory=list)
    lost: list[Key] = field(default_factory=list)
    """Objects that can't be read any more; empty when the trailer is damaged, since then nobody knows."""


def check_pack(database: Database, blobs: BlobStore, pack: str, read: Callable[[int], None]) -> PackHealth:
    """Reads a whole pack. Any flipped bit is found: the name fixes the trailer, the trailer fixes all that is before it."""
    health = PackHealth(pack)
    try:
        trailer = database.read_trailer(pack)
    except ObjstoreError as error:
        health.problems.append(str(error))
        return health
    (header,) = blobs.read_ranges(pack_name(pack), [(0, len(HEADER))])
    hasher = blake3()
    if header != HEADER:
        health.problems.append("its header is damaged")
    rows = list(trailer.offsets())
    for (row, _), record in zip(rows, _records(blobs, pack, rows), strict=True):
        frame = record[: FRAME.size]
        hasher.update(frame)
        hasher.update(hashed_part(Payload(row.key, row.codec, row.raw, memoryview(record)[FRAME.size :])))
        read(len(record))
        health.objects += 1
        codec, stored, raw = FRAME.unpack(frame)[1:]
        try:
            decode(row.key, record)
        except ObjstoreError:
            health.problems.append(f"{describe(row.key)} is damaged")
            health.lost.append(row.key)
        else:
            if (codec, stored, raw) != row[1:]:
                health.problems.append(f"the frame of {describe(row.key)} is damaged")
                health.lost.append(row.key)
    if hasher.digest() != trailer.content_hash and not health.problems:
        health.problems.append("its content has changed, though every object in it can still be read")
    return health


def _records(blobs: BlobStore, pack: str, rows: Sequence[tuple[Row, int]]) -> Iterator[memoryview]:
    """The records of a pack, which lie one after the other. Many are read at once: of a bucket each read is a request."""
    spans: list[tuple[int, int]] = []
    sizes: list[list[int]] = []
    for row, offset in rows:
        size = FRAME.size + row.stored
        if not spans or spans[-1][1] + size > _PIECE:
            spans.append((offset, 0))
            sizes.append([])
        spans[-1] = (spans[-1][0], spans[-1][1] + size)
        sizes[-1].append(size)
    for data, each in zip(blobs.read_ranges(pack_name(pack), spans), sizes, strict=True):
        left = memoryview(data)
        for size in each:
            yield left[:size]
            left = left[size:]


def check_segment(database: Database, rows: PendingRows, name: str) -> Iterator[str]:
    """Compares a segment with the trailers of the packs it names. `rows` is empty, for working in.

    A record that it doesn't list does no harm by itself; if anything that is listed needs it, the index isn't closed.
    """
    segment = database.read_segment(name)
    batch = {}
    for key, (pack, offset, stored, raw) in segment.rows():
        batch[key] = (pack, offset, stored, raw)
        if len(batch) == _BATCH:
            rows.put(batch)
            batch = {}
    rows.put(batch)
    listed = 0
    for position, listed_pack in enumerate(segment.packs):
        try:
            trailer = database.read_trailer(listed_pack.hex())
        except ObjstoreError:
            return  # reported with the pack itself
        for row, offset in trailer.offsets():
            found = rows.get(row.key)
            if found is not None and found[0] == position:
                listed += 1
                if found[1:] != (offset, row.stored, row.raw):
                    yield f"index segment {name[:12]} has a wrong place for {describe(row.key)}"
    if listed != sum(segment.counts.values()):
        yield f"index segment {name[:12]} lists objects that its packs don't hold"


def check_copy(name: str, file: Path) -> None:
    """CorruptionError unless a file is, to the last bit, the pack or the index segment that has this name. Memory: little."""
    with file.open("rb") as opened:
        id_ = name.rpartition("/")[2]
        is_pack = name == pack_name(id_)
        is_whole = _is_pack(opened, id_) if is_pack else segment_id(iter(lambda: opened.read(_PIECE), b"")).hex() == id_
    if not is_whole:
        raise CorruptionError(f"{name} is damaged")


def _is_pack(file: BinaryIO, pack: str) -> bool:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - FOOTER.size))
    length = decode_footer(file.read())
    at = size - FOOTER.size - length
    if at < 0:
        return False
    file.seek(at)
    body = file.read(length)
    if pack_id(body).hex() != pack:
        return False
    trailer = decode_trailer(body)
    file.seek(0)
    if trailer.content_size != at or file.read(len(HEADER)) != HEADER:
        return False
    hasher = blake3()
    for row in trailer.rows:
        record = memoryview(file.read(FRAME.size + row.stored))
        decode(row.key, record)
        hasher.update(record[: FRAME.size])
        hasher.update(hashed_part(Payload(row.key, row.codec, row.raw, record[FRAME.size :])))
    return hasher.digest() == trailer.content_hash
