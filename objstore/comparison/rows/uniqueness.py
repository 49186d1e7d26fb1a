"""Whether columns tell all rows of two tables apart."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from objstore.comparison.rows.chosen import chosen_rows
from objstore.comparison.rows.conversion import Conversion
from objstore.comparison.rows.hashing import Hasher
from objstore.comparison.rows.multiset import grouped
from objstore.comparison.rows.pair import TableFile, TablePair
from objstore.comparison.rows.places import parts_of, places_of, rows_in_parts
from objstore.comparison.rows.pool import NEW, OLD, Entries, Pool
from objstore.comparison.rows.values import python_values
from objstore.host import library


class Repeated(NamedTuple):
    """Values that several rows of a table have."""

    side: int
    values: list[Any]
    times: int


def repeated(pair: TablePair, key: Conversion, hasher: Hasher, pool: Pool) -> Repeated | None:
    """The values of these columns that are repeated first in the old table, or else in the new one, if any.

    Reads these columns of all parts, those of parts that are the same once. Memory and scratch files are those of the pool; none are needed
    where a single column ascends from row to row.
    """
    if len(key.names) == 1 and all(_ascends(table, key) for table in (pair.old, pair.new)):
        return None
    twins = {new: old for old, new in pair.same}
    for part in range(len(pair.new.parts)):
        _add(pool, key, hasher, pair.new, part, [(NEW, part)] + ([(OLD, twins[part])] if part in twins else []))
    for part in sorted(set(range(len(pair.old.parts))) - set(twins.values())):
        _add(pool, key, hasher, pair.old, part, [(OLD, part)])
    firsts = [found for entries in pool.partitions() for side in (OLD, NEW) if (found := _first_repeated(entries, side))]
    if not firsts:
        return None
    side, place, times = min(firsts)
    table, places = (pair.old, pair.new)[side], library.numpy().array([place], library.numpy().uint64)
    row = next(chosen_rows(table.read(int(parts_of(places)[0]), key.names), rows_in_parts(places)))
    return Repeated(side, [python_values(row.column(name))[0] for name in key.names], times)


def _ascends(table: TableFile, key: Conversion) -> bool:
    """Whether each value is greater than the one before: then none is there twice, and nothing has to be kept to know it."""
    compute, last = library.compute(), None
    for part in range(len(table.parts)):
        for batch in table.read(part, key.names):
            values = key.arrays(batch)[0]
            if values.null_count or not _is_comparable(values.type):
                return False
            if len(values) and last is not None and not compute.greater(values[0], last).as_py():
                return False
            if not compute.all(compute.greater(values[1:], values[:-1]), min_count=0).as_py():
                return False
            last = values[-1] if len(values) else last
    return True


def _is_comparable(type_: Any) -> bool:
    types = library.pyarrow().types
    return bool(types.is_integer(type_) or types.is_temporal(type_) or types.is_string(type_) or types.is_large_string(type_))


def _add(pool: Pool, key: Conversion, hasher: Hasher, table: TableFile, part: int, places: Sequence[tuple[int, int]]) -> None:
    """The rows of a part, as rows of these sides and parts."""
    numpy, start = library.numpy(), 0
    for batch in table.read(part, key.names):
        hashes = hasher.rows(key.names, key.arrays(batch), batch.num_rows)
        for side, number in places:
            pool.add(side, hashes, places_of(number, start + numpy.arange(batch.num_rows)))
        start += batch.num_rows


def _first_repeated(entries: Entries, side: int) -> tuple[int, int, int] | None:
    """The side, a place and the number of the entries of the group of several that comes first."""
    numpy = library.numpy()
    found = grouped(Entries(entries[side], entries[side][:0]))
    sizes = numpy.diff(found.starts)
    several = numpy.flatnonzero(sizes > 1)
    if not len(several):
        return None
    places = numpy.minimum.reduceat(found.places, found.starts[:-1])[several]
    at = int(places.argmin())
    return side, int(places[at]), int(sizes[several][at])
