"""The ways in which `objstore diff` shows what differs, beside its list of files: one option each."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from objstore.errors import InvalidInputError
from objstore.repository.comparing import Comparison

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class View:
    """A way of showing a comparison. Its contents may be read while it is shown."""

    show: Callable[[Comparison, str], None]
    """Prints it; the text comes before each path."""
    fields: Callable[[Comparison], dict[str, Any]] | None = None
    """What it adds to JSON (spec/diff.md); None for one that can't be asked for together with JSON."""
    is_for_programs: bool = False
    """Whether it prints nothing else, such as what is compared with what."""


@dataclass(frozen=True)
class Asked:
    """What the options and arguments of the command say beside which view is wanted."""

    paths: Sequence[str] = ()
    """Those to which the diff is limited."""
    key: Sequence[str] = ()
    parquet: Path | None = None


# The option, the module whose `view` makes its view, which is loaded when it is used, and the option's help.
_VIEWS = (
    ("--stat", "objstore.cli.stat", "Sum up each folder, and say how much a pull moves at most."),
    ("--name-status", "objstore.cli.namestatus", "Print letters and paths as `git diff --name-status -M` does."),
    ("--text", "objstore.cli.textdiff", "Show what differs inside of text files, line by line."),
    ("--rows", "objstore.cli.rowdiff", "Show what differs inside of tables: CSV, TSV, JSON Lines, Parquet."),
    ("--tensors", "objstore.cli.tensordiff", "Show what differs inside of files of tensors: safetensors, npy, npz."),
)

_OF_ROWS = (
    ("--key", "COL[,COL...]", "With --rows: the columns that tell which row is which; without, a key is looked for."),
    ("--parquet", "PLACE", "With --rows: write all rows that differ there, into FILE.parquet, or a folder with a file for each table."),
)


def view_options(command: F) -> F:
    """Gives a command the options; what they say is for `chosen`, as keyword arguments."""
    for name, placeholder, told in reversed(_OF_ROWS):
        command = click.option(name, metavar=placeholder, help=told)(command)
    for option, _, told in reversed(_VIEWS):
        command = click.option(option, _parameter(option), is_flag=True, help=told)(command)
    return command


def chosen(options: Mapping[str, Any], paths: Sequence[str], *, as_json: bool) -> View | None:
    """The view that was asked for; None for the list of files. InvalidInputError for what can't be asked for together.

    `paths`: those to which the diff is limited.
    """
    asked = [(option, module) for option, module, _ in _VIEWS if options[_parameter(option)]]
    if len(asked) > 1:
        raise InvalidInputError(f"{asked[0][0]} and {asked[1][0]} can't be used together; give one of them")
    option, module = asked[0] if asked else ("", "")
    misplaced = [name for name, _, _ in _OF_ROWS if options[_parameter_of_rows(name)] is not None and option != "--rows"]
    if misplaced:
        raise InvalidInputError(f"{misplaced[0]} is about rows; give it together with --rows")
    if not asked:
        return None
    view: View = import_module(module).view(
        Asked(paths, _columns(options["key"] or ""), Path(options["parquet"]) if options["parquet"] else None)
    )
    if as_json and view.fields is None:
        raise InvalidInputError(f"{option} and --json can't be used together; JSON has all that {option} prints")
    return view


def _columns(text: str) -> tuple[str, ...]:
    """Names between commas; as in CSV, one that has a comma or a line break stands in quotes."""
    try:
        return tuple(name for names in csv.reader([text]) for name in names)
    except csv.Error as error:
        raise InvalidInputError(f"--key {text!r} can't be taken apart into names; write a name with a line break in quotes") from error


def _parameter(option: str) -> str:
    return "view_" + option.strip("-").replace("-", "_")


def _parameter_of_rows(option: str) -> str:
    return option.strip("-")
