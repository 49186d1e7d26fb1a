"""What differs between two tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from objstore.comparison.rows.changes import AddedRow, ModifiedRow, RemovedRow, RowChange, modified_rows, rows_of
from objstore.comparison.rows.columns import ColumnDiff
from objstore.comparison.rows.conversion import Conversion
from objstore.comparison.rows.export import write_parquet
from objstore.comparison.rows.hashing import Hasher
from objstore.comparison.rows.pairing import Paired
from objstore.comparison.rows.scratch import Scratch
from objstore.errors import InvalidInputError
from objstore.values import html
from objstore.values.sizes import counted

NAMELESS = "''"
"""In place of a column's name, for people, where it is empty."""
_COLUMNS = 8  # of those with changed cells
_CELLS = 8  # of a row that has changed


class Key(NamedTuple):
    """The columns by which rows of both tables belong together."""

    columns: Sequence[str]
    found: bool
    """Whether nobody gave it: then it is a guess from the rows that differ."""

    def to_dict(self) -> dict[str, Any]:
        return {"columns": list(self.columns), "found": self.found}


@dataclass(frozen=True, slots=True)
class KeptRows:
    """Where the rows that differ are, and what is needed to read them."""

    scratch: Scratch
    paired: Paired
    old_schema: Any
    new_schema: Any
    conversion: Conversion
    hasher: Hasher


@dataclass(frozen=True, slots=True, weakref_slot=True)
class RowDiff:
    """What differs from an old table to a new one. False when nothing does.

    The rows are in scratch files, which go when this is closed, or when nobody holds it any more.
    """

    old_rows: int | None
    """How many there are; None where that isn't known without reading all."""
    new_rows: int | None
    columns: ColumnDiff
    key: Key | None
    """None: whole rows are compared, and none is `modified`."""
    added: int
    removed: int
    modified: int
    changed_cells: Mapping[str, int]
    """By column, for those that have any."""
    largest_change: Mapping[str, float]
    """By column, how far numbers in changed cells are apart at most, where both are finite; text that says numbers counts, too."""
    kept: KeptRows = field(repr=False, compare=False)

    def __bool__(self) -> bool:
        return bool(self.columns or self.added or self.removed or self.modified)

    def __enter__(self) -> "RowDiff":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """The rows can't be read afterwards; the figures remain."""
        self.kept.scratch.close()

    def changes(self, limit: int | None = None) -> Iterator[RowChange]:
        """The rows: first the modified ones, then removed, then added; `limit` of them at most.

        Values are as pyarrow gives them. Some thousand rows are in memory at a time. InvalidInputError when this is closed.
        """
        return self._changes(self._open(), limit)

    def _changes(self, kept: KeptRows, limit: int | None) -> Iterator[RowChange]:
        """As a generator, which holds `kept`, and with them the files."""
        paired = kept.paired
        key = self.key.columns if self.key else ()
        modified: Iterator[RowChange] = modified_rows(paired.modified_rows(), key, kept.conversion, kept.hasher)
        removed = (RemovedRow(row) for row in rows_of(paired.removed_rows()))
        added = (AddedRow(row) for row in rows_of(paired.added_rows()))
        yield from islice(chain(modified, removed, added), limit)

    def write_parquet(self, path: Path) -> None:
        """All rows that differ, as of export.write_parquet."""
        kept = self._open()
        write_parquet(path, kept.paired, kept.old_schema, kept.new_schema, kept.conversion)

    def to_dict(self, limit: int | None = None) -> dict[str, Any]:
        """For JSON. `limit`: how many rows `changes` has at most; `more` is how many are left out.

        Values as of `values.json_value`: NaN and infinities are text, times ISO text, bytes hex digits.
        """
        changes = [change.to_dict() for change in self.changes(limit)]
        return {
            "old_rows": self.old_rows,
            "new_rows": self.new_rows,
            "columns": self.columns.to_dict(),
            "key": self.key.to_dict() if self.key else None,
            "added_rows": self.added,
            "removed_rows": self.removed,
            "modified_rows": self.modified,
            "changed_cells": dict(self.changed_cells),
            "largest_change": dict(self.largest_change),
            "changes": changes,
            "more": self.added + self.removed + self.modified - len(changes),
        }

    def _repr_html_(self) -> str:
        """For a notebook: columns that differ, then the first rows."""
        shown = [] if self.kept.scratch.is_closed else self.changes(html.SHOWN_ROWS)
        lines = chain(_column_lines(self.columns), (line for change in shown for line in _lines(change)))
        return html.table(("", "where", "what"), lines, "; ".join(filter(None, [self.summary(), self.cell_summary()])))

    def summary(self) -> str:
        """A line: `12 rows modified by id (found), 1 added, 3 removed; columns: 1 added`."""
        names = ", ".join(name or NAMELESS for name in self.key.columns) if self.key else ""
        by = f" by {names}{' (found)' if self.key.found else ''}" if self.key else ""
        rows = [f"{counted(self.modified, 'row')} modified{by}"] if self.key else []
        rows += [f"{counted(self.added, 'row')} added", f"{counted(self.removed, 'row')} removed"]
        columns = [f"{len(items)} {name.replace('_', ' ')}" for name, items in self.columns._asdict().items() if items]
        return ", ".join(rows) + (f"; columns: {', '.join(columns)}" if columns else "")

    def cell_summary(self) -> str:
        """A line: `changed cells: price 12 (by 0.5 at most), name 1`; of many columns those with most. Empty without any."""
        cells = sorted(self.changed_cells.items(), key=lambda item: -item[1])
        told = [f"{name or NAMELESS} {count:,}{self._moved(name)}" for name, count in cells[:_COLUMNS]]
        more = [f"… and {counted(len(cells) - _COLUMNS, 'column')} more"] if len(cells) > _COLUMNS else []
        return "changed cells: " + ", ".join(told + more) if cells else ""

    def _moved(self, column: str) -> str:
        return f" (by {self.largest_change[column]:.4g} at most)" if column in self.largest_change else ""

    def __str__(self) -> str:
        return self.summary()

    def _open(self) -> KeptRows:
        if self.kept.scratch.is_closed:
            raise InvalidInputError("this diff has been closed, and its rows are gone; compare again")
        return self.kept


def _column_lines(columns: ColumnDiff) -> Iterable[tuple[str, str, str]]:
    yield from (("column added", name, type_) for name, type_ in columns.added)
    yield from (("column removed", name, type_) for name, type_ in columns.removed)
    yield from (("column type", name, f"{old} → {new}") for name, old, new in columns.type_changed)
    yield from (("column renamed?", f"{old} → {new}", f"{similarity} % the same") for old, new, similarity in columns.renamed)


def _lines(change: RowChange) -> Iterable[tuple[str, str, str]]:
    match change:
        case ModifiedRow(key, cells):
            for cell in cells[:_CELLS]:
                yield "modified", f"{_shown(key)}: {cell.column or NAMELESS}", f"{cell.old} → {cell.new}"
            if len(cells) > _CELLS:
                yield "modified", f"{_shown(key)}: …", f"{len(cells) - _CELLS:,} more"
        case AddedRow(row):
            yield "added", "", _shown(row)
        case RemovedRow(row):
            yield "removed", "", _shown(row)


def _shown(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in row.items())
