"""`objstore diff --rows`: the list of files, then which rows of tables differ."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from objstore.cli.differences import print_diff
from objstore.cli.output import print_columns, print_line
from objstore.cli.sizes import counted
from objstore.cli.views import Asked, View
from objstore.comparison.handlers import Kind, find
from objstore.comparison.rows.changes import AddedRow, ChangedRow, RemovedRow
from objstore.comparison.rows.columns import ColumnDiff
from objstore.comparison.rows.diff import RowDiff
from objstore.errors import InvalidInputError
from objstore.host import library
from objstore.host.publish import translated
from objstore.repository.comparing import Comparison
from objstore.repository.insides import Inside, rows_inside
from objstore.values.printable import printable

_SAMPLE = 10
_LETTERS = 32
_COLUMNS = 8


def view(asked: Asked) -> View:
    """As `asked` with `--key` and `--parquet`."""

    def show(comparison: Comparison, prefix: str) -> None:
        print_diff(comparison.files, prefix)
        for found in _inside(comparison, asked):
            print_line("")
            if found.diff is None:
                print_line(found.told(prefix))
                continue
            with closing(found.diff):
                written = export.write(found.path, found.diff)
                _print(prefix + found.name, found.diff, written)

    def fields(comparison: Comparison) -> dict[str, Any]:
        return {"rows": _as_dicts(_inside(comparison, asked), export)}

    export = _Export(asked.parquet)
    return View(show, fields)


def _inside(comparison: Comparison, asked: Asked) -> Iterator[Inside[RowDiff]]:
    if any(find(item.path, Kind.ROWS) or item.path in asked.paths for item in comparison.files.altered):
        # While Arrow parses CSV it takes signals itself, in a thread of its own; one that comes just before the end of a block is lost, and
        # Ctrl-C does nothing. Python notices it behind the block, some ten milliseconds later.
        library.pyarrow().enable_signal_handlers(False)
    yield from rows_inside(comparison, asked.key, asked.paths)


class _Export:
    """Where all differences are written to as Parquet: a file, of one table, or a folder."""

    def __init__(self, place: Path | None) -> None:
        self._place = place
        self._written = ""

    def write(self, path: str, diff: RowDiff) -> Path | None:
        """Where those of one table were written to, if they were to be."""
        if self._place is None:
            return None
        if self._place.suffix != ".parquet":
            place = self._place / f"{path}.parquet"
            with translated(place.parent):
                place.parent.mkdir(parents=True, exist_ok=True)
            diff.write_parquet(place)
        elif self._written:
            raise InvalidInputError(
                f"{self._place} has what differs in {self._written}, and {path} differs too; give a folder, or one table as PATH"
            )
        else:
            place = self._place
            diff.write_parquet(place)
            self._written = path
        return place


def _as_dicts(insides: Iterator[Inside[RowDiff]], export: _Export) -> Iterator[dict[str, Any]]:
    """For JSON; the rows of each come as they are read."""
    for found in insides:
        told: dict[str, Any] = {"path": found.path, "old_path": found.old_path, "problem": found.problem or None}
        if found.diff is None:
            yield told
            continue
        with closing(found.diff) as diff:
            export.write(found.path, diff)
            said = diff.to_dict(limit=0)
            del said["more"]
            yield told | said | {"changes": (change.to_dict() for change in diff.changes())}


def _print(name: str, diff: RowDiff, written: Path | None) -> None:
    click.echo(click.style(printable(name), bold=True))
    for line in _columns(diff.columns):
        print_line(f"  {line}")
    print_line(f"  {diff.summary()}" if diff else "  the same rows")
    if diff.changed_cells:
        cells = sorted(diff.changed_cells.items(), key=lambda item: -item[1])
        print_line("  changed cells: " + ", ".join(f"{column} {count:,}" for column, count in cells))
    sample = list(diff.changes(_SAMPLE))
    _print_changed([change for change in sample if isinstance(change, ChangedRow)])
    _print_rows([change for change in sample if not isinstance(change, ChangedRow)])
    left = diff.added + diff.removed + diff.changed - len(sample)
    if written is not None:
        print_line(f"  all of them are in {written}")
    elif left:
        print_line(f"  … and {counted(left, 'row')} more; --json and --parquet have all")


def _columns(columns: ColumnDiff) -> Iterator[str]:
    yield from (f"column {item.name} added ({item.type})" for item in columns.added)
    yield from (f"column {item.name} dropped ({item.type})" for item in columns.dropped)
    yield from (f"column {item.name}: {item.old_type} → {item.type}" for item in columns.retyped)
    yield from (f"column {item.old_name} may be {item.name} now: {item.similarity} % the same" for item in columns.renamed)


def _print_changed(changes: Sequence[ChangedRow]) -> None:
    """A line for each cell."""
    if not changes:
        return
    lines = [["   ", *changes[0].key, "column", "old", "new"]]
    for change in changes:
        lines += [["  ~", *map(_cell, change.key.values()), cell.column, _cell(cell.old), _cell(cell.new)] for cell in change.cells]
    print_columns(lines)


def _print_rows(changes: Sequence[AddedRow | RemovedRow]) -> None:
    """Those of each side as a table of the columns that it has."""
    for kind, sign in ((RemovedRow, "  -"), (AddedRow, "  +")):
        rows: list[Mapping[str, Any]] = [change.row for change in changes if isinstance(change, kind)]
        if rows:
            names = list(rows[0])[:_COLUMNS]
            more = ["…"] * (len(rows[0]) > _COLUMNS)
            print_columns([["   ", *names, *more], *([sign, *(_cell(row[name]) for name in names), *more] for row in rows)])


def _cell(value: object) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…"
