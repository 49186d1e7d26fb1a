"""A recipe: the ordered chunks of one file (spec/recipe.md). Pure.

A row is (digest, bytes of the file below it).
"""

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from objstore.errors import CorruptionError, UnsupportedFormatError
from objstore.values.binary import Reader
from objstore.values.digest import part_digest, recipe_digest
from objstore.values.key import Key, Kind, chunk_key, part_key, recipe_key

MAX_ROWS = 4096
MAX_PART_ROWS = 1024

_VERSION = 1
_BOUNDARY = 4  # of 256: a part ends after 64 rows on average
_HEAD = struct.Struct("<B32sQBI")
_PART_HEAD = struct.Struct("<BBI")
_ROW = struct.Struct("<32sQ")

ChunkRow = tuple[bytes, int]


class Recipe(NamedTuple):
    """The top of a recipe; with height 0 its rows are chunks, else parts."""

    file: bytes
    size: int
    height: int
    rows: list[ChunkRow]


class RecipeBuilder:
    """Takes the chunks of one file in order; hands finished parts to `emit` on the way. Memory: a few thousand rows."""

    def __init__(self, emit: Callable[[Key, bytes], None]) -> None:
        self._emit = emit
        self._rows: list[ChunkRow] = []
        self._upper: RecipeBuilder | None = None
        self._height = 0

    def add(self, row: ChunkRow) -> None:
        self._rows.append(row)
        if self._upper is not None:
            if self._ends_part(row):
                self._close_part(len(self._rows))
        elif len(self._rows) > MAX_ROWS:
            self._start_parts()

    def finish(self, file: bytes, size: int) -> tuple[Key, bytes]:
        """The recipe itself, when all chunks have been added."""
        if self._upper is not None:
            if self._rows:
                self._close_part(len(self._rows))
            return self._upper.finish(file, size)
        data = encode(Recipe(file, size, self._height, self._rows))
        return recipe_key(file, recipe_digest(data)), data

    def _start_parts(self) -> None:
        self._upper = RecipeBuilder(self._emit)
        self._upper._height = self._height + 1
        rows, self._rows = self._rows, []
        for row in rows:
            self._rows.append(row)
            if self._ends_part(row):
                self._close_part(len(self._rows))

    def _ends_part(self, row: ChunkRow) -> bool:
        return row[0][min(self._height, 31)] < _BOUNDARY or len(self._rows) == MAX_PART_ROWS

    def _close_part(self, count: int) -> None:
        assert self._upper is not None
        rows, self._rows = self._rows[:count], self._rows[count:]
        data = encode_part(self._height, rows)
        digest = part_digest(data)
        self._emit(part_key(digest), data)
        self._upper.add((digest, sum(size for _, size in rows)))


def encode(recipe: Recipe) -> bytes:
    return _HEAD.pack(_VERSION, recipe.file, recipe.size, recipe.height, len(recipe.rows)) + _encode_rows(recipe.rows)


def encode_part(height: int, rows: list[ChunkRow]) -> bytes:
    return _PART_HEAD.pack(_VERSION, height, len(rows)) + _encode_rows(rows)


def decode(data: bytes | memoryview) -> Recipe:
    reader = Reader(data, "a recipe")
    _check_version(data)
    _, file, size, height, count = reader.unpack(_HEAD)
    rows = _decode_rows(reader, count)
    reader.check(count >= (1 if height else 2) and count <= MAX_ROWS, "has an impossible number of rows")
    reader.check(sum(length for _, length in rows) == size, "doesn't add up to its file's size")
    return Recipe(file, size, height, rows)


def decode_part(data: bytes | memoryview) -> tuple[int, list[ChunkRow]]:
    """The height of a part, and its rows."""
    reader = Reader(data, "a recipe part")
    _check_version(data)
    _, height, count = reader.unpack(_PART_HEAD)
    rows = _decode_rows(reader, count)
    reader.check(1 <= count <= MAX_PART_ROWS, "has an impossible number of rows")
    return height, rows


def children(key: Key, data: bytes | memoryview) -> list[Key]:
    """The keys of what a recipe or a part lists: parts, or chunks."""
    if key[0] == Kind.RECIPE:
        _, _, height, rows = decode(data)
    else:
        height, rows = decode_part(data)
    child_key = part_key if height else chunk_key
    return [child_key(digest) for digest, _ in rows]


def chunks(recipe: Recipe, read: Callable[[Key], bytes | memoryview]) -> Iterator[ChunkRow]:
    """The chunks of the file, in order; `read` gives a part. CorruptionError when parts don't fit together."""
    yield from _below(recipe.rows, recipe.height, read)


def _below(rows: list[ChunkRow], height: int, read: Callable[[Key], bytes | memoryview]) -> Iterator[ChunkRow]:
    if height == 0:
        yield from rows
        return
    for row in rows:
        yield from _below(part_rows(row, height - 1, read), height - 1, read)


def part_rows(row: ChunkRow, height: int, read: Callable[[Key], bytes | memoryview]) -> list[ChunkRow]:
    """The rows of the part that `row` names, which is of this height. CorruptionError when it isn't, or has another number of bytes."""
    digest, length = row
    found, rows = decode_part(read(part_key(digest)))
    if found != height or sum(size for _, size in rows) != length:
        raise CorruptionError("a recipe's parts don't fit together; run `objstore fsck`")
    return rows


def _encode_rows(rows: list[ChunkRow]) -> bytes:
    return b"".join([_ROW.pack(digest, length) for digest, length in rows])


def _decode_rows(reader: Reader, count: int) -> list[ChunkRow]:
    rows = [(digest, length) for digest, length in _ROW.iter_unpack(reader.take(_ROW.size * count))]
    reader.end()
    reader.check(all(length for _, length in rows), "has an empty row")
    return rows


def _check_version(data: bytes | memoryview) -> None:
    if len(data) and data[0] > _VERSION:
        raise UnsupportedFormatError(f"a recipe has format {data[0]}; this objstore reads up to {_VERSION}: upgrade it")
    if not len(data) or data[0] != _VERSION:
        raise CorruptionError("a recipe is damaged; run `objstore fsck`")
