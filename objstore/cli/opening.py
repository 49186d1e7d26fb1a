"""Which repository a command works on."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from objstore.blobs.address import Address
from objstore.errors import InvalidInputError
from objstore.repository.project import Project, open_project
from objstore.repository.workingtree import WorkingTree
from objstore.values.printable import printable

P = ParamSpec("P")
T = TypeVar("T")


class Folder(click.Path):
    """A folder of this machine: a URL would become folders of odd names."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if "://" in os.fspath(value):
            self.fail(
                f"{printable(os.fspath(value))} is a URL; give a folder here (`objstore remote add` shares a project at a URL)", param, ctx
            )
        return super().convert(value, param, ctx)


def start() -> str:
    """Where the repository is, or below it: the current folder, or what -C says, which may be a URL."""
    found: str | None = click.get_current_context().find_root().obj
    return found or "."


def start_folder() -> Path:
    """The same for what needs a folder."""
    if "://" not in start():
        return Path(start())
    folder = Address.parse(start()).folder
    if folder is None:
        raise InvalidInputError(f"this needs a folder, and {start()} is elsewhere; `objstore clone` makes one of it")
    return folder


def opened_project() -> Project:
    """The project there, to be closed by the caller."""
    if "://" in start():
        return Project.at(Address.parse(start()))
    return open_project(start_folder(), tell_setting_up)


def with_project(function: Callable[Concatenate[Project, P], T]) -> Callable[P, T]:
    """Passes the open project as the first argument, and closes it afterwards."""

    @functools.wraps(function)
    def opened(*args: P.args, **kwargs: P.kwargs) -> T:
        with opened_project() as project:
            return function(project, *args, **kwargs)

    return opened


def with_tree(function: Callable[Concatenate[WorkingTree, P], T]) -> Callable[P, T]:
    """Passes the working tree, with the open project, as the first argument, and closes it afterwards."""

    @functools.wraps(function)
    def opened(*args: P.args, **kwargs: P.kwargs) -> T:
        with open_project(start_folder(), tell_setting_up) as project:
            return function(WorkingTree.of(project), *args, **kwargs)

    return opened


def tell_waiting() -> None:
    """Says that another process has to finish first."""
    click.echo("waiting until another objstore has finished with this repository …", err=True)


def tell_setting_up(tree: Path) -> None:
    """Says that a clone of a Git repository gets its own `.objstore/`."""
    click.echo(f"setting up {printable(os.path.relpath(tree / '.objstore'))} for the project in objstore.toml", err=True)
