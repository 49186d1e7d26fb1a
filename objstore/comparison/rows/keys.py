"""The columns that tell rows apart."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from objstore.comparison.rows.conversion import Conversion
from objstore.comparison.rows.differing import Differing
from objstore.comparison.rows.hashing import Hasher, Hashes
from objstore.comparison.rows.pair import TableFile, TablePair
from objstore.comparison.rows.partners import partners
from objstore.comparison.rows.pool import Pool
from objstore.comparison.rows.rowsfile import RowsFile
from objstore.comparison.rows.uniqueness import Repeated, repeated
from objstore.errors import UnreadableFileError
from objstore.host import library

_SAMPLE = 20_000
_SAMPLE_BYTES = 64 * 1024 * 1024
_CANDIDATES = 100
_PAIRED = 6
_BEST = ("id", "key", "uuid", "guid")
_GOOD = ("name", "path", "file", "filename", "url", "code", "index", "__index_level_0__")
_NUMBERING = ("", "unnamed: 0", "index", "level_0", "__index_level_0__")
"""What libraries call the column in which they number rows, often anew after one was taken away."""


class Keys:
    """Looks at the keys of one comparison."""

    def __init__(self, pair: TablePair, conversion: Conversion, hasher: Hasher, scratch: Path, limit: int) -> None:
        self._pair = pair
        self._conversion = conversion
        self._hasher = hasher
        self._scratch = scratch
        self._limit = limit

    def check(self, key: Sequence[str]) -> None:
        """UnreadableFileError unless both tables have these columns, and each table no key twice. Reads these columns of all parts."""
        for name, table in (("old", self._pair.old), ("new", self._pair.new)):
            missing = [column for column in key if column not in table.schema.names]
            if missing:
                raise UnreadableFileError(
                    f"the {name} table has no column {_listed(missing)} that could be the key; it has {_listed(table.schema.names)}"
                )
        found = self._repeated(key)
        if found:
            shown = ", ".join(f"{name}={value!r}" for name, value in zip(key, found.values, strict=True))
            raise UnreadableFileError(
                f"{_listed(key)} isn't a key: {shown} is there {found.times:,} times in the {('old', 'new')[found.side]} table; "
                "give columns whose values tell all rows apart"
            )

    def find(self, differing: Differing) -> tuple[Sequence[str], Any] | None:
        """Columns that seem to be the key, and the partners of the new rows by it, as of `partners.partners`; None if there are none.

        They hold no floats, bytes, nulls or nested values, and are unique in the first rows of both tables and among those that differ; in
        the whole tables, too, where the numbers of rows are known, as columns can then be read alone. Of the rows that differ half of a
        side's have a key in common, or else more than with any other columns. Numbers of rows, and text that looks like floats, are taken
        only if nothing else does as well.
        """
        best: tuple[int, Sequence[str], Any] | None = None
        wanted = (min(differing.old.rows, differing.new.rows) + 1) // 2
        for key in self._candidates():
            partners = self.partners(key, differing)
            if partners is None:
                continue
            shared = int((partners >= 0).sum())
            least = 1 if best is None else best[0] + (self._is_weak(key) or not self._is_weak(best[1]))
            if shared >= least and not self._is_repeated_anywhere(key):
                best = shared, key, partners
            if best and best[0] >= wanted and not self._is_weak(best[1]):
                break
        return best[1:] if best else None

    def partners(self, key: Sequence[str], differing: Differing) -> Any:
        """As of `partners.partners`, for the rows that differ."""
        return partners(self._hashes(key, differing.old), self._hashes(key, differing.new))

    def _is_weak(self, key: Sequence[str]) -> bool:
        return any(name.lower() in _NUMBERING or self._is_float(name) for name in key)

    def _is_float(self, name: str) -> bool:
        return "float" in (self._pair.old.types[name], self._pair.new.types[name])

    def _hashes(self, key: Sequence[str], rows: RowsFile) -> Hashes:
        conversion = self._conversion.of(key)
        numpy = library.numpy()
        lanes = numpy.empty(rows.rows, numpy.uint64), numpy.empty(rows.rows, numpy.uint64)
        start = 0
        for batch in rows.batches(key):
            end = start + batch.num_rows
            lanes[0][start:end], lanes[1][start:end] = self._hasher.rows(key, conversion.arrays(batch), batch.num_rows)
            start = end
        return lanes

    def _is_repeated_anywhere(self, key: Sequence[str]) -> bool:
        by_column = None not in self._pair.old.parts and None not in self._pair.new.parts
        return by_column and self._repeated(key) is not None

    def _repeated(self, key: Sequence[str]) -> Repeated | None:
        return repeated(self._pair, self._conversion.of(key), self._hasher, Pool(self._scratch, self._limit))

    def _candidates(self) -> Iterator[Sequence[str]]:
        names = [name for name, type_ in zip(self._conversion.names, self._conversion.types, strict=True) if _may_be_key(type_)]
        names = sorted(names, key=lambda name: (self._is_float(name), _preference(name)))[:_CANDIDATES]
        conversion = self._conversion.of(names)
        samples = [self._sample(table, conversion) for table in (self._pair.old, self._pair.new)]
        usable = [name for at, name in enumerate(names) if all(not array.null_count for sample in samples for array in sample[at])]
        pairs = combinations(usable[:_PAIRED], 2)
        for key in [*([name] for name in usable), *(list(pair) for pair in pairs)]:
            if all(self._is_unique(key, [sample[names.index(name)] for name in key]) for sample in samples):
                yield key

    def _sample(self, table: TableFile, conversion: Conversion) -> list[list[Any]]:
        """Of each column the arrays of the first rows."""
        found: list[list[Any]] = [[] for _ in conversion.names]
        rows = size = 0
        for part in range(len(table.parts)):
            for batch in table.read(part, conversion.names) if conversion.names else ():
                for arrays, array in zip(found, conversion.arrays(batch.slice(0, _SAMPLE - rows)), strict=True):
                    arrays.append(array)
                rows, size = rows + batch.num_rows, size + batch.nbytes
                if rows >= _SAMPLE or size >= _SAMPLE_BYTES:
                    return found
        return found

    def _is_unique(self, key: Sequence[str], columns: Sequence[list[Any]]) -> bool:
        numpy = library.numpy()
        hashes = [self._hasher.rows(key, arrays, len(arrays[0]))[0] for arrays in zip(*columns, strict=True)]
        lane = numpy.concatenate(hashes) if hashes else numpy.empty(0)
        return bool(len(numpy.unique(lane)) == len(lane))


def _may_be_key(type_: Any) -> bool:
    types = library.pyarrow().types
    is_bytes = types.is_binary(type_) or types.is_large_binary(type_)
    return not (types.is_floating(type_) or types.is_nested(type_) or types.is_null(type_) or types.is_boolean(type_) or is_bytes)


def _preference(name: str) -> int:
    if name.lower() in _BEST:
        return 0
    if name.lower().endswith(("_id", "_key", "_uuid")) or name.endswith(("Id", "ID")):
        return 1
    return 2 if name.lower() in _GOOD else 3


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:20]))
    return shown + (f" and {len(names) - 20:,} more" if len(names) > 20 else "")
