"""`objstore diff --text`: the list of files, then what differs inside of those that are text."""

import sys
from typing import Any

import click

from objstore.cli.differences import print_diff
from objstore.cli.output import print_text
from objstore.cli.views import Asked, View
from objstore.repository.comparing import Comparison
from objstore.repository.insides import text_inside
from objstore.values.printable import printable

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def _show(comparison: Comparison, prefix: str) -> None:
    print_diff(comparison.files, prefix)
    for found in text_inside(comparison):
        click.echo("")
        if found.why:
            click.echo(printable(f"{prefix}{found.path}: {found.why}"))
        for number, line in enumerate(found.lines(prefix)):
            _print(line, is_header=number < 2)


def _print(line: str, *, is_header: bool) -> None:
    if not sys.stdout.isatty():
        print_text(line + "\n")  # as it is, for `patch`
        return
    shown = "\t".join(map(printable, line.split("\t")))
    click.echo(click.style(shown, bold=True) if is_header else click.style(shown, fg=_COLOURS.get(line[0])))


def _fields(comparison: Comparison) -> dict[str, Any]:
    return {"text": [found.to_dict() for found in text_inside(comparison)]}


def view(_: Asked) -> View:
    return View(_show, _fields)
