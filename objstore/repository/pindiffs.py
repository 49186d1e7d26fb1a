"""Diffs of what pins name: against the working tree, or between two Git revisions."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from objstore.comparison.files.diff import FileDiff
from objstore.errors import InvalidInputError, NotFoundError, UnsupportedFormatError
from objstore.host.git import Git
from objstore.host.progress import Progress
from objstore.manifest.sides import Side
from objstore.repository.comparing import Comparison, OfFolder, OfVersion, compared
from objstore.repository.surveying import side_of, source_at, surveyed
from objstore.repository.workingtree import Chosen, WorkingTree
from objstore.worktree.pin import FILE, Pin
from objstore.worktree.pinfiles import SUFFIX, is_pin_name, pinned_path

WORKING_TREE = "working tree"


@dataclass(frozen=True)
class PinDiff:
    """What differs at one path. Either side is named as `pets:v1`; None where there is no pin."""

    path: Path
    old: str | None
    new: str | None
    comparison: Comparison | None
    """None when a version can't be compared: `why` says so."""
    why: str = ""
    is_file: bool = False

    @property
    def diff(self) -> FileDiff | None:
        return self.comparison.files if self.comparison else None


def diff_working_tree(tree: WorkingTree, chosen: Sequence[Chosen], progress: Progress) -> Iterator[PinDiff]:
    """What has changed at each path since its pinned version; unchanged paths are left out. Reads the files that may have changed."""
    for path, inside in chosen:
        pin = tree.read(path)
        name = str(tree.version(pin))
        with surveyed(tree, path, pin, progress, tree.project.clock_for([path]), read_all=True) as survey:
            survey.remember()
            before, after = OfVersion(tree.project.database, pin.root), OfFolder(source_at(path, pin))
            found = compared(tree.project, side_of(tree.project.database, pin, path), before, survey.side, after)
        if inside:
            found = replace(found, files=found.files.below([inside]))
        if found.files:
            yield PinDiff(path, name, WORKING_TREE, found, is_file=pin.kind == FILE)


def diff_revisions(tree: WorkingTree, git: Git, old: str, new: str | None) -> Iterator[PinDiff]:
    """What the pins of two Git revisions differ in; None for the pin files as they are now. NotFoundError for an unknown revision."""
    before = _pins_at(tree, git, git.commit(old))
    after = _pins_now(tree, git) if new is None else _pins_at(tree, git, git.commit(new))
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            yield _between(tree, path, before.get(path), after.get(path))


def _between(tree: WorkingTree, path: Path, old: Pin | str | None, new: Pin | str | None) -> PinDiff:
    is_file = any(isinstance(side, Pin) and side.kind == FILE for side in (old, new))
    try:
        found = compared(tree.project, _side(tree, path, old), _opened(tree, old), _side(tree, path, new), _opened(tree, new))
    except (NotFoundError, InvalidInputError) as error:
        return PinDiff(path, _named(old), _named(new), None, str(error), is_file)
    return PinDiff(path, _named(old), _named(new), found, is_file=is_file)


def _named(pin: Pin | str | None) -> str | None:
    return str(pin) if isinstance(pin, Pin) else pin and "an unusable pin"


def _side(tree: WorkingTree, path: Path, pin: Pin | str | None) -> Side:
    if isinstance(pin, str):
        raise InvalidInputError(pin)
    if pin is None:
        return Side(tree.project.database, None)
    tree.version(pin)
    return side_of(tree.project.database, pin, path)


def _opened(tree: WorkingTree, pin: Pin | str | None) -> OfVersion:
    return OfVersion(tree.project.database, pin.root if isinstance(pin, Pin) else None)


def _pins_now(tree: WorkingTree, git: Git) -> dict[Path, Pin | str]:
    """The pins of the working tree that are in this Git repository: others in it may be in repositories of their own."""
    top = Path(os.path.realpath(git.top))
    return {path: _now(tree, path) for path in tree.pinned() if Git.of(path.parent) == Git(top)}


def _pins_at(tree: WorkingTree, git: Git, commit: str) -> dict[Path, Pin | str]:
    """The pins of the working tree as a commit has them, or why one can't be used."""
    found: dict[Path, Pin | str] = {}
    for file, data in git.files(commit, SUFFIX):
        where = Path(os.path.realpath(git.top)) / file
        if is_pin_name(where.name) and where.is_relative_to(tree.top) and not tree.is_apart(where):
            found[pinned_path(where)] = _decoded(data, f"{file} in {commit[:12]}")
    return found


def _now(tree: WorkingTree, path: Path) -> Pin | str:
    try:
        return tree.read(path)
    except (InvalidInputError, UnsupportedFormatError) as error:
        return str(error)


def _decoded(data: bytes, where: str) -> Pin | str:
    try:
        return Pin.decode(data, where)
    except (InvalidInputError, UnsupportedFormatError) as error:
        return str(error)
