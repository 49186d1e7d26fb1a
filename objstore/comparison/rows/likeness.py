"""Which of the removed columns may have become which of the added ones, by their content."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import product
from typing import Any

from objstore.comparison.rows.columns import RenamedColumn
from objstore.comparison.rows.conversion import Conversion
from objstore.comparison.rows.hashing import Hasher, Hashes
from objstore.comparison.rows.pair import TableFile, TablePair
from objstore.comparison.rows.types import plain
from objstore.host import library

_KEPT = 1024
_TELLING = 16
_LEAST = 50
_ALIKE = 0.6
_MOST_PAIRS = 10_000


class Sketch:
    """The values of a column with the smallest hashes, and how often each is there: a sample that is the same for equal contents in any
    order. Whatever stays in it was in it from the first time on, so that the counts are exact. Some 16 KiB.

    Beside that, a sum over all values, by which all of a column is known to be equal.
    """

    def __init__(self) -> None:
        numpy = library.numpy()
        self.hashes = numpy.empty(0, numpy.uint64)
        self.counts = numpy.empty(0, numpy.int64)
        self.sum: tuple[int, ...] = (0, 0, 0)
        """Of all hashes, also of those that aren't kept, and how many: equal for equal contents, and hardly ever for others."""

    def add(self, lanes: Hashes) -> None:
        numpy = library.numpy()
        hashes = lanes[0]
        added = (len(hashes), *(int(lane.sum()) for lane in lanes))
        self.sum = tuple((total + each) % 2**64 for total, each in zip(self.sum, added, strict=True))
        if len(self.hashes) == _KEPT:
            hashes = hashes[hashes <= self.hashes[-1]]
        values, counts = numpy.unique(hashes, return_counts=True)
        merged, places = numpy.unique(numpy.concatenate([self.hashes, values]), return_inverse=True)
        sums = numpy.bincount(places, numpy.concatenate([self.counts, counts]), len(merged)).astype(numpy.int64)
        self.hashes, self.counts = merged[:_KEPT], sums[:_KEPT]

    @property
    def is_whole(self) -> bool:
        """Whether it has all the values there are."""
        return len(self.hashes) < _KEPT

    def similarity(self, other: "Sketch") -> int:
        """Percent of the values that both have, each as often as it is there, of those that either has; 100 only where all are equal."""
        numpy = library.numpy()
        # Beyond the last hash of a full sketch nothing is known of its column.
        ends = [int(sketch.hashes[-1]) for sketch in (self, other) if not sketch.is_whole]
        values = numpy.union1d(self.hashes, other.hashes)
        values = values[values <= numpy.uint64(min(ends))] if ends else values
        a, b = self._counts_of(values), other._counts_of(values)
        most = int(numpy.maximum(a, b).sum())
        if self.sum == other.sum:
            return 100
        return min(99, int(numpy.minimum(a, b).sum()) * 100 // most) if most else 0

    def _counts_of(self, values: Any) -> Any:
        numpy = library.numpy()
        if not len(self.hashes):
            return numpy.zeros(len(values), numpy.int64)
        places = numpy.minimum(numpy.searchsorted(self.hashes, values), len(self.hashes) - 1)
        return numpy.where(self.hashes[places] == values, self.counts[places], 0)


def renamed_columns(pair: TablePair) -> list[RenamedColumn]:
    """Pairs of a removed and an added column of one type that are at least half alike; the best first, each column in one at most.

    Columns of few distinct values are often alike by accident: those are paired only when all values are equal and the names are like.
    Where more than 10,000 pairs are possible only columns with equal values are paired, those that come first in both tables with each
    other. Reads the columns in question wholly, in both tables.
    """
    hasher = Hasher(0)  # of all comparisons, so that the percentages of equal tables are equal
    removed, added = _by_type(pair.old, pair.new), _by_type(pair.new, pair.old)
    types = removed.keys() & added.keys()
    before = _sketches(pair.old, sorted(name for type_ in types for name in removed[type_]), hasher)
    after = _sketches(pair.new, sorted(name for type_ in types for name in added[type_]), hasher)
    fitting = [names for type_ in types for names in _fitting(removed[type_], before, added[type_], after)]
    found = [RenamedColumn(old, new, _likeness(old, before[old], new, after[new])) for old, new in sorted(fitting)]
    found = sorted((each for each in found if each.similarity >= _LEAST), key=lambda each: (-each.similarity, -_nearness(each[0], each[1])))
    taken: set[tuple[str, str]] = set()
    chosen = []
    for each in found:
        if not taken & {("old", each.old_name), ("new", each.name)}:
            taken |= {("old", each.old_name), ("new", each.name)}
            chosen.append(each)
    return chosen


def _by_type(table: TableFile, other: TableFile) -> dict[Any, list[str]]:
    """The columns that the other table hasn't."""
    known = set(other.schema.names)
    found: dict[Any, list[str]] = defaultdict(list)
    for field in table.schema:
        if field.name not in known:
            found[plain(field.type)].append(field.name)
    return found


def _fitting(
    old: Sequence[str], before: Mapping[str, Sketch], new: Sequence[str], after: Mapping[str, Sketch]
) -> Iterator[tuple[str, str]]:
    """Pairs of columns of one type that are worth a look."""
    if len(old) * len(new) <= _MOST_PAIRS:
        yield from product(old, new)
        return
    sources: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for name in reversed(old):
        sources[before[name].sum].append(name)
    for name in new:
        if alike := sources.get(after[name].sum):
            yield alike.pop(), name


def _sketches(table: TableFile, names: Sequence[str], hasher: Hasher) -> dict[str, Sketch]:
    sketches = {name: Sketch() for name in names}
    conversion = Conversion(names, [plain(table.schema.field(name).type) for name in names])
    for part in range(len(table.parts)) if names else ():
        for batch in table.read(part, names):
            for name, array in zip(names, conversion.arrays(batch), strict=True):
                sketches[name].add(hasher.values(array))
    return sketches


def _likeness(old: str, before: Sketch, new: str, after: Sketch) -> int:
    similarity = before.similarity(after)
    if min(len(before.hashes), len(after.hashes)) < _TELLING and (similarity < 100 or _nearness(old, new) < _ALIKE):
        return 0
    return similarity


def _nearness(old: str, new: str) -> float:
    """How alike two names are, from 0 to 1, whatever their case and what is between their words."""
    plain_old, plain_new = (re.sub(r"[\W_]+", "", name.casefold()) for name in (old, new))
    return SequenceMatcher(None, plain_old, plain_new).ratio()
