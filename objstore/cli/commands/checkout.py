"""`objstore checkout`: makes pinned paths their versions."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from objstore.cli import completing, naming
from objstore.cli.opening import tell_waiting, with_tree
from objstore.cli.output import as_json, print_json, print_line
from objstore.cli.pins import print_to_commit
from objstore.cli.progress import progress
from objstore.cli.switching import print_switched
from objstore.errors import InvalidInputError, NotFoundError
from objstore.history.names import parse_name
from objstore.repository.switching import Placement, Switched, moved, switch
from objstore.repository.workingtree import WorkingTree


@click.command()
@click.argument("words", metavar="[PATH… | NAME:V [PATH]]", nargs=-1, shell_complete=completing.versions)
@click.option("--force", is_flag=True, help="Overwrite files even where no version holds what is in them.")
@as_json
@with_tree
def command(tree: WorkingTree, words: Sequence[str], force: bool, as_json: bool) -> None:
    """Make pinned paths their versions, or move them to others.

    Each PATH, or without one every pinned path, becomes exactly the version that its pin names: what differs is written, what the
    version hasn't got is removed, what is ignored is left alone. A PATH inside a pinned one means only that part. Nothing is
    touched when a file would be lost that no version holds.

    With NAME:V the path that pins this collection gets another version, and its pin says so. PATH tells which, where several do,
    or where the version shall be pinned anew.

    \b
    Example:
      objstore checkout
      objstore checkout data
      objstore checkout images:v2
    """
    with progress() as shown:
        done = switch(tree, _wanted(tree, words), shown, force=force, waiting=tell_waiting)
    if as_json:
        print_json([_as_dict(switched) for switched in done])
        return
    for switched in done:
        print_switched(switched)
    if not done:
        print_line("nothing is pinned here; `objstore add PATH`, or `objstore checkout NAME:V PATH`, pins a version to a path")
    print_to_commit([file for switched in done for file in switched.to_commit])


def _wanted(tree: WorkingTree, words: Sequence[str]) -> list[Placement]:
    named = [word for word in words if _is_version(word)]
    if not named:
        chosen = tree.choose([Path(word) for word in words])
        return [Placement(path, tree.read(path), inside) for path, inside in chosen]
    if len(words) > 2 or words[0] != named[0] or len(named) > 1:
        raise InvalidInputError("give one NAME:V, and after it the path where it belongs")
    collection, version = naming.version(tree.project, words[0])
    path = tree.inside(Path(words[1])) if len(words) == 2 else _path_of(tree, collection.name)
    if path is None:
        raise InvalidInputError(f"{words[1]} is outside of the working tree {tree.top}")
    return [moved(tree, path, collection, version)]


def _is_version(word: str) -> bool:
    """Whether a word says which version; a path that looks like one is written ./PATH."""
    try:
        return parse_name(word).ref is not None and not os.path.lexists(word)
    except InvalidInputError:
        return False


def _path_of(tree: WorkingTree, collection: str) -> Path:
    """The one path that pins a collection."""
    paths = tree.paths_of(collection)
    if not paths:
        for path in tree.pinned():
            tree.read(path)  # one that can't be used may be the one that is meant
        raise NotFoundError(f"no path is pinned to {collection}; say where: objstore checkout {collection}:V PATH")
    if len(paths) > 1:
        shown = ", ".join(os.path.relpath(path) for path in paths)
        raise InvalidInputError(f"{collection} is pinned at {shown}; say which: objstore checkout {collection}:V PATH")
    return paths[0]


def _as_dict(switched: Switched) -> dict[str, object]:
    outcome = switched.outcome
    counts = {"written": outcome.written, "written_bytes": outcome.written_bytes, "removed": len(outcome.removed)}
    return {"path": os.path.relpath(switched.path), "name": switched.name, **counts}
