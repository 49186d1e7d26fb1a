"""Where the nodes of a level end."""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from blake3 import blake3

BELOW = 2  # of 256: one key in 128 ends a node
MAX_KEYS = 1024

Value = TypeVar("Value")


def is_boundary(key: bytes, level: int) -> bool:
    """Whether a node of `level` ends after `key`, wherever that stands. The value plays no part, so an edited value moves no end."""
    return blake3(key).digest(level + 1)[level] < BELOW


def boundaries(keys: Iterable[bytes], level: int) -> set[bytes]:
    """Those of `keys` after which a node of `level` ends. Half a microsecond a key: the larger part of building a tree."""
    length, below = level + 1, BELOW
    return {key for key in keys if blake3(key).digest(length)[level] < below}


class Splitter(Generic[Value]):
    """Turns the ascending rows of one level into nodes, holding fewer than `MAX_KEYS` rows between calls.

    A node ends after a boundary, and after `MAX_KEYS` rows: names may be chosen so that no boundary comes. Either way the
    next node starts afresh, so whatever stands before an end has no influence on what comes after it.
    """

    def __init__(self, write: Callable[[list[bytes], list[Value]], object]) -> None:
        """`write` is given the rows of one node after the other."""
        self._write = write
        self._keys: list[bytes] = []
        self._values: list[Value] = []

    @property
    def between_nodes(self) -> bool:
        """Whether the last row added ended a node, so that the next one begins one."""
        return not self._keys

    def add(self, keys: list[bytes], values: Sequence[Value], ends: set[bytes]) -> None:
        """More rows. `ends` holds those of `keys` that are boundaries, and may hold other keys."""
        held = len(self._keys)
        self._keys += keys
        self._values += values
        start = 0
        if ends:
            for stop in [at for at, key in enumerate(keys, held + 1) if key in ends]:
                start = self._cut_full(start, stop - 1)
                self._cut(start, stop)
                start = stop
        start = self._cut_full(start, len(self._keys))
        del self._keys[:start], self._values[:start]

    def finish(self) -> None:
        """The level is complete: what remains is its last node."""
        if self._keys:
            self._cut(0, len(self._keys))
            self._keys, self._values = [], []

    def _cut(self, start: int, stop: int) -> None:
        self._write(self._keys[start:stop], self._values[start:stop])

    def _cut_full(self, start: int, stop: int) -> int:
        """Cuts full nodes out of rows among which is no boundary; where the rest begins."""
        while stop - start >= MAX_KEYS:
            self._cut(start, start + MAX_KEYS)
            start += MAX_KEYS
        return start
