"""`objstore diff`: what differs between two sides."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from objstore.cli import completing, naming
from objstore.cli.differences import print_diff, print_pin_diff
from objstore.cli.failing import DIFFERENT
from objstore.cli.opening import start_folder, with_project
from objstore.cli.output import as_json, print_json, print_line
from objstore.cli.progress import progress
from objstore.errors import InvalidInputError
from objstore.history.collection import Version
from objstore.history.names import parse_name
from objstore.repository.comparing import diff_files
from objstore.repository.githooks import repository_of
from objstore.repository.pindiffs import PinDiff, diff_revisions, diff_working_tree
from objstore.repository.project import Project
from objstore.repository.workingtree import WorkingTree


@click.command()
@click.argument("sides", metavar="[A B | PATH | --git REV1 [REV2]]", nargs=-1, shell_complete=completing.versions)
@click.option("--git", "of_git", is_flag=True, help="Compare the pins of two Git revisions; of one, with the pins as they are now.")
@as_json
@with_project
def command(project: Project, sides: Sequence[str], of_git: bool, as_json: bool) -> int:
    """Show what differs between versions, folders, or pins.

    A and B are each NAME[:V], or a folder on the disk, compared as it would be added. When a collection and a folder have the same
    name the collection is meant; write ./NAME for the folder. Without them, what has changed at pinned paths (or at PATH) since the
    pinned versions. The exit code is 1 when anything differs, 0 when nothing does.

    \b
    Example:
      objstore diff images:v1 images:v2
      objstore diff images ./images
      objstore diff
      objstore diff --git main
    """
    if of_git or len(sides) < 2:
        tree = WorkingTree.of(project)
        return _tell(_pins_of_git(tree, sides) if of_git else _pins(tree, sides), as_json)
    if len(sides) > 2:
        raise InvalidInputError("diff compares two sides; give no more than A and B")
    old, new = sides
    with progress() as shown:
        found = diff_files(project, side(project, old), side(project, new), shown)
    if as_json:
        print_json({"old": old, "new": new, **found.to_dict()})
    else:
        print_diff(found)
    return DIFFERENT if found else 0


def side(project: Project, text: str) -> Version | Path:
    """The version or the folder that is meant."""
    folder = Path(text)
    if text.startswith((".", "/")):
        return folder
    looks_like_folder = "/" in text or folder.exists()
    try:
        name = parse_name(text)
    except InvalidInputError:
        if looks_like_folder:
            return folder
        raise
    is_known = naming.is_here(project, name) and project.state.find_collection(name.collection) is not None
    return folder if looks_like_folder and name.ref is None and not is_known else naming.version(project, text).version


def _pins(tree: WorkingTree, paths: Sequence[str]) -> Sequence[PinDiff]:
    with progress() as shown:
        return list(diff_working_tree(tree, tree.choose([Path(path) for path in paths]), shown))


def _pins_of_git(tree: WorkingTree, revisions: Sequence[str]) -> Sequence[PinDiff]:
    if not 1 <= len(revisions) <= 2:
        raise InvalidInputError("diff --git compares one Git revision with the pins as they are now, or two: give REV1 [REV2]")
    old, new = (*revisions, None)[:2]
    assert old is not None
    return list(diff_revisions(tree, repository_of(Path(os.path.realpath(start_folder()))), old, new))


def _tell(found: Sequence[PinDiff], as_json: bool) -> int:
    if as_json:
        print_json([_as_dict(item) for item in found])
    elif not found:
        print_line("no differences")
    else:
        for at, item in enumerate(found):
            if at:
                print_line("")
            print_pin_diff(item)
    return DIFFERENT if found else 0


def _as_dict(item: PinDiff) -> dict[str, object]:
    told = {"path": os.path.relpath(item.path), "old": item.old, "new": item.new, "why": item.why or None}
    return told | (item.diff.to_dict() if item.diff is not None else {})
