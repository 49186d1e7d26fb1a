"""Making a surveyed folder what a version is: only what differs is touched.

Three passes over the same differences: what would be lost, what goes, what comes. All that goes, goes first, since a file may become
a folder, or the reverse. A file that changed after the survey isn't touched: it is told by its change time, which nobody sets, and
then by its content.
"""

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from blake3 import blake3

from objstore.errors import ConflictError
from objstore.host.clock import file_clock
from objstore.host.progress import Progress
from objstore.manifest.compare import Change
from objstore.manifest.entry import Entry, EntryKind
from objstore.manifest.sides import Side, differences
from objstore.values.digest import Digest
from objstore.values.paths import is_below
from objstore.worktree.compare import Found, Place
from objstore.worktree.distinct import check_distinct
from objstore.worktree.listing import FACTS, UNKNOWN, facts_of
from objstore.worktree.localchanges import ChangeCursor, LocalChange
from objstore.worktree.patching import Patching
from objstore.worktree.references import Contents, is_reference, known_size
from objstore.worktree.removal import Removal
from objstore.worktree.survey import Survey
from objstore.worktree.target import Folder, changed_meanwhile
from objstore.worktree.wanted import Wanted, entry_of
from objstore.worktree.writing import Outcome, Writing


@dataclass(frozen=True)
class AtRisk:
    """A file that an update would overwrite or remove, and what it is now."""

    path: bytes
    entry: Entry


@dataclass
class Update:
    """Makes the files of `folder`, as a survey found them, those of `target`.

    `prefix`: only what is at or below it. `clock`: the file system's time before the survey. `force`: whatever is in the way gives way, but
    for a link to a folder: the survey took what is behind it for files of this folder, and those that don't differ wouldn't be written.
    """

    survey: Survey
    folder: Path
    target: Side
    progress: Progress
    clock: int
    prefix: bytes = b""
    force: bool = False
    outcome: Outcome = field(default_factory=Outcome)

    def differences(self) -> Iterator[Change]:
        """What is to be done: `old` is there and `new` shall be."""
        return (change for change in differences(self.survey.side, self.target) if is_below(change.path, self.prefix))

    def at_risk(self, *, base_is_safe: bool) -> Iterator[AtRisk]:
        """Every file that would be replaced or removed, without those of the survey's base if these are safe."""
        local = ChangeCursor(iter(self.survey.changes))
        for path, old, new in self.differences():
            if old is None:
                assert new is not None
                hidden = self._hidden(path, new)  # the survey doesn't see what is ignored
                if hidden is not None:
                    yield AtRisk(path, hidden)
            elif not base_is_safe or local.has(path):
                yield AtRisk(path, old)

    def check_way(self) -> None:
        """ConflictError when anything to be done lies behind a link to a folder, or would take a history of the user's. Touches nothing."""
        local = ChangeCursor(iter(self.survey.changes))
        checked: list[bytes] = []
        for change in self.differences():
            parts = change.path.split(b"/")[:-1]
            if local.has(change.path) and change.new is None and b".git" in parts:
                raise ConflictError(f"{self._shown(change.path)} is in a history of its own, which objstore never removes; move it away")
            for depth in range(1, len(parts) + 1):
                inner = b"/".join(parts[:depth])
                if parts[:depth] != checked[:depth] and os.path.islink(os.path.join(os.fsencode(self.folder), inner)):
                    raise ConflictError(
                        f"{self._shown(inner)} is a symbolic link to a folder, and objstore doesn't write through it; remove it first"
                    )
            checked = parts

    def _shown(self, path: bytes) -> str:
        return os.path.relpath(os.path.join(self.folder, os.fsdecode(path)))

    def run(self, root: Digest | None) -> Outcome:
        """Does it. `root`: the manifest of all of it, to be remembered.

        ConflictError when something is in the way; StorageError when the disk refuses; CorruptionError or NotFoundError when the store
        hasn't got the content. Whatever was done before stays, each file whole; another survey and update go on from there.
        """
        files = bytes_ = 0
        for change in self.differences():
            files += change.new is not None
            bytes_ += known_size(change.new) if change.new else 0
        self.progress.start("writing", files=files, bytes_=bytes_)
        if files or root is not None:  # a version without files is a folder too
            Folder.top(self.folder)  # made when missing
        if files:
            check_distinct(self.folder, (path for path, _, _ in differences(Side(self.target.reader, None), self.target)))
        patching = self.survey.patching(self._remove())
        self._patch(patching, self._write(files, bytes_) if files else iter(()))
        if root is not None:
            self.survey.remember_checkout(root, file_clock(self.folder))
        return self.outcome

    # -- what goes -----------------------------------------------------------------------------------------------------

    def _remove(self) -> set[bytes]:
        """Removes the files that aren't to be, and the folders that become empty by it, whose paths (ending in `/`) it returns."""
        removal = Removal(self.folder)
        for path, old, new in self.differences():
            if old is not None and new is None:
                removal.go_to(path)
                if removal.folder is not None:
                    self._check_still(removal.folder, path, old, None)
                    removal.folder.remove(path.rpartition(b"/")[2])
                self.outcome.removed.append(path.decode(errors="backslashreplace"))
        return removal.finish()

    # -- what comes ----------------------------------------------------------------------------------------------------

    def _write(self, files: int, bytes_: int) -> Iterator[tuple[bytes, bytes]]:
        """Writes what is new or other; each path with its facts."""
        survey, intake = self.survey, self.survey.intake
        writing = Writing(
            survey.database,
            self.folder,
            self.progress,
            intake.keep_mode,
            self.force,
            self.clock,
            intake.workers,
            self.outcome,
            careful=not self.force,
        )
        for place, facts in writing.run(self._places(), files, bytes_):
            yield place.folder.path + place.name, facts

    def _places(self) -> Iterator[Place]:
        folders = [Folder.top(self.folder)]
        for path, old, new in self.differences():
            if new is None:
                continue
            parent = path[: path.rfind(b"/") + 1]
            while not parent.startswith(folders[-1].path):
                folders.pop()
            while folders[-1].path != parent:
                name = parent[len(folders[-1].path) :].partition(b"/")[0]
                folders.append(folders[-1].enter(name, replace_files=self.force))
            facts = self._check_still(folders[-1], path, old, new)
            only_mode = old is not None and facts is not None and (old.digest, old.size) == (new.digest, new.size)
            yield Place(folders[-1], path[len(parent) :], Found.SAME if only_mode else Found.ABSENT, new, facts)

    # -- what is remembered --------------------------------------------------------------------------------------------

    def _patch(self, patching: Patching, written: Iterator[tuple[bytes, bytes]]) -> None:
        """Notes the new facts of whatever isn't as the survey's base has it, or wasn't."""
        local = ChangeCursor(iter(self.survey.changes))
        for path, _, new in self.differences():
            for change in local.before(path):
                patching.add(change.path, self._facts(change))
            local.has(path)
            patching.add(path, next(written)[1] if new is not None else None)
        for change in local.before(None):
            patching.add(change.path, self._facts(change))
        for _ in written:
            raise AssertionError("more was written than differs")
        patching.finish()

    def _facts(self, change: LocalChange) -> bytes | None:
        """Those of a local change that is what the target has."""
        if change.entry is None:
            return None
        return change.facts if FACTS.unpack(change.facts)[2] < self.clock else UNKNOWN

    # -- what must not be lost -----------------------------------------------------------------------------------------

    def _hidden(self, path: bytes, new: Entry) -> Entry | None:
        """What is in the place of a file that the survey didn't see there, if it is another."""
        disk = os.path.join(os.fsencode(self.folder), path)
        kind = EntryKind.FILE if is_reference(new) else new.kind  # what is on a disk is none
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            status = os.lstat(disk)
            if stat.S_ISREG(status.st_mode):
                digest = _digest(disk, None)
                if digest == self._content_of(new):
                    return None
                entry = Entry(kind, digest, status.st_size)
                if self.survey.intake.keep_mode:
                    entry = entry_of(Wanted(path, disk, facts_of(status)), digest, status.st_size, True)
                return entry if entry != new else None
            if not stat.S_ISDIR(status.st_mode):
                return Entry(kind, bytes(32), 0)
        return None

    def _content_of(self, entry: Entry) -> bytes | None:
        """The digest of what a reference refers to, as far as this machine knows; None for a file."""
        return Contents(self.survey.database.cache).last(entry) if is_reference(entry) else None

    def _check_still(self, folder: Folder, path: bytes, old: Entry | None, new: Entry | None) -> bytes | None:
        """The facts of a file that may be replaced. ConflictError if it isn't the one that the survey saw."""
        name = path.rpartition(b"/")[2]
        try:
            status = os.stat(name, dir_fd=folder.fd, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(status.st_mode):
            folder.remove_empty_tree(name)  # which no version could hold
        if not stat.S_ISREG(status.st_mode):
            return None  # of a link only the link is lost
        if not self.force and status.st_ctime_ns >= self.clock:
            digest = _digest(name, folder.fd)
            if digest not in {self._content_of(entry) or entry.digest for entry in (old, new) if entry is not None}:
                raise changed_meanwhile(os.fsdecode(path))
        return facts_of(status)


def _digest(name: bytes, folder: int | None) -> bytes:
    hasher = blake3()
    fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=folder)
    try:
        while data := os.read(fd, 1 << 22):
            hasher.update(data)
    finally:
        os.close(fd)
    return hasher.digest()
