"""Comparing two tables."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from objstore.comparison.rows.changes import unequal_cells
from objstore.comparison.rows.columns import column_diff
from objstore.comparison.rows.conversion import Conversion, UnfitError
from objstore.comparison.rows.diff import KeptRows, Key, RowDiff
from objstore.comparison.rows.differing import Search
from objstore.comparison.rows.distance import largest_change
from objstore.comparison.rows.hashing import Hasher
from objstore.comparison.rows.keys import Keys
from objstore.comparison.rows.likeness import renamed_columns
from objstore.comparison.rows.pair import TableFile, TablePair
from objstore.comparison.rows.pairing import Paired
from objstore.comparison.rows.pool import LIMIT
from objstore.comparison.rows.scratch import Scratch
from objstore.errors import UnreadableFileError
from objstore.host import library


def compare_rows(pair: TablePair, key: Sequence[str], scratch: Path, *, limit: int = LIMIT, seed: bytes | None = None) -> RowDiff:
    """What differs between two tables.

    Rows are compared over the columns that both have; their order doesn't count, nor that of columns. Values are equal by value: null
    equals null, NaN equals NaN, -0.0 equals 0.0. Where the types of a column differ, values are compared in the type that holds both (whole
    numbers as floats beside floats), or else as text.

    Rows with equal values of the columns `key` are the same row, which may be modified. UnreadableFileError unless both tables have these
    columns, and none a key twice. With no `key` given one is looked for; without one whole rows are compared, each as often as it is there.

    Memory: some 200 MiB, what decoding a batch of each table takes (see the format), `limit` rows' hashes (100 bytes each while they are
    settled), and 50 bytes for each row that differs: below 1 GiB for two tables of 5 million rows of which all differ. Disk, in a folder of
    its own in `scratch`: the rows that differ, uncompressed, twice at most. Each part is read once, and again if many of its rows differ.
    `seed`: 16 bytes for the hashes, else random.
    """
    folder = Scratch(scratch)
    as_text: set[str] = set()
    try:
        while True:
            comparison = _Comparison(pair, folder, as_text, limit, Hasher(int.from_bytes(seed or os.urandom(16), "little")))
            try:
                return comparison.run(key)
            except UnfitError as error:  # a value that we couldn't know of: once more, with that column as text
                as_text.add(error.column)
    except library.pyarrow().ArrowException as error:
        folder.close()
        raise UnreadableFileError(f"these tables can't be compared: {error}") from error
    except BaseException:
        folder.close()
        raise


class _Comparison:
    """An attempt, with some columns as text."""

    def __init__(self, pair: TablePair, folder: Scratch, as_text: set[str], limit: int, hasher: Hasher) -> None:
        self._pair = pair
        self._folder = folder
        self._limit = limit
        self._hasher = hasher
        self._conversion = Conversion.between(pair.old.schema, pair.new.schema, as_text)
        self._keys = Keys(pair, self._conversion, hasher, folder.folder("keys"), limit)

    def run(self, key: Sequence[str]) -> RowDiff:
        key = list(dict.fromkeys(key))
        if key:
            self._keys.check(key)
        found, paired = self._paired(key)
        cells, largest = self._changed_cells(paired)
        renamed = renamed_columns(self._pair)
        old, new = self._pair.old, self._pair.new
        return RowDiff(
            _count(old),
            _count(new),
            column_diff(old.types, new.types, renamed),
            found,
            paired.added,
            paired.removed,
            paired.modified,
            {name: cells[name] for name in self._conversion.names if name in cells},
            {name: largest[name] for name in self._conversion.names if name in largest},
            KeptRows(self._folder, paired, old.schema, new.schema, self._conversion, self._hasher),
        )

    def _paired(self, key: Sequence[str]) -> tuple[Key | None, Paired]:
        differing = Search(self._pair, self._conversion, self._hasher, self._folder.folder("rows"), self._limit).run()
        found, partners = Key(tuple(key), False) if key else None, None
        if differing.old.rows and differing.new.rows:
            if key:
                partners = self._keys.partners(key, differing)
            elif guess := self._keys.find(differing):
                found, partners = Key(tuple(guess[0]), True), guess[1]
        return found, Paired(differing, partners, self._folder.folder("pairs"))

    def _changed_cells(self, paired: Paired) -> tuple[Counter[str], dict[str, float]]:
        """By column, how many there are, and how far numbers are apart at most."""
        cells: Counter[str] = Counter()
        largest: dict[str, float] = {}
        for before, after in paired.modified_rows():
            for name, rows in unequal_cells(before, after, self._conversion, self._hasher):
                cells[name] += len(rows)
                chosen = library.pyarrow().array(rows)
                old, new = (self._conversion.of([name]).arrays(batch.select([name]).take(chosen))[0] for batch in (before, after))
                change = largest_change(old, new, self._pair.old.types[name], self._pair.new.types[name])
                if change is not None:
                    largest[name] = max(largest.get(name, 0.0), change)
        return cells, largest


def _count(table: TableFile) -> int | None:
    return None if None in table.parts else sum(part or 0 for part in table.parts)
