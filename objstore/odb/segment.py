"""An index segment's bytes (spec/index.md). Pure; streams in both directions."""

import struct
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from mmap import mmap
from typing import NamedTuple, Self

from blake3 import blake3

from objstore.errors import CorruptionError, UnsupportedFormatError
from objstore.host.batches import batches
from objstore.values.digest import SEGMENT_CONTEXT, Digest
from objstore.values.key import Key, Kind

MAGIC = b"OBJINDX"

_VERSION = 1
_HEAD = struct.Struct("<7sBIQQQQ")
_PLACE = struct.Struct("<IIII")
_DIGESTS = {Kind.CHUNK: 32, Kind.RECIPE: 64, Kind.PART: 32, Kind.NODE: 32}
_BATCH = 4096


class Place(NamedTuple):
    """Where an object is: in which pack (a position in some list of packs), at which offset, how large."""

    pack: int
    offset: int
    stored: int
    raw: int


class Location(NamedTuple):
    """Where an object is: the id of the pack (hexadecimal), the offset of the record's frame, its sizes."""

    pack: str
    offset: int
    stored: int
    raw: int


def segment_name(segment: str) -> str:
    return f"index/{segment}"


def segment_id(pieces: Iterable[bytes]) -> Digest:
    hasher = blake3(derive_key_context=SEGMENT_CONTEXT)
    for piece in pieces:
        hasher.update(piece)
    return Digest(hasher.digest())


def encode(packs: Sequence[bytes], counts: dict[Kind, int], rows: Iterable[tuple[Key, bytes]]) -> Iterator[bytes]:
    """The bytes of a segment, piece by piece: `packs` ascending, `rows` ascending by key with places by `encode_place`."""
    yield _HEAD.pack(MAGIC, _VERSION, len(packs), *(counts.get(kind, 0) for kind in Kind))
    yield b"".join(packs)
    batch: list[bytes] = []
    for key, place in rows:
        batch.append(key[1:] + place)
        if len(batch) == _BATCH:
            yield b"".join(batch)
            batch.clear()
    yield b"".join(batch)


def encode_place(pack: int, offset: int, stored: int, raw: int) -> bytes:
    return _PLACE.pack(pack, offset, stored, raw)


class Segment:
    """A segment, read and decoded on the way. CorruptionError for anything an encoder wouldn't write."""

    def __init__(self, size: int, read: Callable[[int, int], bytes]) -> None:
        """`read` gives the bytes at an offset, as many as asked for; `size` is that of the whole."""
        if size < _HEAD.size:
            raise CorruptionError("the index segment is cut short")
        magic, version, packs, *counts = _HEAD.unpack(read(0, _HEAD.size))
        if magic != MAGIC:
            raise CorruptionError("the index segment's head is damaged")
        if version > _VERSION:
            raise UnsupportedFormatError(f"the index segment has format {version}; this objstore reads up to {_VERSION}: upgrade it")
        self.counts = dict(zip(Kind, counts, strict=True))
        self._read = read
        self._rows_at = _HEAD.size + 32 * packs
        expected = self._rows_at + sum(count * (_DIGESTS[kind] + _PLACE.size) for kind, count in self.counts.items())
        if version != _VERSION or size != expected:
            raise CorruptionError("the index segment is cut short or damaged")
        listed = read(_HEAD.size, 32 * packs)
        self.packs = [listed[at : at + 32] for at in range(0, len(listed), 32)]
        if any(a >= b for a, b in zip(self.packs, self.packs[1:], strict=False)):
            raise CorruptionError("the index segment's packs are out of order")

    @classmethod
    def of(cls, data: bytes | mmap) -> Self:
        """The segment with these bytes."""
        return cls(len(data), lambda at, length: data[at : at + length])

    def rows(self, kinds: Collection[Kind] = tuple(Kind)) -> Iterator[tuple[Key, Place]]:
        """Every row of some kinds, ascending by key. Memory: some thousand rows."""
        at = self._rows_at
        for kind, count in self.counts.items():
            if kind not in kinds:
                at += count * (_DIGESTS[kind] + _PLACE.size)
                continue
            layout = struct.Struct(f"<{_DIGESTS[kind]}sIIII")
            prefix, last = bytes([kind]), b""
            for start in range(0, count, _BATCH):
                data = self._read(at + start * layout.size, min(_BATCH, count - start) * layout.size)
                for digests, pack, offset, stored, raw in layout.iter_unpack(data):
                    if digests <= last or pack >= len(self.packs):
                        raise CorruptionError("the index segment's rows are damaged")
                    last = digests
                    yield prefix + digests, Place(pack, offset, stored, raw)
            at += count * layout.size


def rows_of(segment: Segment, kinds: Collection[Kind] = tuple(Kind)) -> Iterator[dict[Key, Location]]:
    """What a segment says of objects of some kinds, some thousand at a time."""
    packs = [pack.hex() for pack in segment.packs]
    for batch in batches(segment.rows(kinds), _BATCH):
        yield {key: Location(packs[place.pack], place.offset, place.stored, place.raw) for key, place in batch}
