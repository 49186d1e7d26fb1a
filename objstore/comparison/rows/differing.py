"""The rows of two tables that aren't in the other one, as scratch files."""

from pathlib import Path
from typing import Any, NamedTuple

from objstore.comparison.rows.alignment import align, side_by_side
from objstore.comparison.rows.chosen import Later
from objstore.comparison.rows.conversion import Conversion
from objstore.comparison.rows.equality import equal
from objstore.comparison.rows.hashing import Hasher
from objstore.comparison.rows.multiset import surplus
from objstore.comparison.rows.pair import TablePair
from objstore.comparison.rows.places import places_of
from objstore.comparison.rows.pool import NEW, OLD, Pool
from objstore.comparison.rows.rowsfile import RowsFile
from objstore.comparison.rows.side import TableSide
from objstore.host import library

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
        self._sides = TableSide(pair.old, OLD, scratch / "old"), TableSide(pair.new, NEW, scratch / "new")

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
        wanted = [numpy.sort(numpy.concatenate([one[side] for one in found])) for side in (OLD, NEW)]
        del found
        return Differing(*(side.extracted(each) for side, each in zip(self._sides, wanted, strict=True)))

    def _whole(self, side: TableSide, part: int) -> None:
        """Takes all rows of a part."""
        numpy, start = library.numpy(), 0
        names = self._conversion.names
        for batch in side.file.read(part, names):
            hashes = self._hasher.rows(names, self._conversion.arrays(batch), batch.num_rows)
            self._pool.add(side.number, hashes, places_of(part, start + numpy.arange(batch.num_rows)))
            start += batch.num_rows

    def _beside(self, old: int, new: int) -> bool:
        """Takes the rows of two parts that differ from the one beside them. False, and takes none, when those are most.

        Columns that are known to be equal are read in the new table alone, and like those that one side alone has only when rows differ
        in others.
        """
        known = set(self._pair.same_columns(old, new))
        names = [name for name in self._conversion.names if name not in known]
        if not names:
            return True
        conversion, start = self._conversion.of(names), 0
        rest = [
            Later(self._pair.old, old, [name for name in self._pair.old.schema.names if name not in self._conversion.names]),
            Later(self._pair.new, new, [name for name in self._pair.new.schema.names if name not in names]),
        ]
        for before, after in side_by_side(self._pair.old.read(old, names), self._pair.new.read(new, names)):
            rows = self._unequal(before, after, conversion)
            if start == 0 and len(rows) > _MOST * before.num_rows:
                return False
            if len(rows):
                numbers, chosen = start + rows, library.pyarrow().array(rows)
                both = [later.rows(numbers) for later in rest]
                for side, part, batch in ((OLD, old, before), (NEW, new, after)):
                    columns = both[NEW] | both[side] | dict(zip(names, batch.take(chosen).columns, strict=True))
                    self._take(side, columns, None if len(rows) <= _FEW * before.num_rows else places_of(part, numbers))
            start += before.num_rows
        return True

    def _take(self, number: int, columns: dict[str, Any], known: Any) -> None:
        """Takes rows, of which all columns are here, and keeps those that have no places yet."""
        side = self._sides[number]
        batch = library.pyarrow().RecordBatch.from_arrays([columns[name] for name in side.schema.names], side.schema.names)
        hashes = self._hasher.rows(self._conversion.names, self._conversion.arrays(batch), batch.num_rows)
        self._pool.add(number, hashes, side.keep(batch) if known is None else known)

    def _unequal(self, before: Any, after: Any, conversion: Conversion) -> Any:
        """The numbers of the rows that differ."""
        numpy = library.numpy()
        mask = numpy.ones(before.num_rows, bool)
        for old, new in zip(conversion.arrays(before), conversion.arrays(after), strict=True):
            mask &= equal(old, new, self._hasher)
        return numpy.flatnonzero(~mask)
