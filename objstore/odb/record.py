"""A record: one object as it stands in a pack (spec/record.md)."""

import struct
import threading

import msgspec
import zstandard

from objstore.errors import CorruptionError
from objstore.values.digest import node_digest, part_digest, plain, recipe_digest
from objstore.values.key import Key, Kind, describe, kind_of

FRAME = struct.Struct("<BBII")
MAX_RAW = 64 * 1024 * 1024
STORED, ZSTD = 0, 1

_LEVEL = 3
_WORTHWHILE = 15 / 16  # a compressed record must save this much, or reading it costs more than its bytes
_contexts = threading.local()


class Payload(msgspec.Struct, frozen=True, array_like=True):
    """An object as it will be stored."""

    key: Key
    codec: int
    raw: int
    data: bytes | memoryview

    @property
    def frame(self) -> bytes:
        return FRAME.pack(self.key[0], self.codec, len(self.data), self.raw)


def encode(key: Key, data: bytes | memoryview, *, compress: bool = True) -> Payload:
    """The stored form of an object: compressed where that pays. Thread-safe."""
    raw = len(data)
    if compress and raw > 64:
        packed = _compressor().compress(data)
        if len(packed) < raw * _WORTHWHILE:
            return Payload(key, ZSTD, raw, packed)
    return Payload(key, STORED, raw, data)


def decode(key: Key, record: bytes | memoryview) -> bytes | memoryview:
    """The object in a framed record, verified against its key; CorruptionError when anything is off. Thread-safe.

    Of a record that isn't compressed this is a view of the record, not a copy.
    """
    data = unpacked(key, record)
    if not matches(key, data):
        raise _corrupt(key, "doesn't have the content its name says")
    return data


def unpacked(key: Key, record: bytes | memoryview) -> bytes | memoryview:
    """The same without a look at the content: for who checks it otherwise, as part of something larger."""
    if len(record) < FRAME.size:
        raise _corrupt(key, "is cut short")
    kind, codec, stored, raw = FRAME.unpack_from(record)
    payload = memoryview(record)[FRAME.size :]
    if kind != key[0] or len(payload) != stored or raw > MAX_RAW:
        raise _corrupt(key, "has a damaged frame")
    return _unpacked(key, codec, payload, raw)


def matches(key: Key, data: bytes | memoryview) -> bool:
    """Whether an object is what its key says."""
    if key[0] == Kind.CHUNK:
        return plain(data) == key[1:]
    kind = kind_of(key)
    if kind is Kind.NODE:
        return node_digest(bytes(data)) == key[1:]
    if kind is Kind.PART:
        return part_digest(bytes(data)) == key[1:]
    return recipe_digest(bytes(data)) == key[33:] and data[1:33] == key[1:33]


def _unpacked(key: Key, codec: int, payload: memoryview, raw: int) -> bytes | memoryview:
    if codec == STORED:
        if len(payload) != raw:
            raise _corrupt(key, "has a damaged frame")
        return payload
    if codec != ZSTD or len(payload) >= raw:
        raise _corrupt(key, "has a damaged frame")
    try:
        if zstandard.frame_content_size(payload) != raw:
            raise _corrupt(key, "has a damaged frame")
        return _decompressor().decompress(payload, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise _corrupt(key, "can't be decompressed") from error


def _compressor() -> zstandard.ZstdCompressor:
    if not hasattr(_contexts, "compressor"):
        _contexts.compressor = zstandard.ZstdCompressor(level=_LEVEL)
    compressor: zstandard.ZstdCompressor = _contexts.compressor
    return compressor


def _decompressor() -> zstandard.ZstdDecompressor:
    if not hasattr(_contexts, "decompressor"):
        _contexts.decompressor = zstandard.ZstdDecompressor()
    decompressor: zstandard.ZstdDecompressor = _contexts.decompressor
    return decompressor


def _corrupt(key: Key, problem: str) -> CorruptionError:
    return CorruptionError(f"{describe(key)} {problem}; run `objstore fsck`")
