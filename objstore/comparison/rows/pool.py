"""Hashes of rows and where the rows are, of two sides; on the disk when they are many."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from objstore.comparison.rows.hashing import Hashes
from objstore.host import library
from objstore.host.publish import translated

LIMIT = 4_000_000
"""Rows whose hashes are kept in memory: some 100 MB, and three times that while they are settled."""
_PARTITIONS = 64
_ENTRY = [("first", "<u8"), ("second", "<u8"), ("place", "<u8")]
OLD, NEW = 0, 1


class Entries(NamedTuple):
    """The entries of one side: an array with the fields `first` and `second`, the lanes of the hash, and `place`."""

    old: Any
    new: Any


def entries(hashes: Hashes, places: Any) -> Any:
    """Those of rows of one side."""
    made = library.numpy().empty(len(places), _ENTRY)
    made["first"], made["second"], made["place"] = *hashes, places
    return made


class Pool:
    """Entries of two sides, to be settled in partitions: equal hashes are in one partition.

    Beyond `limit` entries they are in files in `scratch`, and only those of a partition, a 64th of them, are in memory at a time.
    """

    def __init__(self, scratch: Path, limit: int = LIMIT) -> None:
        self._folder = scratch / "pool"
        self._limit = limit
        self._pending: tuple[list[Any], list[Any]] = ([], [])
        self._count = 0
        self._spilled = False

    def add(self, side: int, hashes: Hashes, places: Any) -> None:
        """Rows of a side (OLD or NEW)."""
        if not len(places):
            return
        self._pending[side].append(entries(hashes, places))
        self._count += len(places)
        if self._count > self._limit:
            self._spill()

    def partitions(self) -> Iterator[Entries]:
        """All entries, once; the pool is empty then. Not one partition, if there are none."""
        if not self._spilled:
            yield Entries(self._taken(OLD), self._taken(NEW))
            return
        self._spill()
        for number in range(_PARTITIONS):
            partition = Entries(self._loaded(OLD, number), self._loaded(NEW, number))
            if len(partition.old) or len(partition.new):
                yield partition

    def _taken(self, side: int) -> Any:
        numpy = library.numpy()
        pieces = self._pending[side]
        joined = numpy.concatenate(pieces) if pieces else numpy.empty(0, _ENTRY)
        pieces.clear()
        return joined

    def _spill(self) -> None:
        with translated(self._folder):
            self._folder.mkdir(exist_ok=True)
            for side in (OLD, NEW):
                pieces, self._pending[side][:] = list(self._pending[side]), []
                while pieces:
                    self._write(side, pieces.pop())
        self._count = 0
        self._spilled = True

    def _write(self, side: int, pending: Any) -> None:
        """Appends entries to the files of their partitions."""
        numpy = library.numpy()
        numbers = (pending["first"] >> numpy.uint64(58)).astype(numpy.uint8)
        ordered = pending.take(numpy.argsort(numbers, kind="stable"))
        ends = numpy.cumsum(numpy.bincount(numbers, minlength=_PARTITIONS)).tolist()
        for number, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
            if start < end:
                with open(self._file(side, number), "ab") as file:
                    file.write(ordered[start:end])

    def _loaded(self, side: int, number: int) -> Any:
        numpy = library.numpy()
        path = self._file(side, number)
        with translated(self._folder):
            if not path.exists():
                return numpy.empty(0, _ENTRY)
            loaded = numpy.fromfile(path, _ENTRY)
            path.unlink()
        return loaded

    def _file(self, side: int, number: int) -> Path:
        return self._folder / f"{side}-{number}"
