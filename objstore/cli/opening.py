"""Which repository a command works on."""

import contextlib
import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from objstore.blobs.address import Address
from objstore.cli.output import listed
from objstore.errors import InvalidInputError, NotFoundError
from objstore.repository import places
from objstore.repository.project import Project, open_project
from objstore.repository.workingtree import WorkingTree
from objstore.values.printable import printable

P = ParamSpec("P")
T = TypeVar("T")

ROOT_VARIABLE = "OBJSTORE_ROOT"


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


def opened_project(named: str = "") -> Project:
    """The project there, to be closed by the caller.

    Where there is none, a root may be there, or the environment may name one; `named` is a name that may say which of its projects.
    """
    try:
        if "://" in start():
            return Project.at(Address.parse(start()))
        return open_project(start_folder(), tell_setting_up)
    except NotFoundError as error:
        found = _in_root(named, is_nothing_near=isinstance(error, places.NoRepositoryError))
        if found is None:
            raise
        return found


def _in_root(named: str, *, is_nothing_near: bool) -> Project | None:
    from objstore.cli import neighbours  # most commands are called where a repository is

    if start() != ".":
        return neighbours.chosen(Address.parse(start()), named)
    address = os.environ.get(ROOT_VARIABLE)
    if not address or not is_nothing_near:
        return None
    found = neighbours.chosen(Address.parse(address), named)
    if found is None:
        raise NotFoundError(f"there are no projects in {printable(address)}, which {ROOT_VARIABLE} names; is the address right?")
    return found


def tell_project(project: Project) -> None:
    """Says which project it is where its root has others too. Not of one in a bucket, where that is as the address says."""
    root = project.folder.parent.parent
    others = [name for name in places.projects_in(root) if name != project.name] if project.bucket is None else []
    if others:
        there = printable(os.path.relpath(root / others[0]))
        click.echo(f"project {project.name}; there is also {listed(others)}: objstore -C {there} …", err=True)


def with_project(function: Callable[Concatenate[Project, P], T]) -> Callable[P, T]:
    """Passes the open project as the first argument, and closes it afterwards."""

    @functools.wraps(function)
    def opened(*args: P.args, **kwargs: P.kwargs) -> T:
        with opened_project() as project:
            return function(project, *args, **kwargs)

    return opened


def with_named_project(function: Callable[Concatenate[Project, P], T]) -> Callable[P, T]:
    """The same for a command that only reads its argument `name`: the project is the one of its root that the name is in."""

    @functools.wraps(function)
    def opened(*args: P.args, **kwargs: P.kwargs) -> T:
        name = kwargs["name"]
        assert isinstance(name, str)
        with opened_project(name) as project:
            if "/" not in name:
                return function(project, *args, **kwargs)
            from objstore.cli import neighbours

            with neighbours.of_name(project, name) or contextlib.nullcontext(project) as named:
                return function(named, *args, **kwargs)

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
