"""`objstore diff`: what differs between two sides."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from objstore.cli import completing, naming
from objstore.cli.differences import prefix_of, print_diff, print_pins
from objstore.cli.failing import DIFFERENT
from objstore.cli.opening import start_folder, with_project
from objstore.cli.output import as_json, print_json, print_line, print_warning
from objstore.cli.progress import progress
from objstore.cli.views import View, chosen, view_options
from objstore.errors import InvalidInputError
from objstore.history.collection import Version
from objstore.history.names import parse_name
from objstore.repository.comparing import Comparison, compare
from objstore.repository.githooks import repository_of
from objstore.repository.pindiffs import PinDiff, diff_revisions, diff_working_tree
from objstore.repository.project import Project
from objstore.repository.workingtree import WorkingTree
from objstore.values.paths import canonical


@click.command()
@click.argument("sides", metavar="[A B [PATH...] | PATH | --git REV1 [REV2]]", nargs=-1, shell_complete=completing.versions)
@click.option("--git", "of_git", is_flag=True, help="Compare the pins of two Git revisions; of one, with the pins as they are now.")
@view_options
@as_json
@with_project
def command(project: Project, /, sides: Sequence[str], of_git: bool, as_json: bool, **views: bool) -> int:
    """Show what differs between versions, folders, or pins.

    A and B are each NAME[:V], or a folder on the disk, compared as it would be added. When a collection and a folder have the same
    name the collection is meant; write ./NAME for the folder. With PATHs, only what is at or below one of these on either side.
    Without sides, what has changed at pinned paths (or at PATH) since the pinned versions. The exit code is 1 when anything differs,
    0 when nothing does.

    \b
    Example:
      objstore diff images:v1 images:v2
      objstore diff images ./images --stat
      objstore diff images:v1 images:v2 --text labels notes.md
      objstore diff
      objstore diff --git main
    """
    view = chosen(views, as_json=as_json)
    if of_git or len(sides) < 2:
        tree = WorkingTree.of(project)
        return _tell_pins(_pins_of_git(tree, sides) if of_git else _pins(tree, sides), view, as_json)
    old, new, *paths = sides
    with progress() as shown:
        found = compare(project, side(project, old), side(project, new), shown).below([canonical(path).encode() for path in paths])
    if as_json:
        print_json({"old": old, "new": new, **_as_dict(found, view)})
    else:
        _show(found, "", view)
    return DIFFERENT if found.files else 0


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


def _tell_pins(found: Sequence[PinDiff], view: View | None, as_json: bool) -> int:
    if as_json:
        print_json([_pins_as_dict(item, view) for item in found])
    elif view is not None and view.is_for_programs:
        for item in found:
            if item.comparison is not None:
                _show(item.comparison, prefix_of(item), view)
            else:
                print_warning(f"{os.path.relpath(item.path)}: {item.why}")
    elif not found:
        print_line("no differences")
    else:
        for at, item in enumerate(found):
            if at:
                print_line("")
            print_pins(item)
            if item.comparison is not None:
                _show(item.comparison, prefix_of(item), view)
    return DIFFERENT if found else 0


def _show(found: Comparison, prefix: str, view: View | None) -> None:
    if view is None:
        print_diff(found.files, prefix)
    else:
        view.show(found, prefix)


def _as_dict(found: Comparison, view: View | None) -> dict[str, object]:
    return found.files.to_dict() | (view.fields(found) if view is not None and view.fields is not None else {})


def _pins_as_dict(item: PinDiff, view: View | None) -> dict[str, object]:
    told = {"path": os.path.relpath(item.path), "old": item.old, "new": item.new, "why": item.why or None}
    return told | (_as_dict(item.comparison, view) if item.comparison is not None else {})
