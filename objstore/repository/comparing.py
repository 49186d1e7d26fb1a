"""Diffs of versions and folders."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Protocol

from objstore.comparison.content import Content, OnDisk, Stored
from objstore.comparison.files import Altered, FileDiff, Renamed, diff
from objstore.comparison.newbytes import new_bytes
from objstore.comparison.similar import MOST_FILES, Contents
from objstore.comparison.transfer import Held, Transfer, transfer
from objstore.errors import CorruptionError, EntryNotFoundError, NotFoundError, RemoteError
from objstore.history.collection import Version
from objstore.host.progress import Progress
from objstore.manifest.cursor import totals
from objstore.manifest.entry import Entry, EntryKind
from objstore.manifest.sides import Side
from objstore.odb.database import Database
from objstore.repository.project import Project
from objstore.values.digest import Digest
from objstore.worktree.ignore import Patterns
from objstore.worktree.scan import Source, source_of

_FILES_OF_A_BUCKET = 500  # each takes a request or two


class Opened(Protocol):
    """One side of a comparison, whose files can be read."""

    def content(self, path: str, entry: Entry) -> Content:
        """The content of one of its files. NotFoundError for a reference, and for what isn't stored."""
        ...

    def has(self, path: bytes) -> bool:
        """Whether there is a file, or a folder, at a path."""
        ...

    @property
    def database(self) -> Database | None:
        """Where all that it has is stored; None for files on a disk."""
        ...

    @property
    def root(self) -> Digest | None:
        """Its manifest there; None for files on a disk, and for nothing."""
        ...


class OfVersion(NamedTuple):
    """A version (None: nothing), as a database has it."""

    database: Database
    root: Digest | None

    def content(self, path: str, entry: Entry) -> Content:
        return Stored(path, self.database, _stored(path, entry).digest, entry.size)

    def has(self, path: bytes) -> bool:
        return self.root is not None and totals(self.database, self.root, path).files > 0


class OfFolder(NamedTuple):
    """A folder on the disk, or files."""

    source: Source
    database: None = None
    root: None = None

    def content(self, path: str, entry: Entry) -> Content:
        _stored(path, entry)
        return OnDisk(path, Path(os.fsdecode(self.source.on_disk(path.encode()))))

    def has(self, path: bytes) -> bool:
        for name in (path, path + b"/"):
            with contextlib.suppress(KeyError):  # no member of that name
                if os.path.lexists(self.source.on_disk(name)):
                    return True
        return False


class Pair(NamedTuple):
    """A file that both sides have with other content, at one path or two, to be compared itself."""

    item: Altered | Renamed
    old: Content
    new: Content


@dataclass(frozen=True)
class Comparison:
    """Two sides, and which files differ. Contents can be read as long as the projects behind it are open; they needn't be the same."""

    files: FileDiff
    old: Opened
    new: Opened
    scratch: Path

    def below(self, paths: Sequence[bytes]) -> "Comparison":
        """What of it is at or below any of these paths; all if none is given. EntryNotFoundError for one that neither side has."""
        for path in paths:
            if not (self.old.has(path) or self.new.has(path)):
                raise EntryNotFoundError(f"neither side has {os.fsdecode(path)}; `objstore diff` without it lists what differs")
        return replace(self, files=self.files.below(paths)) if paths else self

    def pair(self, item: Altered | Renamed) -> Pair:
        """The contents of one of `files.altered`. NotFoundError when one isn't here, RemoteError when it can't be reached."""
        old_path, before, after = (item.old_path, item.old, item.entry) if isinstance(item, Renamed) else (item.path, item.old, item.new)
        return Pair(item, self.old.content(old_path, before), self.new.content(item.path, after))

    def new_bytes(self, item: Altered | Renamed) -> int:
        """How many bytes of one of `files.altered` are in chunks that its old content hasn't got (see `newbytes`).

        Where recipes aren't here, all its bytes: that is the most it can be. A reference has none.
        """
        entry = item.entry if isinstance(item, Renamed) else item.new
        try:
            pair = self.pair(item)
            return new_bytes(pair.old, pair.new).new
        except (CorruptionError, NotFoundError, RemoteError):
            return 0 if entry.kind == EntryKind.REFERENCE else entry.size

    def transfer(self) -> Transfer | None:
        """What a pull of the new side moves at most for somebody who has the old one.

        None unless both are versions, and all is known of the new one.
        """
        if self.old.database is None or self.new.database is None:
            return None
        with contextlib.suppress(NotFoundError, RemoteError):
            return transfer(self.files, Held(self.old.database, self.old.root), Held(self.new.database, self.new.root), self.scratch)
        return None


def diff_files(project: Project, old: Version | Path, new: Version | Path, progress: Progress) -> FileDiff:
    """What differs between two versions, or a version and a folder (or file) as it would be added; see `compare`."""
    return compare(project, old, new, progress).files


def compare(project: Project, old: Version | Path, new: Version | Path, progress: Progress) -> Comparison:
    """The same, with a way to the contents.

    Of a folder that was added before only what has changed since is read; and what was added in it, if it may be like a file that the
    other side alone has. Nothing is stored or remembered.
    """
    with _side(project, old, progress) as (old_side, before), _side(project, new, progress) as (new_side, after):
        return compared(project, old_side, before, new_side, after)


def compared(project: Project, old_side: Side, old: Opened, new_side: Side, new: Opened) -> Comparison:
    """The comparison of two sides that have been looked at, each told twice: as its files, and as what reads them."""
    contents = Contents(old.content, new.content, MOST_FILES if project.bucket is None else _FILES_OF_A_BUCKET)
    return Comparison(diff(old_side, new_side, contents), old, new, project.scratch)


@contextlib.contextmanager
def _side(project: Project, what: Version | Path, progress: Progress) -> Iterator[tuple[Side, Opened]]:
    if isinstance(what, Version):
        yield Side(project.database, what.root), OfVersion(project.database, what.root)
        return
    intake = project.intake(source_of([what]), Patterns(), progress)
    with intake.plan(project.scratch, project.clock) as plan:
        yield Side(project.database, plan.base, intake.hashed(plan)), OfFolder(intake.source)


def _stored(path: str, entry: Entry) -> Entry:
    if entry.kind == EntryKind.REFERENCE:
        raise NotFoundError(f"{path} is a reference, whose content isn't kept here")
    return entry
