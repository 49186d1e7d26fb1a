"""Where the chunks of a file lie in it, found without going through those before."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import accumulate
from typing import NamedTuple

from objstore.odb.recipe import ChunkRow, Recipe, part_rows
from objstore.values.key import Key

KEPT_PARTS = 16


class Layout:
    """Which chunks hold which bytes of one file. Thread-safe.

    In memory are the top of the file's recipe and a few of its parts, each with where its rows end. A look-up reads a part a level, if it
    isn't one of those.
    """

    def __init__(self, top: Recipe, read: Callable[[Key], bytes | memoryview]) -> None:
        """`read` gives a part."""
        self.size = top.size
        self._top = _measured(top.height, top.rows)
        self._part = lru_cache(KEPT_PARTS)(partial(_part, read))

    def chunks(self, start: int, end: int) -> Iterator[tuple[int, ChunkRow]]:
        """The chunks that hold the bytes from `start` to before `end`, in order, each with its offset in the file.

        CorruptionError when the parts that are read don't fit together.
        """
        if start < end:
            yield from self._below(self._top, 0, start, end)

    def _below(self, level: "_Rows", at: int, start: int, end: int) -> Iterator[tuple[int, ChunkRow]]:
        """Of the rows of one part, which begins at the offset `at`."""
        for index in range(bisect_right(level.ends, start - at), len(level.rows)):
            row = level.rows[index]
            begin = at + level.ends[index] - row[1]
            if begin >= end:
                return
            if level.height == 0:
                yield begin, row
            else:
                yield from self._below(self._part(row, level.height - 1), begin, start, end)


class _Rows(NamedTuple):
    """The rows of a recipe or a part, and where each ends, counted from where the first begins."""

    height: int
    rows: list[ChunkRow]
    ends: list[int]


def _measured(height: int, rows: list[ChunkRow]) -> _Rows:
    return _Rows(height, rows, list(accumulate(length for _, length in rows)))


def _part(read: Callable[[Key], bytes | memoryview], row: ChunkRow, height: int) -> _Rows:
    return _measured(height, part_rows(row, height, read))
