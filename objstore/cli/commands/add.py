"""`objstore add`: takes files in as a version."""

import json
import os
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
from objstore.repository.adding import add
from objstore.repository.logging import Labels, Logged
from objstore.repository.pinnedadd import PinnedAdd
from objstore.repository.project import Project
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

    One PATH, anywhere below the folder that holds .objstore/, is pinned: PATH.objstore says which version belongs there. In a Git
    repository, PATH is added to .gitignore. Where there is a pin, its collection and patterns are taken unless others are given.

    \b
    Example:
      objstore add images/
      objstore add images/ -n pets -m "two more cats"
      objstore add model.safetensors config.json -n my-model -t model -a prod --meta epochs=3
    """
    pinned = PinnedAdd.of(project, paths, name, Patterns.of(include, exclude), no_pin=no_pin)
    labels = Labels(pinned.name, type_, aliases, tags, description, parsed_metadata(meta))
    warnings: list[PathCollisionWarning] = []
    with pinned.alone(tell_waiting):
        with progress() as shown:
            logged = add(project, pinned.sources, labels, pinned.patterns, shown, tell_waiting, warnings.append)
        to_commit = pinned.record(logged)
    for warning in (*map(str, warnings), *pinned.warnings()):
        print_warning(warning)
    if as_json:
        collection = project.state.collection(logged.collection)
        pin = os.path.relpath(pin_file(pinned.path)) if pinned.path else None
        print_json({**as_dict(collection, logged.version), "new": logged.is_new, "new_bytes": logged.new_bytes, "pin": pin})
    else:
        kept = "  (its message and metadata stay as they were)" if not logged.is_new and (description or meta) else ""
        print_line(_summary(logged) + kept)
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
