"""The ways in which `objstore diff` shows what differs, beside its list of files: one option each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
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


# The option, the module that has its VIEW, which is loaded when it is used, and the option's help.
_VIEWS = (
    ("--stat", "objstore.cli.stat", "Sum up each folder, and say how much a pull moves at most."),
    ("--name-status", "objstore.cli.namestatus", "Print letters and paths as `git diff --name-status -M` does."),
    ("--text", "objstore.cli.textdiff", "Show what differs inside of text files, line by line."),
)


def view_options(command: F) -> F:
    """Gives a command the options; what they say is for `chosen`, as keyword arguments."""
    for option, _, told in reversed(_VIEWS):
        command = click.option(option, _parameter(option), is_flag=True, help=told)(command)
    return command


def chosen(options: Mapping[str, bool], *, as_json: bool) -> View | None:
    """The view that was asked for; None for the list of files. InvalidInputError for several, or one that is no JSON, with `--json`."""
    asked = [(option, module) for option, module, _ in _VIEWS if options[_parameter(option)]]
    if not asked:
        return None
    option, module = asked[0]
    if len(asked) > 1:
        raise InvalidInputError(f"{option} and {asked[1][0]} can't be used together; give one of them")
    view: View = import_module(module).VIEW
    if as_json and view.fields is None:
        raise InvalidInputError(f"{option} and --json can't be used together; JSON has all that {option} prints")
    return view


def _parameter(option: str) -> str:
    return "view_" + option.strip("-").replace("-", "_")
