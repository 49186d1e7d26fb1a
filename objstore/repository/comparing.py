"""Diffs of versions and folders."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Protocol

from objstore.comparison.content import Content, OnDisk, Stored, recent
from objstore.comparison.files.diff import Altered, FileDiff, Renamed, diff
from objstore.comparison.files.newbytes import FileBytes, new_bytes
from objstore.comparison.files.similar import MOST_FILES, Contents
from objstore.comparison.files.transfer import Held, Transfer, transfer
from objstore.errors import CorruptionError, EntryNotFoundError, InvalidInputError, NotFoundError, RemoteError
from objstore.history.collection import Version
from objstore.host.progress import Progress
from objstore.manifest.cursor import get, totals
from objstore.manifest.entry import UNKNOWN_SIZE, Entry, EntryKind
from objstore.manifest.sides import Side
from objstore.odb.database import Database
from objstore.odb.recent import Recent
from objstore.repository.project import Project
from objstore.values.digest import Digest
from objstore.worktree.ignore import Patterns
from objstore.worktree.scan import Source, source_of

_MOST_FILES_AFAR = 500  # each may take a request or two


class Opened(Protocol):
    """One side of a comparison, whose files can be read."""

    def content(self, path: str, entry: Entry) -> Content:
        """The content of one of its files. NotFoundError for a reference, and for what isn't stored."""
        ...

    def has(self, path: bytes) -> bool:
        """Whether there is a file, or a folder, at a path."""
        ...

    def find(self, path: str) -> Content | None:
        """The content of the file at a path, None if there is none; else as `content`."""
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
    kept: Recent | None = None
    """What was read of it lately, if something keeps it."""

    def content(self, path: str, entry: Entry) -> Content:
        return Stored(path, self.database, _stored(path, entry).digest, entry.size, self.kept)

    def has(self, path: bytes) -> bool:
        return self.root is not None and totals(self.database, self.root, path).files > 0

    def find(self, path: str) -> Content | None:
        entry = None if self.root is None else get(self.database, self.root, path.encode())
        return None if entry is None else self.content(path, entry)


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

    def find(self, path: str) -> Content | None:
        with contextlib.suppress(KeyError):  # no member of that name
            place = Path(os.fsdecode(self.source.on_disk(path.encode())))
            return OnDisk(path, place) if place.is_file() else None
        return None


class Reaching:
    """For who looks into file after file: once a remote can't be reached, none of the others is tried, each of which would take as long."""

    def __init__(self) -> None:
        self._failed: RemoteError | None = None

    @contextlib.contextmanager
    def trying(self) -> Iterator[None]:
        """Around what may read from a remote; raises at once what it has raised before."""
        if self._failed is not None:
            raise self._failed
        try:
            yield
        except RemoteError as error:
            self._failed = error
            raise


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

    def both(self, path: str) -> tuple[Content, Content]:
        """The old and the new content of the file at a path, which may be equal; of a renamed file its new path is meant.

        EntryNotFoundError when neither side has such a file, InvalidInputError when only one has; else as `pair`.
        """
        item = next((each for each in self.files.altered if each.path == path), None)
        if item is not None:
            pair = self.pair(item)
            return pair.old, pair.new
        old, new = self.old.find(path), self.new.find(path)
        if old is None and new is None:
            raise EntryNotFoundError(f"neither side has a file {path!r}")
        if old is None or new is None:
            raise InvalidInputError(f"only the {'old' if old else 'new'} side has {path}: there is nothing to compare it with")
        return old, new

    def file_bytes(self) -> list[FileBytes]:
        """Of each of `files.altered` how many bytes are in chunks that its old content hasn't got (see `newbytes`); ascending by path.

        Where recipes aren't here, or can't be reached, all its bytes, and why. A reference has none. Sizes that aren't known count as none.
        """
        reaching = Reaching()
        return sorted((self._bytes_of(item, reaching) for item in self.files.altered), key=lambda each: each.path.encode())

    def _bytes_of(self, item: Altered | Renamed, reaching: Reaching) -> FileBytes:
        old_path, new = (item.old_path, item.entry) if isinstance(item, Renamed) else (item.path, item.new)
        before, after = (0 if entry.size == UNKNOWN_SIZE else entry.size for entry in (item.old, new))
        if new.kind == EntryKind.REFERENCE:
            return FileBytes(old_path, item.path, before, after, 0)
        try:
            with reaching.trying():
                pair = self.pair(item)
                return FileBytes(old_path, item.path, before, after, new_bytes(pair.old, pair.new).new)
        except (CorruptionError, NotFoundError, RemoteError) as error:
            return FileBytes(old_path, item.path, before, after, after, str(error))

    def transfer(self) -> Transfer | None:
        """What a pull of the new side moves at most for somebody who has the old one.

        None unless both are versions, and all is known of the new one.
        """
        if self.old.database is None or self.new.database is None:
            return None
        with contextlib.suppress(NotFoundError, RemoteError):
            return transfer(self.files, Held(self.old.database, self.old.root), Held(self.new.database, self.new.root), self.scratch)
        return None


def compare(project: Project, old: Version | OfVersion | Path, new: Version | OfVersion | Path, progress: Progress) -> Comparison:
    """What differs between two versions, or a version and a folder (or file) as it would be added, with a way to the contents.

    Of a folder that was added before only what has changed since is read; and what was added in it, if it may be like a file that the
    other side alone has. Nothing is stored or remembered. Two files are compared with each other, whatever they are called.
    """
    with _side(project, old, progress) as (old_side, before), _side(project, new, progress) as (new_side, after):
        found = compared(project, old_side, before, new_side, after)
    return replace(found, files=found.files.as_one_file()) if _is_file(before) and _is_file(after) else found


def compared(project: Project, old_side: Side, old: Opened, new_side: Side, new: Opened) -> Comparison:
    """The comparison of two sides that have been looked at, each told twice: as its files, and as what reads them."""
    is_near = all(side.database is None or side.database.is_near for side in (old, new))
    contents = Contents(old.content, new.content, MOST_FILES if is_near else _MOST_FILES_AFAR)
    return Comparison(diff(old_side, new_side, contents), *_keeping(old, new), project.scratch)


def _keeping(old: Opened, new: Opened) -> tuple[Opened, Opened]:
    """Both, so that a chunk that they share is read once."""
    if isinstance(old, OfVersion) and isinstance(new, OfVersion) and old.database is new.database:
        kept = recent(old.database)
        return old._replace(kept=kept), new._replace(kept=kept)
    return old, new


@contextlib.contextmanager
def _side(project: Project, what: Version | OfVersion | Path, progress: Progress) -> Iterator[tuple[Side, Opened]]:
    if isinstance(what, Version):
        yield Side(project.database, what.root), OfVersion(project.database, what.root)
        return
    if isinstance(what, OfVersion):
        yield Side(what.database, what.root), what
        return
    intake = project.intake(source_of([what]), Patterns(), progress)
    with intake.plan(project.scratch, project.clock) as plan:
        yield Side(project.database, plan.base, intake.hashed(plan)), OfFolder(intake.source)


def _is_file(side: Opened) -> bool:
    return isinstance(side, OfFolder) and len(side.source.members) == 1 and not any(name.endswith(b"/") for name in side.source.members)


def _stored(path: str, entry: Entry) -> Entry:
    if entry.kind == EntryKind.REFERENCE:
        raise NotFoundError(f"{path} is a reference, whose content isn't kept here")
    return entry
