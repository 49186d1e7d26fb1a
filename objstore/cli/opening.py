"""Which repository a command works on."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import click

from objstore.repository.project import Project, open_project

P = ParamSpec("P")
T = TypeVar("T")


def start_folder() -> Path:
    """Where to look for the repository: the current folder, or what -C says."""
    return click.get_current_context().find_root().ensure_object(Path)


def with_project(function: Callable[Concatenate[Project, P], T]) -> Callable[P, T]:
    """Passes the open project as the first argument, and closes it afterwards."""

    @functools.wraps(function)
    def opened(*args: P.args, **kwargs: P.kwargs) -> T:
        with open_project(start_folder()) as project:
            return function(project, *args, **kwargs)

    return opened


def tell_waiting() -> None:
    """Says that another process has to finish first."""
    click.echo("waiting until another objstore has finished with this repository …", err=True)
