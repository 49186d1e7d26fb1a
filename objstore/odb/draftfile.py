"""The file that names an unfinished draft's packs: locked while its writer lives (spec/layout.md)."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from objstore.host.locks import FileLock
from objstore.host.publish import translated

_ID = re.compile(rb"^[0-9a-f]{64}$", re.MULTILINE)
_ROOT = re.compile(rb"^root ([0-9a-f]{64})$", re.MULTILINE)


class DraftFile:
    """A draft's own file; the lock is held from `create` or `take_over` until `release`."""

    def __init__(self, path: Path, lock: FileLock) -> None:
        self._path = path
        self._lock = lock

    @classmethod
    def create(cls, folder: Path) -> Self:
        while True:
            path = folder / os.urandom(8).hex()
            lock = FileLock(path).exclusive()
            if path.exists():
                return cls(path, lock)
            lock.release()  # somebody took it for abandoned in the moment before it was locked

    @classmethod
    def abandoned(cls, folder: Path) -> Iterator[Self]:
        """The files of drafts whose writers are gone, each locked for the caller."""
        with contextlib.suppress(FileNotFoundError):
            for path in sorted(folder.iterdir()):
                lock = FileLock(path)
                if lock.try_exclusive() and path.exists():
                    yield cls(path, lock)
                else:
                    lock.release()

    @staticmethod
    def packs_in_use(folder: Path) -> set[str]:
        """The packs of all drafts whose writers live."""
        return {pack for path in _living(folder) for pack in _packs_in(path)}

    @staticmethod
    def roots_in_use(folder: Path) -> set[str]:
        """The manifests that drafts whose writers live build on."""
        return {root for path in _living(folder) for root in _found(_ROOT, path)}

    def build_on(self, root: str) -> None:
        """Names a manifest of the store that the draft takes over: gc leaves alone what it reaches."""
        with translated(self._path), self._path.open("a") as file:
            file.write(f"root {root}\n")

    @property
    def packs(self) -> list[str]:
        return _packs_in(self._path)

    def add(self, pack: str) -> None:
        """Names a pack; to be called before the pack appears."""
        with translated(self._path), self._path.open("a") as file:
            file.write(pack + "\n")

    def release(self) -> None:
        self._lock.release()

    def remove(self) -> None:
        """Removes the file: its packs are the store's now, or nobody's."""
        self._path.unlink(missing_ok=True)
        self._lock.release()


def _living(folder: Path) -> Iterator[Path]:
    """The files of drafts whose writers live."""
    with contextlib.suppress(FileNotFoundError):
        for path in folder.iterdir():
            with FileLock(path) as lock:
                if not lock.try_exclusive():
                    yield path


def _packs_in(path: Path) -> list[str]:
    return _found(_ID, path)


def _found(line: re.Pattern[bytes], path: Path) -> list[str]:
    """What the whole lines of a file say; one that a crash has torn says nothing."""
    with contextlib.suppress(FileNotFoundError):
        return [found.decode() for found in line.findall(path.read_bytes())]
    return []
