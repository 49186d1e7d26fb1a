"""A pack's bytes around its records: header, trailer, footer (spec/pack.md). Pure."""

import struct
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from objstore.errors import CorruptionError, UnsupportedFormatError
from objstore.odb.record import FRAME, MAX_RAW, STORED, ZSTD, Payload
from objstore.values.digest import Digest, pack_digest
from objstore.values.key import Key, Kind

MAGIC = b"OBJPACK"
HEADER = MAGIC + b"\x01"
TARGET_SIZE = 64 * 1024 * 1024
TARGET_RECORDS = 1 << 16
MAX_SIZE = 1 << 30
END = b"PEND"
FOOTER = struct.Struct("<Q4s")

_VERSION = 1
_HEAD = struct.Struct("<BBQ32sI")
_DATA_ROW = struct.Struct("<BBII32s")
_METADATA_ROW = struct.Struct("<BBII32s32s")
_NONE = bytes(32)


OVERHEAD = len(HEADER) + _HEAD.size + FOOTER.size
"""Bytes of a pack beside its records and their rows."""


class PackClass(IntEnum):
    """What a pack may hold."""

    DATA = 1
    METADATA = 2

    @classmethod
    def of(cls, key: Key) -> "PackClass":
        return cls.DATA if key[0] == Kind.CHUNK else cls.METADATA


class Row(NamedTuple):
    """A record, as the trailer lists it."""

    key: Key
    codec: int
    stored: int
    raw: int


ROW_SIZES = {PackClass.DATA: _DATA_ROW.size, PackClass.METADATA: _METADATA_ROW.size}


class Trailer(NamedTuple):
    """What a pack says about itself."""

    pack_class: PackClass
    generation: int
    content_hash: bytes
    rows: Sequence[Row]

    def offsets(self) -> Iterator[tuple[Row, int]]:
        """Each row with the offset of its record's frame."""
        offset = len(HEADER)
        for row in self.rows:
            yield row, offset
            offset += FRAME.size + row.stored

    @property
    def content_size(self) -> int:
        """Bytes before the trailer."""
        return len(HEADER) + sum(row.stored for row in self.rows) + FRAME.size * len(self.rows)


def pack_name(pack: str) -> str:
    """Where a pack of this id (hexadecimal) is kept."""
    return f"packs/{pack[:2]}/{pack}"


def pack_id(trailer: bytes) -> Digest:
    return pack_digest(trailer)


def hashed_part(payload: Payload) -> bytes | memoryview:
    """What the content hash takes after a record's frame: a chunk that is stored as is, is known by its digest already."""
    return payload.key[1:] if payload.codec == STORED and payload.key[0] == Kind.CHUNK else payload.data


def encode_trailer(trailer: Trailer) -> bytes:
    head = _HEAD.pack(_VERSION, trailer.pack_class, trailer.generation, trailer.content_hash, len(trailer.rows))
    if trailer.pack_class is PackClass.DATA:
        pack_row = _DATA_ROW.pack
        return head + b"".join([pack_row(key[0], codec, stored, raw, key[1:]) for key, codec, stored, raw in trailer.rows])
    pack_row = _METADATA_ROW.pack
    return head + b"".join([pack_row(key[0], codec, stored, raw, key[1:33], key[33:] or _NONE) for key, codec, stored, raw in trailer.rows])


def encode_footer(trailer: bytes) -> bytes:
    return FOOTER.pack(len(trailer), END)


def decode_footer(footer: bytes) -> int:
    """The length of the trailer body."""
    if len(footer) != FOOTER.size:
        raise CorruptionError("the pack is cut short")
    length, end = FOOTER.unpack(footer)
    if end != END or not _HEAD.size < length <= MAX_SIZE:
        raise CorruptionError("the pack's footer is damaged")
    return int(length)


def decode_trailer(data: bytes) -> Trailer:
    """The trailer in these bytes; strict: anything an encoder wouldn't write is CorruptionError."""
    if len(data) < _HEAD.size:
        raise CorruptionError("the pack's trailer is cut short")
    version, pack_class, generation, content_hash, count = _HEAD.unpack_from(data)
    if version > _VERSION:
        raise UnsupportedFormatError(f"the pack has format {version}; this objstore reads up to {_VERSION}: upgrade it")
    if version != _VERSION or pack_class not in (PackClass.DATA, PackClass.METADATA) or not count:
        raise CorruptionError("the pack's trailer is damaged")
    rows = _data_rows(data) if pack_class == PackClass.DATA else _metadata_rows(data)
    if len(rows) != count or len({row.key for row in rows}) != count:
        raise CorruptionError("the pack's trailer has the wrong number of rows")
    if not all(_plausible(row) for row in rows):
        raise CorruptionError("the pack's trailer has an impossible row")
    return Trailer(PackClass(pack_class), generation, content_hash, rows)


def _data_rows(data: bytes) -> list[Row]:
    body = _rows_block(data, _DATA_ROW)
    rows = list(_DATA_ROW.iter_unpack(body))
    if any(kind != Kind.CHUNK for kind, *_ in rows):
        raise CorruptionError("a data pack holds something else than chunks")
    return [Row(b"\x01" + digest, codec, stored, raw) for _, codec, stored, raw, digest in rows]


def _metadata_rows(data: bytes) -> list[Row]:
    rows = []
    for kind, codec, stored, raw, first, second in _METADATA_ROW.iter_unpack(_rows_block(data, _METADATA_ROW)):
        if kind not in (Kind.RECIPE, Kind.PART, Kind.NODE) or (kind != Kind.RECIPE and second != _NONE):
            raise CorruptionError("a metadata pack holds something that doesn't belong there")
        rows.append(Row(bytes([kind]) + first + (second if kind == Kind.RECIPE else b""), codec, stored, raw))
    return rows


def _rows_block(data: bytes, layout: struct.Struct) -> memoryview:
    block = memoryview(data)[_HEAD.size :]
    if len(block) % layout.size:
        raise CorruptionError("the pack's trailer is cut short")
    return block


def _plausible(row: Row) -> bool:
    if row.raw > MAX_RAW:
        return False
    return row.stored == row.raw if row.codec == STORED else row.codec == ZSTD and row.stored < row.raw
