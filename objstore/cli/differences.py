"""How a diff is shown to people."""

from collections.abc import Iterator

import click

from objstore.cli.output import printable
from objstore.cli.sizes import counted, size
from objstore.comparison.files import Altered, FileDiff
from objstore.manifest.entry import UNKNOWN_SIZE, Entry, EntryKind

_COLOURS = {"A": "green", "D": "red", "M": "yellow", "R": "cyan", "T": "magenta"}


def print_diff(diff: FileDiff) -> None:
    """A line for each path with a letter (Added, Deleted, Modified, Renamed, Type changed), then the totals."""
    for _, letter, what, note in sorted(_lines(diff)):
        click.echo(click.style(f"{letter}  {printable(what)}", fg=_COLOURS[letter]) + f"  {note}")
    click.echo(_summary(diff))


def _lines(diff: FileDiff) -> Iterator[tuple[bytes, str, str, str]]:
    """Of each path: what the lines are sorted by, the letter, the path as it is shown, a note."""
    yield from ((path.encode(), "A", path, _size(entry)) for path, entry in diff.added)
    yield from ((path.encode(), "D", path, _size(entry)) for path, entry in diff.removed)
    yield from ((item.path.encode(), "M", item.path, _change(item)) for item in diff.modified)
    yield from ((item.old_path.encode(), "R", f"{item.old_path} → {item.path}", _size(item.entry)) for item in diff.renamed)
    yield from ((item.path.encode(), "T", item.path, _kinds(item)) for item in diff.type_changed)


def _change(item: Altered) -> str:
    sizes = f"{_size(item.old)} → {_size(item.new)}"
    return sizes if item.old.kind == item.new.kind else f"{sizes}  {_kinds(item)}"


def _summary(diff: FileDiff) -> str:
    totals = [(name.replace("_", " "), total) for name, total in diff.totals.items() if total.files]
    told = (f"{counted(total.files, 'file')} {name} ({size(total.bytes)})" for name, total in totals)
    return ", ".join(told) or "no differences"


def _size(entry: Entry) -> str:
    return "?" if entry.size == UNKNOWN_SIZE else size(entry.size)


def _kinds(item: Altered) -> str:
    return f"{EntryKind(item.old.kind).name.lower()} → {EntryKind(item.new.kind).name.lower()}"
