"""Which pins Git has just moved."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from objstore.errors import InvalidInputError, NotFoundError, UnsupportedFormatError
from objstore.host.git import Git
from objstore.repository import places
from objstore.repository.project import open_project
from objstore.repository.surveying import known_root
from objstore.repository.workingtree import WorkingTree
from objstore.worktree.pin import Pin
from objstore.worktree.pinfiles import SUFFIX, is_pin_file, pinned_path

_WHOLE_BRANCH = "1"
_SQUASH = "1"


def moved_pins(git: Git, hook: str, arguments: Sequence[str]) -> dict[Path, list[Path]]:
    """The pinned paths, by the working tree that they are in, whose pins may be others after what made Git run this hook.

    After a switch to another commit or a merge those that differ between the two commits, or all in a new working tree. After anything
    else (`merge --squash`, say), where Git doesn't tell, all pins in its index: see `is_certain` and `is_moved`.
    """
    commits = _commits(hook, arguments)
    files = git.changed(*commits, SUFFIX) if commits else git.tracked(SUFFIX)
    found = defaultdict(list)
    for file in files:
        with suppress(NotFoundError):
            if is_pin_file(git.top / file):
                found[_tree_of(git.top / file)].append(pinned_path(git.top / file))
    return dict(found)


def pins_gone(git: Git, hook: str, arguments: Sequence[str]) -> dict[Path, list[tuple[Path, Pin]]]:
    """The paths, by their working tree, that were pinned before a switch or a merge and aren't now, with the pins that they had.

    Not those at which Git has files of its own now, or that are in another repository inside this one: a submodule.
    """
    commits = _commits(hook, arguments)
    found = defaultdict(list)
    for file, data in git.gone(*commits, SUFFIX) if commits else ():
        with suppress(NotFoundError, InvalidInputError, UnsupportedFormatError):
            pin = Pin.decode(data, file)
            path = pinned_path(git.top / file)
            if not os.path.lexists(git.top / file) and path.exists() and Git.of(path.parent) == git and not git.tracks(path):
                found[_tree_of(git.top / file)].append((path, pin))
    return dict(found)


def _commits(hook: str, arguments: Sequence[str]) -> tuple[str, str] | None:
    """Between which commits Git has gone, where it tells."""
    if not is_certain(hook, arguments):
        return None
    if hook == "post-merge":
        return "ORIG_HEAD", "HEAD"
    return (arguments[0], arguments[1]) if all(commit.strip("0") for commit in arguments[:2]) else None


def is_certain(hook: str, arguments: Sequence[str]) -> bool:
    """Whether what `moved_pins` gives after this hook has moved for certain."""
    return (hook == "post-merge" and arguments[:1] != (_SQUASH,)) or (hook == "post-checkout" and arguments[2:] == (_WHOLE_BRANCH,))


def is_moved(tree: WorkingTree, path: Path) -> bool:
    """Whether a pin names another version than was last added or checked out at its path, or its files went with it, or nobody knows."""
    try:
        pin = tree.read(path)
    except InvalidInputError:
        return False  # whoever is at work on it will check it out
    known = known_root(tree, path, pin)
    return path.exists() if known is None else known != pin.root


@contextmanager
def opened(top: Path, setting_up: Callable[[Path], None]) -> Iterator[WorkingTree]:
    with open_project(top, setting_up) as project:
        yield WorkingTree.of(project)


def _tree_of(file: Path) -> Path:
    place = places.find(file.parent)
    if place.tree is None:
        raise NotFoundError(f"{file} is in a project's own folder")
    return place.tree
