"""The folder that files are written into. Nothing outside it is ever touched, whatever a manifest says.

Every folder on the way is opened relative to the one above it and never through a symbolic link, so that neither a hostile path nor
a link in the target leads out of it.
"""

import contextlib
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from objstore.errors import ConflictError
from objstore.host.publish import raise_translated, translated
from objstore.worktree.ignore import STORE_FOLDER
from objstore.worktree.listing import UNKNOWN, facts_of
from objstore.worktree.newfile import write_new

ANY = b""
"""Facts that stand for whatever is there."""


class Folder:
    """One open folder of the target. Closed when the last user lets go of it."""

    def __init__(self, fd: int, path: bytes) -> None:
        self.fd = fd
        self.path = path
        """Relative to the target, ending in `/` unless empty."""

    def __del__(self) -> None:
        os.close(self.fd)

    @classmethod
    def top(cls, path: Path) -> "Folder":
        """The target itself, made when missing; it may be a link. ConflictError inside a store."""
        check_outside_store(path)
        with translated(path):
            try:
                path.mkdir(parents=True, exist_ok=True)
            except FileExistsError:
                raise ConflictError(f"{path} is not a folder; choose another destination or remove it") from None
            return cls(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), b"")

    def enter(self, name: bytes, *, replace_links: bool = False, replace_files: bool = True) -> "Folder":
        """The subfolder of this name, made when missing; a file or a link in its place is replaced, or a ConflictError."""
        inner = self.path + name + b"/"
        if name.lower() + b"/" == STORE_FOLDER:  # lower: some disks don't tell cases apart
            raise ConflictError(f"{os.fsdecode(inner[:-1])} in the version would go into a store of objstore; it can't be checked out")
        with translated(os.fsdecode(inner)):
            while True:
                try:
                    return Folder(os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self.fd), inner)
                except FileNotFoundError:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(name, dir_fd=self.fd)
                except OSError:
                    mode = os.stat(name, dir_fd=self.fd, follow_symlinks=False).st_mode
                    if stat.S_ISDIR(mode):
                        raise
                    if stat.S_ISLNK(mode) and not replace_links:
                        where = os.fsdecode(inner[:-1])
                        raise ConflictError(
                            f"{where} in the destination is a symbolic link; objstore doesn't write through it: remove it"
                        ) from None
                    if not replace_files:
                        raise ConflictError(f"{os.fsdecode(inner[:-1])} is a file where a folder belongs; move it away") from None
                    os.unlink(name, dir_fd=self.fd)

    @classmethod
    def existing(cls, path: Path) -> "Folder | None":
        """The target itself, if it is there."""
        return cls.top(path) if path.is_dir() else None

    def inner(self, name: bytes) -> "Folder | None":
        """The subfolder of this name, None when there is none. A link in its place is a ConflictError."""
        try:
            mode = os.stat(name, dir_fd=self.fd, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return None
        return self.enter(name) if stat.S_ISDIR(mode) or stat.S_ISLNK(mode) else None

    def remove_empty(self, name: bytes) -> bool:
        """Removes a subfolder if nothing is in it; whether it is gone."""
        try:
            os.rmdir(name, dir_fd=self.fd)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True

    def remove_empty_tree(self, name: bytes) -> None:
        """Removes a subfolder, if it is one and holds nothing but folders; else as many of these as hold nothing."""
        with contextlib.suppress(OSError):  # what holds something stays, and all above it
            for _, folders, _, fd in os.fwalk(os.fsdecode(name), topdown=False, dir_fd=self.fd):
                for inner in folders:
                    os.rmdir(inner, dir_fd=fd)
            os.rmdir(name, dir_fd=self.fd)

    def rows(self) -> list[bytes]:
        """What is in the folder, as the rows of a listing; links, sockets and the like have no known facts."""
        found = []
        with os.scandir(self.fd) as entries:
            for entry in entries:
                name = os.fsencode(entry.name)
                if entry.is_dir(follow_symlinks=False):
                    found.append(name + b"/\0" + UNKNOWN)
                elif entry.is_file(follow_symlinks=False):
                    found.append(name + b"\0" + facts_of(entry.stat(follow_symlinks=False)))
                else:
                    found.append(name + b"\0" + UNKNOWN)
        found.sort()
        return found

    def write(
        self, name: bytes, blocks: Iterable[bytes | memoryview], mode: int, *, replace_folder: bool = False, instead_of: bytes = ANY
    ) -> bytes:
        """Writes a file, whole or not at all; its facts afterwards.

        A folder in its place is a ConflictError, or replaced. So is a file that hasn't the facts `instead_of`, looked at last of all.
        """

        def complete() -> None:
            if replace_folder:
                self._make_way(name)
            if instead_of != ANY:
                self._check_still(name, instead_of)

        try:
            return facts_of(write_new(self.fd, name, blocks, mode, complete))
        except IsADirectoryError:
            raise ConflictError(f"{self._shown(name)} in the destination is a folder where a file belongs; move it away") from None
        except OSError as error:
            raise_translated(error, f"{self._shown(name)} in the destination")
            raise

    def _shown(self, name: bytes) -> str:
        return os.fsdecode(self.path + name)

    def _make_way(self, name: bytes) -> None:
        if _is_folder(name, self.fd):
            self.remove(name + b"/")

    def _check_still(self, name: bytes, facts: bytes) -> None:
        with contextlib.suppress(FileNotFoundError):
            status = os.stat(name, dir_fd=self.fd, follow_symlinks=False)
            if stat.S_ISREG(status.st_mode) and facts_of(status) != facts:
                raise changed_meanwhile(self._shown(name))

    def read(self, name: bytes) -> Iterator[bytes]:
        """The content of a file, some MiB at a time; never through a link."""
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self.fd)
        try:
            while data := os.read(fd, 1 << 22):
                yield data
        finally:
            os.close(fd)

    def set_mode(self, name: bytes, mode: int) -> bytes:
        """Changes a file's permissions; its facts afterwards."""
        os.chmod(name, mode, dir_fd=self.fd)
        return facts_of(os.stat(name, dir_fd=self.fd, follow_symlinks=False))

    def histories(self, name: bytes = b"./") -> Iterator[tuple[bytes, bytes]]:
        """The stores and Git repositories in a subfolder: each with the folder it is in, relative to this one (empty, or ending in `/`)."""
        for folder, folders, files, _ in os.fwalk(os.fsdecode(name[:-1]), dir_fd=self.fd):
            for history in _HISTORIES:
                if os.fsdecode(history) in (*folders, *files):
                    yield os.fsencode(os.path.normpath(folder) + "/").removeprefix(b"./"), history
            folders[:] = [inner for inner in folders if os.fsencode(inner) not in _HISTORIES]

    def remove(self, name: bytes) -> None:
        """Removes a file, or (`name` ending in `/`) a folder and all in it; links are removed, not followed."""
        with contextlib.suppress(FileNotFoundError):
            if name.endswith(b"/"):
                for folder, history in self.histories(name):
                    raise history_in_the_way(self.path + folder + history)
                shutil.rmtree(os.fsdecode(name[:-1]), dir_fd=self.fd)
            else:
                os.unlink(name, dir_fd=self.fd)


_HISTORIES = (STORE_FOLDER[:-1], b".git")  # no version of the files around them replaces what they hold


def check_outside_store(target: Path) -> None:
    """ConflictError for a folder inside a store: what is written there would go into the store's own files."""
    if STORE_FOLDER[:-1] in os.fsencode(os.path.realpath(target)).lower().split(b"/"):
        raise ConflictError(f"{target} is in a store's own folder; choose another destination")


def history_in_the_way(path: bytes) -> ConflictError:
    """The error for a store or a Git repository that would have to be removed."""
    return ConflictError(f"{os.fsdecode(path)} in the destination is a history of its own, which objstore never removes; move it away")


def changed_meanwhile(shown: str) -> ConflictError:
    """The error for a file that isn't what it was when it was looked at."""
    return ConflictError(f"{shown} was changed by somebody while this went on; run it again")


def _is_folder(name: bytes, fd: int) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False
