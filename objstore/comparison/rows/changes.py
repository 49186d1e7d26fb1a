"""One row that differs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from objstore.comparison.rows.conversion import Conversion
from objstore.comparison.rows.equality import equal
from objstore.comparison.rows.hashing import Hasher
from objstore.comparison.rows.values import ABSENT, cells, json_value
from objstore.host import library

_AT_ONCE = 1024


class AddedRow(NamedTuple):
    """A row that only the new table has."""

    row: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return {"change": "added", "row": json_value(self.row)}


class RemovedRow(NamedTuple):
    """A row that only the old table has."""

    row: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return {"change": "removed", "row": json_value(self.row)}


class Cell(NamedTuple):
    """A value that differs."""

    column: str
    old: Any
    new: Any

    def to_dict(self) -> dict[str, Any]:
        return {"column": self.column, "old": json_value(self.old), "new": json_value(self.new)}


class ModifiedRow(NamedTuple):
    """A row that both tables have, by its key, with other values."""

    key: Mapping[str, Any]
    cells: Sequence[Cell]

    def to_dict(self) -> dict[str, Any]:
        return {"change": "modified", "key": json_value(self.key), "cells": [cell.to_dict() for cell in self.cells]}


RowChange = AddedRow | RemovedRow | ModifiedRow


def rows_of(batches: Iterator[Any]) -> Iterator[dict[str, Any]]:
    """Rows as dicts. Some are made at a time."""
    for batch in batches:
        for start in range(0, batch.num_rows, _AT_ONCE):
            piece = batch.slice(start, _AT_ONCE)
            columns = {field.name: cells(field, column) for field, column in zip(piece.schema, piece.columns, strict=True)}
            for row in range(piece.num_rows):
                yield {name: column[row] for name, column in columns.items() if column[row] is not ABSENT}


def unequal_cells(before: Any, after: Any, conversion: Conversion, hasher: Hasher) -> Iterator[tuple[str, Any]]:
    """Columns with cells that differ between two batches, each with the numbers of the rows where they do."""
    arrays = zip(conversion.names, conversion.arrays(before), conversion.arrays(after), strict=True)
    for name, old, new in arrays:
        rows = library.numpy().flatnonzero(~equal(old, new, hasher))
        if len(rows):
            yield name, rows


def modified_rows(pairs: Iterator[tuple[Any, Any]], key: Sequence[str], conversion: Conversion, hasher: Hasher) -> Iterator[ModifiedRow]:
    """For batches of rows before and after."""
    for before, after in pairs:
        for start in range(0, before.num_rows, _AT_ONCE):
            yield from _modified(before.slice(start, _AT_ONCE), after.slice(start, _AT_ONCE), key, conversion, hasher)


def _modified(before: Any, after: Any, key: Sequence[str], conversion: Conversion, hasher: Hasher) -> Iterator[ModifiedRow]:
    found: list[list[Cell]] = [[] for _ in range(before.num_rows)]
    for name, rows in unequal_cells(before, after, conversion, hasher):
        chosen = library.pyarrow().array(rows)
        old, new = (cells(batch.schema.field(name), batch.column(name).take(chosen)) for batch in (before, after))
        for row, *values in zip(rows.tolist(), old, new, strict=True):
            found[row].append(Cell(name, *(None if value is ABSENT else value for value in values)))
    keys = rows_of(iter([after.select(list(key))]))
    return (ModifiedRow(one, unequal) for one, unequal in zip(keys, found, strict=True))
