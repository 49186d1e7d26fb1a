"""Pinning versions to paths of the working tree."""

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from objstore.errors import InvalidInputError
from objstore.history.collection import Version
from objstore.manifest.cursor import entries
from objstore.manifest.tree import NodeReader
from objstore.repository import gitfiles
from objstore.repository.workingtree import WorkingTree
from objstore.values.digest import Digest
from objstore.worktree import pinfiles
from objstore.worktree.ignore import Patterns
from objstore.worktree.pin import FILE, FOLDER, Pin


def pin_at(tree: WorkingTree, paths: Sequence[Path]) -> Pin | None:
    """The pin that the one path has already."""
    path = tree.inside(paths[0]) if len(paths) == 1 else None
    has_one = path is not None and path != tree.top and not tree.is_apart(path) and pinfiles.is_pin_file(pinfiles.pin_file(path))
    return tree.read(path) if path is not None and has_one else None


def path_to_pin(tree: WorkingTree, paths: Sequence[Path]) -> Path | None:
    """The path that adding these pins: the one there is, if it is below the tree's top. InvalidInputError when it may not be pinned."""
    path = tree.inside(paths[0]) if len(paths) == 1 else None
    if path is None or path == tree.top:
        return None
    if pinfiles.is_pin_file(path):
        raise InvalidInputError(f"{tree.shown(path)} is a pin; add {tree.shown(pinfiles.pinned_path(path))}, which it pins")
    check(tree, path)
    return path


def check(tree: WorkingTree, path: Path) -> None:
    """InvalidInputError when a path may not be pinned."""
    pinfiles.check_place(tree.top, path)
    pinfiles.check_free(tree.top, path)
    if not pinfiles.is_pin_file(pinfiles.pin_file(path)):
        pinfiles.check_not_nested(tree.top, path)


def pin_of(path: Path, collection: str, version: Version, patterns: Patterns) -> Pin:
    """The pin of a version that was added from a path."""
    kind = FOLDER if path.is_dir() else FILE
    return Pin(collection, kind, version.number, version.root, version.files, version.bytes, patterns.include, patterns.exclude)


def kind_of(reader: NodeReader, path: Path, root: Digest) -> str:
    """What a version is at a path that had no pin: a file if it is one of that name, else a folder."""
    names = [name for name, _ in islice(entries(reader, root), 2)]
    return FILE if names == [os.fsencode(path.name)] else FOLDER


def pin(tree: WorkingTree, path: Path, wanted: Pin) -> list[Path]:
    """Writes a pin and, in a Git repository, has Git ignore the path; the files that changed, which belong in a commit."""
    changed = [pinfiles.pin_file(path)] if pinfiles.write(path, wanted) else []
    return [*changed, *gitfiles.hide(path), *gitfiles.adopt(tree.project, tree.top)]
