"""`objstore add`: takes files in as a version."""

import json
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import as_json, print_json, print_line, print_warning
from objstore.cli.pins import print_to_commit
from objstore.cli.progress import progress
from objstore.cli.sizes import counted, size
from objstore.cli.versions import as_dict
from objstore.errors import InvalidInputError, PathCollisionWarning
from objstore.repository.adding import Labels, Logged, add, suggested_name
from objstore.repository.gitfiles import is_tracked
from objstore.repository.pinning import path_to_pin, pin, pin_at, pin_of
from objstore.repository.project import Project
from objstore.repository.workingtree import WorkingTree
from objstore.worktree.ignore import Patterns
from objstore.worktree.pinfiles import pin_file


@click.command()
@click.argument("paths", metavar="PATH…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-n", "--name", help="The collection; else the base name of the one PATH.")
@click.option("-t", "--type", "type_", metavar="TYPE", help="The collection's type, like model; else what it is, or dataset.")
@click.option("-a", "--alias", "aliases", metavar="ALIAS", multiple=True, help="An alias for the version, beside latest. Repeatable.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="A tag for the version. Repeatable.")
@click.option("-m", "--message", "description", metavar="TEXT", default="", help="A description of the version.")
@click.option("--meta", metavar="K=V", multiple=True, help="Metadata; V is JSON if it parses as such, else a string. Repeatable.")
@click.option("--include", metavar="PATTERN", multiple=True, help="Take only files that match (gitignore syntax). Repeatable.")
@click.option("--exclude", metavar="PATTERN", multiple=True, help="Leave out files that match (gitignore syntax). Repeatable.")
@click.option("--no-pin", is_flag=True, help="Leave the pin beside PATH as it is, or write none.")
@as_json
@with_project
def command(
    project: Project,
    paths: Sequence[Path],
    name: str | None,
    type_: str | None,
    aliases: tuple[str, ...],
    tags: tuple[str, ...],
    description: str,
    meta: Sequence[str],
    include: Sequence[str],
    exclude: Sequence[str],
    no_pin: bool,
    as_json: bool,
) -> None:
    """Take files in as a new version.

    One folder stands for its contents; several paths keep their names. A version that has the same content already is
    not made again: it becomes the latest and gets the aliases. Patterns in a file .objstoreignore (gitignore syntax) are left out.
    Paths that differ only by letter case or Unicode form are taken, with a warning when they first come in.

    One PATH in the folder that holds .objstore/ is pinned: PATH.objstore says which version belongs there. In a Git repository,
    PATH is added to .gitignore. Where there is a pin, its collection and patterns are taken unless others are given.

    \b
    Example:
      objstore add images/
      objstore add images/ -n pets -m "two more cats"
      objstore add model.safetensors config.json -n my-model -t model -a prod --meta epochs=3
    """
    tree = WorkingTree.of(project) if project.tree else None
    known = pin_at(tree, paths) if tree else None
    pinned = path_to_pin(tree, paths) if tree and not no_pin else None
    patterns = Patterns.of(include, exclude)
    if known is not None and not patterns:
        patterns = Patterns.of(known.include, known.exclude)
    if tree is not None and known is not None and name is None:
        name = tree.collection_name(known)
    labels = Labels(suggested_name(paths) if name is None else name, type_, aliases, tags, description, parsed_metadata(meta))
    warnings: list[PathCollisionWarning] = []
    with progress() as shown:
        logged = add(project, [pinned] if pinned else paths, labels, patterns, shown, tell_waiting, warnings.append)
    for warning in warnings:
        print_warning(str(warning))
    to_commit: list[Path] = []
    if tree is not None and pinned is not None:
        to_commit = pin(tree, pinned, pin_of(pinned, logged.collection, logged.version, patterns))
        if to_commit and is_tracked(pinned):
            where = os.path.relpath(pinned)
            print_warning(f"{where} is in Git too; `git rm -r --cached -- {shlex.quote(where)}` leaves it to objstore")
    if as_json:
        collection = project.state.collection(logged.collection)
        pins = {"pin": os.path.relpath(pin_file(pinned)) if pinned else None}
        print_json({**as_dict(collection, logged.version), "new": logged.is_new, "new_bytes": logged.new_bytes, **pins})
    else:
        print_line(_summary(logged))
        print_to_commit(to_commit)


def parsed_metadata(pairs: Sequence[str]) -> dict[str, Any]:
    """What `--meta K=V …` says."""
    metadata: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise InvalidInputError(f"--meta {pair!r} isn't of the form K=V, like epochs=3")
        if key in metadata:
            raise InvalidInputError(f"--meta gives {key!r} twice")
        try:
            metadata[key] = json.loads(value)
        except (ValueError, RecursionError):
            metadata[key] = value
    return metadata


def _summary(logged: Logged) -> str:
    if not logged.is_new:
        return f"{logged.name}  unchanged"
    version = logged.version
    return f"{logged.name}  {counted(version.files, 'file')}  {size(version.bytes)}  +{size(logged.new_bytes)} new"
