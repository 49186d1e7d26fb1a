"""`objstore diff --tensors`: the list of files, then which tensors differ, and how far."""

from typing import Any

import click

from objstore.cli.differences import print_diff, print_not_inside
from objstore.cli.output import print_columns, print_line
from objstore.cli.sizes import counted
from objstore.cli.views import Asked, View
from objstore.comparison.handlers import Kind
from objstore.comparison.tensors.diff import COLUMNS, TensorDiff
from objstore.repository.comparing import Comparison
from objstore.repository.insides import Inside, tensors_inside
from objstore.values.printable import printable

_SAMPLE = 40
_LETTERS = 60


def view(asked: Asked) -> View:
    def show(comparison: Comparison, prefix: str) -> None:
        print_diff(comparison.files, prefix)
        found = None
        for found in tensors_inside(comparison, asked.paths):
            print_line("")
            if found.diff is None:
                print_line(found.told(prefix))
            else:
                _print(prefix + found.name, found.diff)
        if found is None:
            print_not_inside(comparison.files, Kind.TENSORS)

    def fields(comparison: Comparison) -> dict[str, Any]:
        return {"tensors": map(_as_dict, tensors_inside(comparison, asked.paths))}

    return View(show, fields)


def _as_dict(found: Inside[TensorDiff]) -> dict[str, Any]:
    told: dict[str, Any] = {"path": found.path, "old_path": found.old_path, "why": found.why or None}
    return told | (found.diff.to_dict() if found.diff is not None else {})


def _print(name: str, diff: TensorDiff) -> None:
    click.echo(click.style(printable(name), bold=True))
    lines = list(diff.lines())
    if lines:
        print_columns([["  ", *COLUMNS], *(["  ", kind, name, *map(_cut, told)] for kind, name, *told in lines[:_SAMPLE])])
    if len(lines) > _SAMPLE:
        print_line(f"  … and {counted(len(lines) - _SAMPLE, 'tensor')} more; --json has all")
    print_line(f"  {diff.summary()}")


def _cut(text: str) -> str:
    """Values of metadata can be of any length."""
    return text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…"
