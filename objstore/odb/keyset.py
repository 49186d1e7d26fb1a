"""A set of keys of any size in bounded memory."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from objstore.host.batches import batches
from objstore.odb.pending import PendingRows
from objstore.values.key import Key

_NO_ROW = (0, 0, 0, 0)


class KeySet:
    """Keys in memory while few, on disk when many. Close it."""

    def __init__(self, scratch: Path) -> None:
        self._rows = PendingRows(scratch)

    def add_new(self, keys: Sequence[Key]) -> list[Key]:
        """Adds keys; those that weren't there before, in order, each once."""
        fresh = self._rows.unknown(dict.fromkeys(keys))
        self._rows.put(dict.fromkeys(fresh, _NO_ROW))
        return fresh

    def missing(self, keys: Sequence[Key]) -> set[Key]:
        """Those keys that aren't in the set."""
        return set(self._rows.unknown(keys))

    def batches(self, size: int) -> Iterator[list[Key]]:
        """All keys, ascending, some at a time."""
        return batches((key for key, _ in self._rows.sorted()), size)

    def __bool__(self) -> bool:
        return bool(self._rows)

    def __contains__(self, key: Key) -> bool:
        return not self._rows.unknown([key])

    def close(self) -> None:
        self._rows.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
