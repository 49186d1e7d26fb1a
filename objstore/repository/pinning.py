"""Pinning versions to paths of the working tree."""

import contextlib
import os
from dataclasses import replace
from itertools import islice
from pathlib import Path

from objstore.errors import InvalidInputError, UnsupportedFormatError
from objstore.history.collection import Version
from objstore.manifest.cursor import entries
from objstore.manifest.tree import NodeReader
from objstore.repository import gitfiles
from objstore.repository.workingtree import WorkingTree
from objstore.values.digest import Digest
from objstore.worktree import pinfiles
from objstore.worktree.ignore import Patterns
from objstore.worktree.pin import FILE, FOLDER, Pin


def check(tree: WorkingTree, path: Path) -> None:
    """InvalidInputError when a path may not be pinned."""
    pinfiles.check_place(tree.top, path)
    pinfiles.check_free(path)
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


def rename_collection(tree: WorkingTree, old: str, new: str) -> list[Path]:
    """Has every pin in the tree that names a collection call it by its new name; the files that changed."""
    changed = []
    for path in tree.pinned():
        with contextlib.suppress(InvalidInputError, UnsupportedFormatError):
            found = tree.read(path)
            if found.collection == old and pinfiles.write(path, replace(found, collection=new)):
                changed.append(pinfiles.pin_file(path))
    return changed
