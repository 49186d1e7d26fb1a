"""Looking at what is at a pinned path, and what should be there."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from objstore.errors import ConflictError
from objstore.host.progress import Progress
from objstore.manifest.cursor import entries
from objstore.manifest.sides import Side
from objstore.odb.database import Database
from objstore.repository.workingtree import WorkingTree
from objstore.values.digest import Digest
from objstore.worktree import survey
from objstore.worktree.ignore import Patterns
from objstore.worktree.pin import FILE, Pin
from objstore.worktree.scan import Source, folder_source
from objstore.worktree.scancache import ScanCache
from objstore.worktree.survey import Survey


def side_of(database: Database, pin: Pin, path: Path) -> Side:
    """The files that a pin wants, as the survey of its path names them."""
    if pin.kind != FILE:
        return Side(database, pin.root)
    # The file may have been renamed, together with its pin.
    return Side(database, None, [(os.fsencode(path.name), entry) for _, entry in entries(database, pin.root)])


@contextlib.contextmanager
def surveyed(tree: WorkingTree, path: Path, pin: Pin, progress: Progress, clock: int, *, read_all: bool = False) -> Iterator[Survey]:
    """What is at a pinned path, whose version the store has (see worktree.survey).

    ConflictError when it is a file and the pin's version a folder, or the reverse.
    """
    project = tree.project
    exists = os.path.lexists(path)
    if exists and path.is_dir() == (pin.kind == FILE):
        now = "a folder" if path.is_dir() else "not a folder"
        raise ConflictError(f"{tree.shown(path)} is {now}, and its pin's version a {pin.kind}; move it away, or run `objstore add`")
    intake = project.intake(source_at(path, pin), Patterns.of(pin.include, pin.exclude), progress)
    expected = expected_root(project.database, pin, path)
    with survey.taken(
        project.database, intake, project.scratch, clock, expected, read_all=read_all or expected is None, exists=exists
    ) as found:
        yield found


def source_at(path: Path, pin: Pin) -> Source:
    """What `add` takes in at a pinned path."""
    if pin.kind == FILE:
        disk = os.path.abspath(os.fsencode(path))
        return Source(b"", {os.path.basename(disk): disk})
    return folder_source(path)


def expected_root(database: Database, pin: Pin, path: Path) -> Digest | None:
    """The manifest that a scan of the path would make of the pinned version; None for a file that is called otherwise than in it."""
    if pin.kind == FILE and [name for name, _ in entries(database, pin.root)] != [os.fsencode(path.name)]:
        return None
    return pin.root


def known_root(tree: WorkingTree, path: Path, pin: Pin) -> Digest | None:
    """What was last taken in from a pinned path, or written there, as far as this machine remembers."""
    project = tree.project
    settings = bytes([project.keep_mode_for([path])])
    return ScanCache(project.database.cache, source_at(path, pin), Patterns.of(pin.include, pin.exclude), settings).root()
