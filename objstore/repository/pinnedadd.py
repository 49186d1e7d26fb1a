"""What adding has to do with pins: which one is meant, what it says already, and what becomes of it."""

import contextlib
import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from objstore.errors import InvalidInputError
from objstore.repository import pinning
from objstore.repository.adding import suggested_name
from objstore.repository.gitfiles import is_tracked
from objstore.repository.logging import Logged
from objstore.repository.project import Project
from objstore.repository.surveying import known_root
from objstore.repository.workingtree import WorkingTree
from objstore.worktree import pinfiles
from objstore.worktree.ignore import Patterns
from objstore.worktree.pin import Pin


@dataclass(frozen=True)
class PinnedAdd:
    """What is to be added, and where it is to be pinned."""

    tree: WorkingTree | None
    path: Path | None
    """What gets a pin, or None."""
    sources: Sequence[Path]
    name: str
    patterns: Patterns
    held: str | None
    """What was last added or checked out at the path, when its pin names another version."""

    @classmethod
    def of(cls, project: Project, paths: Sequence[Path], name: str | None, patterns: Patterns, *, no_pin: bool) -> "PinnedAdd":
        """Takes from a pin that is there what the caller doesn't say. InvalidInputError when the path may not be pinned."""
        if project.tree is None:
            return cls(None, None, paths, suggested_name(paths) if name is None else name, patterns, None)
        tree = WorkingTree.of(project)
        known = _pin_at(tree, paths)
        path = None if no_pin else _path_to_pin(tree, paths)
        if known is not None:
            patterns = patterns or Patterns.of(known.include, known.exclude)
            name = tree.collection_name(known) if name is None else name
        elif name is None:
            name = suggested_name(paths)
            if path is not None:
                _check_name_is_free(tree, path, name)
        held = tree.name_of(known_root(tree, path, known)) if path and known else None
        return cls(tree, path, [path] if path else paths, name, patterns, held if known and held != tree.name_of(known.root) else None)

    @contextlib.contextmanager
    def alone(self, waiting: Callable[[], None]) -> Iterator[None]:
        """While inside, nobody checks out anything in the tree: a folder that is half another version mustn't be taken for a new one."""
        if self.tree is None or self.path is None:
            yield
            return
        with self.tree.alone(waiting):
            yield

    def record(self, logged: Logged) -> list[Path]:
        """Pins what was logged; the files that belong in a commit of Git's."""
        if self.tree is None or self.path is None:
            return []
        return pinning.pin(self.tree, self.path, pinning.pin_of(self.path, logged.collection, logged.version, self.patterns))

    def warnings(self) -> list[str]:
        """What the user should know once it is done."""
        if self.path is None:
            return []
        shown = os.path.relpath(self.path)
        said = []
        if self.held is not None:
            said.append(f"{shown} held {self.held} when it was changed, not what its pin said: what was added builds on {self.held}")
        if is_tracked(self.path):
            said.append(f"{shown} is in Git too; `git rm -r --cached -- {shlex.quote(shown)}` leaves it to objstore")
        return said


def _pin_at(tree: WorkingTree, paths: Sequence[Path]) -> Pin | None:
    """The pin that the one path has already."""
    path = tree.inside(paths[0]) if len(paths) == 1 else None
    has_one = path is not None and path != tree.top and not tree.is_apart(path) and pinfiles.is_pin_file(pinfiles.pin_file(path))
    return tree.read(path) if path is not None and has_one else None


def _path_to_pin(tree: WorkingTree, paths: Sequence[Path]) -> Path | None:
    """The path that adding these pins: the one there is, if it is in the tree. InvalidInputError when it may not be pinned."""
    path = tree.inside(paths[0]) if len(paths) == 1 else None
    if path is None:
        return None
    if path == tree.top:
        if (path / ".git").exists():
            raise InvalidInputError(
                "this is all of the working tree, with Git's own files; add the paths in it, or give --no-pin to take all"
            )
        return None
    if pinfiles.is_pin_file(path):
        raise InvalidInputError(f"{tree.shown(path)} is a pin; add {tree.shown(pinfiles.pinned_path(path))}, which it pins")
    pinning.check(tree, path)
    return path


def _check_name_is_free(tree: WorkingTree, path: Path, name: str) -> None:
    """Two folders of the same name, as in train/images and test/images, mustn't become versions of one collection by accident."""
    if tree.project.state.find_collection(name) is None:
        return
    for other in tree.paths_of(name):
        if os.path.lexists(other):
            shown = "-".join(path.relative_to(tree.top).parts)
            raise InvalidInputError(f"{tree.shown(other)} is pinned to {name} already; name the other one, as with -n {shown}")
