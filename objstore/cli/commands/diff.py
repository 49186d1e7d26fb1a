"""`objstore diff`: what differs between two sides."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click

from objstore.cli import completing
from objstore.cli.differences import prefix_of, print_diff, print_facts, print_pins
from objstore.cli.failing import DIFFERENT
from objstore.cli.opening import start_folder, with_project
from objstore.cli.output import as_json, print_json, print_line, print_warning
from objstore.cli.pins import NOTHING_PINNED
from objstore.cli.progress import progress
from objstore.cli.views import View, chosen, view_options
from objstore.comparison.facts import FactsDiff, compare_facts
from objstore.errors import CorruptionError, InvalidInputError, NotFoundError
from objstore.history.names import parse_name
from objstore.repository.comparing import Comparison, OfVersion, compare
from objstore.repository.githooks import repository_of
from objstore.repository.naming import is_here
from objstore.repository.pindiffs import PinDiff, diff_revisions, diff_working_tree
from objstore.repository.project import Project
from objstore.repository.sides import VersionSide, named_side
from objstore.repository.workingtree import WorkingTree
from objstore.values.paths import canonical


@click.command()
@click.argument("sides", metavar="[A B [PATH...] | PATH | --git REV1 [REV2]]", nargs=-1, shell_complete=completing.versions)
@click.option("--git", "of_git", is_flag=True, help="Compare the pins of two Git revisions; of one, with the pins as they are now.")
@view_options
@as_json
@with_project
def command(project: Project, /, sides: Sequence[str], of_git: bool, as_json: bool, **views: Any) -> int:
    """Show what differs between versions, folders, or pins.

    A and B are each NAME[:V], or a folder on the disk, compared as it would be added. When a collection and a folder have the same
    name the collection is meant; write ./NAME for the folder. NAME[:V]::PLACE is a version in another repository, at a project's URL, or
    in a remote. With PATHs, only what is at or below one of these on either side.
    Without sides, what has changed at pinned paths (or at PATH) since the pinned versions. The exit code is 1 when anything differs,
    0 when nothing does.

    \b
    Example:
      objstore diff images:v1 images:v2
      objstore diff images ./images --stat
      objstore diff images:v1 images:v2 --text labels notes.md
      objstore diff images:v1 images:v2 --rows labels/train.csv --key id
      objstore diff model:v7 model:best::origin --tensors
      objstore diff
      objstore diff --git main
    """
    if of_git or len(sides) < 2:
        view = chosen(views, sides if not of_git else (), as_json=as_json)
        tree = WorkingTree.of(project)
        return _tell_pins(_pins_of_git(tree, sides) if of_git else _pins(tree, sides), view, as_json)
    old, new, *paths = sides
    inside = [canonical(path) for path in paths]
    view = chosen(views, inside, as_json=as_json)
    with ExitStack() as opened:
        before, after = (named_side(project, side, opened.enter_context) for side in (old, new))
        opened.enter_context(_telling_where(project, before, after))
        with progress() as shown:
            found = compare(project, _held(before), _held(after), shown).below([path.encode() for path in inside])
        facts = None if isinstance(before, Path) or isinstance(after, Path) else compare_facts(before.facts, after.facts)
        if as_json:
            print_json({"old": old, "new": new, **_as_dict(found, view, facts)})
        else:
            _show(found, "", view)
            if facts is not None and view is None and not paths:
                print_facts(facts)
    return DIFFERENT if found.files else 0


@contextmanager
def _telling_where(project: Project, *sides: VersionSide | Path) -> Iterator[None]:
    """Around what reads versions: says of damage in which other places it may be, since fsck looks at one place alone."""
    try:
        yield
    except CorruptionError as error:
        elsewhere = [side.project.location for side in sides if isinstance(side, VersionSide) and side.project is not project]
        if not elsewhere:
            raise
        raise CorruptionError(f"{error} (here, or in {' or '.join(dict.fromkeys(elsewhere))}, where a side is)") from error


def _held(side: VersionSide | Path) -> OfVersion | Path:
    return side if isinstance(side, Path) else side.held


def _pins(tree: WorkingTree, paths: Sequence[str]) -> Sequence[PinDiff]:
    try:
        chosen = tree.choose([Path(path) for path in paths])
    except NotFoundError as error:
        if any(map(partial(_is_version, tree.project), paths)):
            raise InvalidInputError(f"{paths[0]} is one side of a diff; give the other too: a version, or a folder") from error
        raise
    if not chosen:
        print_warning(f"{NOTHING_PINNED}; `objstore diff A B` compares any versions and folders")
    with progress() as shown:
        return list(diff_working_tree(tree, chosen, shown))


def _is_version(project: Project, text: str) -> bool:
    """Whether it is called like a version that there may be, here or elsewhere."""
    try:
        name = parse_name(text.partition("::")[0])
    except InvalidInputError:
        return False
    return "::" in text or (is_here(project, name) and project.state.find_collection(name.collection) is not None)


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


def _as_dict(found: Comparison, view: View | None, facts: FactsDiff | None = None) -> dict[str, object]:
    told = {**found.files.to_dict(), "facts": None if facts is None else facts.to_dict()}
    return told | (view.fields(found) if view is not None and view.fields is not None else {})


def _pins_as_dict(item: PinDiff, view: View | None) -> dict[str, object]:
    told = {"path": os.path.relpath(item.path), "old": item.old, "new": item.new, "why": item.why or None}
    return told | (_as_dict(item.comparison, view) if item.comparison is not None else {})
