"""`objstore diff --rows`: the list of files, then which rows of tables differ."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import Any

import click

from objstore.cli.cells import cell, cells, named
from objstore.cli.differences import print_diff, print_not_inside
from objstore.cli.output import print_columns, print_line
from objstore.cli.sizes import counted
from objstore.cli.views import Asked, View
from objstore.comparison.handlers import Kind, find
from objstore.comparison.rows.changes import AddedRow, ModifiedRow, RemovedRow
from objstore.comparison.rows.columns import ColumnDiff
from objstore.comparison.rows.diff import RowDiff
from objstore.errors import InvalidInputError
from objstore.host import library
from objstore.host.publish import translated
from objstore.repository.comparing import Comparison
from objstore.repository.insides import Inside, rows_inside
from objstore.values.printable import printable

_SAMPLE = 10
_COLUMNS = 8
_CELLS = 8  # of one row that has changed


def view(asked: Asked) -> View:
    """As `asked` with `--key` and `--parquet`."""

    def show(comparison: Comparison, prefix: str) -> None:
        print_diff(comparison.files, prefix)
        found = None
        for found in _inside(comparison, asked):
            print_line("")
            if found.diff is None:
                print_line(found.told(prefix))
                continue
            with closing(found.diff):
                written = export.write(found.path, found.diff)
                _print(prefix + found.name, found.diff, written)
        if found is None:
            print_not_inside(comparison.files, Kind.ROWS)

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
        told: dict[str, Any] = {"path": found.path, "old_path": found.old_path, "why": found.why or None}
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
        print_line(f"  {diff.cell_summary()}")
    sample = list(diff.changes(_SAMPLE))
    _print_modified([change for change in sample if isinstance(change, ModifiedRow)])
    _print_rows([change for change in sample if not isinstance(change, ModifiedRow)], diff.key.columns if diff.key else ())
    left = diff.added + diff.removed + diff.modified - len(sample)
    if written is not None:
        print_line(f"  all of them are in {written}")
    elif left:
        print_line(f"  … and {counted(left, 'row')} more; --json and --parquet have all")


def _columns(columns: ColumnDiff) -> Iterator[str]:
    yield from (f"column {named(item.name)} added ({item.type})" for item in columns.added)
    yield from (f"column {named(item.name)} removed ({item.type})" for item in columns.removed)
    yield from (f"column {named(item.name)}: {item.old_type} → {item.type}" for item in columns.type_changed)
    renamed = ((named(item.old_name), named(item.name), item.similarity) for item in columns.renamed)
    yield from (f"column {before} may be {after} now: {similarity} % the same" for before, after, similarity in renamed)


def _print_modified(changes: Sequence[ModifiedRow]) -> None:
    """A line for each cell; of a row with many for the first ones."""
    if not changes:
        return
    lines = [["   ", *map(named, changes[0].key), "column", "old", "new"]]
    for change in changes:
        begin = ["  ~", *map(cell, change.key.values())]
        lines += [[*begin, named(each.column), *cells(each.old, each.new)] for each in change.cells[:_CELLS]]
        if len(change.cells) > _CELLS:
            lines.append([*begin, "…", f"{len(change.cells) - _CELLS:,} more", ""])
    print_columns(lines)


def _print_rows(changes: Sequence[AddedRow | RemovedRow], key: Sequence[str]) -> None:
    """Those of each side as a table of the columns that it has, those of the key first."""
    removed, added = ([change.row for change in changes if isinstance(change, kind)] for kind in (RemovedRow, AddedRow))
    for sign, rows, others in (("  -", removed, added), ("  +", added, removed)):
        if rows:
            names = [*key, *(name for name in rows[0] if name not in key)][:_COLUMNS]
            more = ["…"] * (len(rows[0]) > _COLUMNS)
            nothing: Mapping[str, Any] = {}
            beside = zip_longest(rows, others[: len(rows)], fillvalue=nothing)
            print_columns([["   ", *map(named, names), *more], *([sign, *_cells(row, other, names), *more] for row, other in beside)])


def _cells(row: Mapping[str, Any], other: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """Long values from where they differ from those of a row of the other side: without a key, that may be the same row."""
    return [cells(row[name], other[name])[0] if name in other else cell(row[name]) for name in names]
