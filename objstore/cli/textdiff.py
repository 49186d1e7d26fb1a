"""`objstore diff --text`: the list of files, then what differs inside of those that are text."""

import sys
from collections.abc import Iterator
from typing import Any

import click

from objstore.cli.differences import print_diff
from objstore.cli.output import print_text
from objstore.cli.views import Asked, View
from objstore.comparison.files.diff import Altered, Renamed
from objstore.comparison.text.diff import TextDiff, compare_text
from objstore.errors import CorruptionError, NotFoundError, RemoteError, SourceFileError
from objstore.repository.comparing import Comparison
from objstore.values.printable import printable

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def _show(comparison: Comparison, prefix: str) -> None:
    print_diff(comparison.files, prefix)
    for found in _compared(comparison):
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
    return {"text": [found.to_dict() for found in _compared(comparison)]}


def _compared(comparison: Comparison) -> Iterator[TextDiff]:
    """Of each file that both sides have with other content; ascending by the (new) path."""
    for item in sorted(comparison.files.altered, key=lambda item: item.path.encode()):
        try:
            _, old, new = comparison.pair(item)
            yield compare_text(old, new)
        except (CorruptionError, NotFoundError, RemoteError, SourceFileError) as error:
            yield _left_out(item, str(error))


def _left_out(item: Altered | Renamed, why: str) -> TextDiff:
    return TextDiff(item.old_path if isinstance(item, Renamed) else item.path, item.path, why=f"not compared: {why}")


def view(_: Asked) -> View:
    return View(_show, _fields)
