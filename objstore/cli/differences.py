"""How a diff is shown to people."""

import os
from collections.abc import Iterator

import click

from objstore.cli.output import print_columns, print_line, print_warning
from objstore.cli.sizes import counted, size
from objstore.comparison.facts import FactsDiff
from objstore.comparison.files.diff import Altered, FileDiff, Renamed
from objstore.comparison.handlers import Kind, names
from objstore.history.collection import LATEST
from objstore.manifest.entry import UNKNOWN_SIZE, Entry, EntryKind
from objstore.repository.pindiffs import PinDiff
from objstore.values.printable import printable

_COLOURS = {"A": "green", "D": "red", "M": "yellow", "R": "cyan", "T": "magenta"}


def print_diff(diff: FileDiff, prefix: str = "") -> None:
    """A line for each path with a letter (Added, Deleted, Modified, Renamed, Type changed), then the totals."""
    for _, letter, what, note in sorted(_lines(diff, prefix)):
        click.echo(click.style(f"{letter}  {printable(what)}", fg=_COLOURS[letter[0]]) + f"  {note}")
    click.echo(diff.summary())
    warn_of_similar(diff)


def warn_of_similar(diff: FileDiff) -> None:
    """Says so when files may have been renamed with changes, and nobody has looked."""
    if diff.not_looked_at is not None:
        count, why = diff.not_looked_at
        print_warning(f"{counted(count, 'added or removed file')} not compared with one another for similar content: {why}")


def print_pins(found: PinDiff) -> None:
    """What is compared with what, and why it can't be."""
    click.echo(click.style(printable(f"{os.path.relpath(found.path)}: {found.old or 'no pin'} → {found.new or 'no pin'}"), bold=True))
    if found.comparison is None:
        click.echo(printable(found.why))


def print_facts(facts: FactsDiff) -> None:
    """What is said otherwise, a line each; but not where `latest` is, which mostly moves."""
    rows = [(name, f"{old or 'none'} → {new or 'none'}") for name, old, new in facts.without_alias(LATEST).rows()]
    if rows:
        print_columns(rows)


def print_not_inside(diff: FileDiff, kind: Kind) -> None:
    """Says that none of the files that differ could be looked into, if any differs."""
    if diff:
        print_line(f"no file that has changed is of a format with {kind.value} ({names(kind)}); give one as PATH to try it all the same")


def prefix_of(found: PinDiff) -> str:
    """What comes before the paths of its files, to make them those from the current folder."""
    path = os.path.relpath(found.path)
    folder = os.path.dirname(path) if found.is_file else path
    return f"{folder}/" if folder else ""


def _lines(diff: FileDiff, prefix: str) -> Iterator[tuple[bytes, str, str, str]]:
    """Of each path: what the lines are sorted by, the letter, the path as it is shown, a note."""
    yield from ((path.encode(), "A", prefix + path, _size(entry)) for path, entry in diff.added)
    yield from ((path.encode(), "D", prefix + path, _size(entry)) for path, entry in diff.removed)
    yield from ((item.path.encode(), "M", prefix + item.path, _change(item)) for item in diff.modified)
    for item in diff.renamed:
        yield item.old_path.encode(), _renamed(item), f"{prefix}{item.old_path} → {prefix}{item.path}", _size(item.entry) + _likeness(item)
    yield from ((item.path.encode(), "M", prefix + item.path, _kinds(item)) for item in diff.mode_changed)
    yield from ((item.path.encode(), "T", prefix + item.path, _kinds(item)) for item in diff.type_changed)


def _renamed(item: Renamed) -> str:
    return "R" if item.similarity == 100 else f"R{item.similarity:03}"


def _likeness(item: Renamed) -> str:
    return f"  {item.similarity} % the same" if 0 < item.similarity < 100 else ""


def _change(item: Altered) -> str:
    sizes = f"{_size(item.old)} → {_size(item.new)}"
    return sizes if item.old.kind == item.new.kind else f"{sizes}  {_kinds(item)}"


def _size(entry: Entry) -> str:
    return "?" if entry.size == UNKNOWN_SIZE else size(entry.size)


def _kinds(item: Altered) -> str:
    return f"{EntryKind(item.old.kind).name.lower()} → {EntryKind(item.new.kind).name.lower()}"
