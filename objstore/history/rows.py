"""Sorted rows of bytes, and such that lie over others."""

import heapq
from collections.abc import Iterable, Iterator
from typing import Protocol


class Rows(Protocol):
    """Keys and values."""

    def get(self, key: bytes, /) -> bytes | None: ...

    def rows_from(self, prefix: bytes, /) -> Iterator[tuple[bytes, bytes]]:
        """Those whose keys begin with `prefix`, ascending."""


class NewRows(dict[bytes, bytes]):
    """Rows in memory. Cost of `rows_from`: as many steps as there are rows."""

    def rows_from(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        return iter(sorted(item for item in self.items() if item[0].startswith(prefix)))

    def put_if(self, key: bytes, value: bytes | None, rows: Iterable[tuple[bytes, bytes]]) -> bool:
        """Puts rows if `key` has this value (None: isn't there), all or none; whether it had."""
        if self.get(key) != value:
            return False
        self.update(rows)
        return True


class Layered:
    """Rows that lie over others: where both have a key, theirs counts."""

    def __init__(self, over: Rows, under: Rows) -> None:
        self._over = over
        self._under = under

    def get(self, key: bytes) -> bytes | None:
        found = self._over.get(key)
        return self._under.get(key) if found is None else found

    def rows_from(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        last = None
        # `merge` is stable, so of two rows with one key the upper one comes first.
        for key, value in heapq.merge(self._over.rows_from(prefix), self._under.rows_from(prefix), key=lambda row: row[0]):
            if key != last:
                yield key, value
            last = key
