"""The rows of two tables that aren't in the other one, as scratch files."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from objstore.comparison.rows.alignment import align, side_by_side
from objstore.comparison.rows.conversion import Conversion
from objstore.comparison.rows.equality import equal
from objstore.comparison.rows.hashing import Hasher
from objstore.comparison.rows.multiset import surplus
from objstore.comparison.rows.pair import TableFile, TablePair
from objstore.comparison.rows.pool import NEW, OLD, Pool
from objstore.comparison.rows.rowsfile import RowsFile, RowsWriter
from objstore.comparison.rows.types import plain_schema
from objstore.host import library

_ROW_BITS = 40  # of a row's place: its part is above them
_FEW = 0.25
"""Of a batch: so many differing rows are kept when they are seen; more are read again, if they turn out to differ from all others too."""
_MOST = 0.5
"""Of the first batch of two parts: with more differing rows it isn't worth while to compare the parts row by row."""


class Differing(NamedTuple):
    """Rows with all columns of their side."""

    old: RowsFile
    new: RowsFile


class Search:
    """Looks for differing rows. In memory are batches, some MiB, and of each row that differs from the one beside it 24 bytes, up to
    the limit of the pool; then 8 bytes of each that is in surplus.
    """

    def __init__(self, pair: TablePair, conversion: Conversion, hasher: Hasher, scratch: Path, limit: int) -> None:
        self._pair = pair
        self._conversion = conversion
        self._hasher = hasher
        self._pool = Pool(scratch, limit)
        self._sides = _Side(pair.old, OLD, scratch / "old"), _Side(pair.new, NEW, scratch / "new")

    def run(self) -> Differing:
        """UnfitError; UnreadableFileError."""
        numpy = library.numpy()
        plan = align(self._pair.old.parts, self._pair.new.parts, self._pair.same)
        rest = list(plan.old), list(plan.new)
        for parts in plan.pairs:
            if not self._beside(*parts):
                for others, part in zip(rest, parts, strict=True):
                    others.append(part)
        for side in self._sides:
            for part in rest[side.number]:
                self._whole(side, part)
        found = [surplus(entries) for entries in self._pool.partitions()]
        places = [numpy.sort(numpy.concatenate([one[side] for one in found])) for side in (OLD, NEW)]
        del found
        return Differing(*(side.extracted(each) for side, each in zip(self._sides, places, strict=True)))

    def _whole(self, side: "_Side", part: int) -> None:
        """Takes all rows of a part."""
        numpy, start = library.numpy(), 0
        names = self._conversion.names
        for batch in side.file.read(part, names):
            hashes = self._hasher.rows(names, self._conversion.arrays(batch), batch.num_rows)
            self._pool.add(side.number, hashes, _places(part, start + numpy.arange(batch.num_rows)))
            start += batch.num_rows

    def _beside(self, old: int, new: int) -> bool:
        """Takes the rows of two parts that differ from the one beside them. False, and takes none, when those are most."""
        known = set(self._pair.same_columns(old, new))
        if not known:
            return self._all_columns(old, new)
        left = [name for name in self._conversion.names if name not in known]
        return not left or self._some_columns(old, new, left, [name for name in self._conversion.names if name in known])

    def _all_columns(self, old: int, new: int) -> bool:
        a, b = self._sides
        start = 0
        for before, after in side_by_side(a.file.read(old, a.schema.names), b.file.read(new, b.schema.names)):
            rows = self._unequal(before, after, self._conversion)
            if start == 0 and len(rows) > _MOST * before.num_rows:
                return False
            if len(rows):
                for side, part, batch in ((a, old, before), (b, new, after)):
                    chosen = batch.take(library.pyarrow().array(rows))
                    hashes = self._hasher.rows(self._conversion.names, self._conversion.arrays(chosen), len(rows))
                    places = side.keep(chosen) if len(rows) <= _FEW * before.num_rows else _places(part, start + rows)
                    self._pool.add(side.number, hashes, places)
            start += before.num_rows
        return True

    def _some_columns(self, old: int, new: int, names: Sequence[str], known: Sequence[str]) -> bool:
        """Where other columns are known to be equal: those are read of one side alone, and only when rows differ in others."""
        numpy, conversion, start = library.numpy(), self._conversion.of(names), 0
        found: list[Any] = []
        hashes: tuple[list[Any], list[Any]] = ([], [])
        for before, after in side_by_side(self._pair.old.read(old, names), self._pair.new.read(new, names)):
            rows = self._unequal(before, after, conversion)
            if len(rows):
                found.append(start + rows)
                for side, batch in enumerate((before, after)):
                    chosen = batch.take(library.pyarrow().array(rows))
                    hashes[side].append(self._hasher.rows(names, conversion.arrays(chosen), len(rows)))
            start += before.num_rows
        if found:
            places = numpy.concatenate(found)
            rest = self._known(new, known, places)
            for side, part in ((OLD, old), (NEW, new)):
                sums = [numpy.concatenate(lane) + more for lane, more in zip(zip(*hashes[side], strict=True), rest, strict=True)]
                self._pool.add(side, (sums[0], sums[1]), _places(part, places))
        return True

    def _known(self, part: int, names: Sequence[str], rows: Any) -> list[Any]:
        """What these columns add to the hashes of some rows of a part of the new table."""
        conversion = self._conversion.of(names)
        batches = chosen_rows(self._pair.new.read(part, names), rows)
        hashes = [self._hasher.rows(names, conversion.arrays(chosen), chosen.num_rows) for chosen in batches]
        return [library.numpy().concatenate(lane) for lane in zip(*hashes, strict=True)]

    def _unequal(self, before: Any, after: Any, conversion: Conversion) -> Any:
        """The numbers of the rows that differ."""
        numpy = library.numpy()
        mask = numpy.ones(before.num_rows, bool)
        for old, new in zip(conversion.arrays(before), conversion.arrays(after), strict=True):
            mask &= equal(old, new, self._hasher)
        return numpy.flatnonzero(~mask)


class _Side:
    """One of the tables, and its rows that are kept on the way."""

    def __init__(self, file: TableFile, number: int, path: Path) -> None:
        self.file = file
        self.number = number
        self.schema = plain_schema(file.schema)
        self._path = path
        self._whole = Conversion(self.schema.names, self.schema.types)
        self._kept: RowsWriter | None = None

    def keep(self, batch: Any) -> Any:
        """Keeps rows, and gives their places, in a part beyond those of the table."""
        if self._kept is None:
            self._kept = self._writer("kept")
        start = self._kept.rows
        self._kept.add(self._whole.arrays(batch), batch.num_rows)
        return _places(len(self.file.parts), start + library.numpy().arange(batch.num_rows))

    def extracted(self, places: Any) -> RowsFile:
        """The rows at these places, which ascend."""
        numpy = library.numpy()
        kept = self._kept.close() if self._kept else None
        if kept and kept.rows == len(places) and int(places[0]) >> _ROW_BITS == len(self.file.parts):
            return kept
        writer = self._writer("rows")
        parts = (places >> numpy.uint64(_ROW_BITS)).astype(numpy.int64)
        for part in numpy.unique(parts).tolist():
            begin, end = numpy.searchsorted(parts, [part, part + 1])
            rows = (places[begin:end] & numpy.uint64((1 << _ROW_BITS) - 1)).astype(numpy.int64)
            batches = kept.batches() if kept and part == len(self.file.parts) else self.file.read(part, self.schema.names)
            for chosen in chosen_rows(batches, rows):
                writer.add(self._whole.arrays(chosen), chosen.num_rows)
        if kept:
            kept.path.unlink()
        return writer.close()

    def _writer(self, name: str) -> RowsWriter:
        return RowsWriter(self._path.with_suffix(f".{name}"), self.schema)


def chosen_rows(batches: Iterator[Any], rows: Any) -> Iterator[Any]:
    """The rows with these numbers, which ascend, of a stream of batches. Reads no further than the last of them."""
    numpy, pyarrow = library.numpy(), library.pyarrow()
    start = at = 0
    for batch in batches:
        end = int(numpy.searchsorted(rows, start + batch.num_rows))
        if end - at == batch.num_rows:
            yield batch
        elif end > at:
            yield batch.take(pyarrow.array(rows[at:end] - start))
        start, at = start + batch.num_rows, end
        if at == len(rows):
            return


def _places(part: int, rows: Any) -> Any:
    numpy = library.numpy()
    return rows.astype(numpy.uint64) | numpy.uint64(part << _ROW_BITS)
