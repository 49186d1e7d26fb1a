"""Telling of pins whose version was deleted."""

import contextlib
import os
from collections.abc import Iterable

from objstore.cli import naming
from objstore.cli.output import print_warning
from objstore.errors import InvalidInputError, UnsupportedFormatError
from objstore.repository.project import Project
from objstore.repository.workingtree import WorkingTree


def warn_of_pins(project: Project, deleted: Iterable[str]) -> None:
    """Names the paths of this working tree that are pinned to versions that were deleted; a pin that can't be used is passed over."""
    names = list(deleted)
    if project.tree is None or not names:
        return
    found = [naming.version(project, name, deleted=True) for name in names]
    gone = {(item.collection.name, item.version.root): str(item) for item in found}
    tree = WorkingTree.of(project)
    for path in tree.pinned():
        with contextlib.suppress(InvalidInputError, UnsupportedFormatError):
            pin = tree.read(path)
            name = gone.get((tree.collection_name(pin), pin.root))
            if name is not None:
                print_warning(f"{os.path.relpath(path)} is pinned to {name}")
