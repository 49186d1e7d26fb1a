"""The file that names what gc must leave to an unfinished draft: locked while its writer lives (spec/layout.md)."""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Self

from objstore.errors import StorageError
from objstore.host.locks import FileLock
from objstore.host.publish import translated

_ID = re.compile(rb"^[0-9a-f]{64}$", re.MULTILINE)
_ROOT = re.compile(rb"^root ([0-9a-f]{64})$", re.MULTILINE)
_USED = re.compile(rb"^uses ([0-9a-f]{64})$", re.MULTILINE)


_held: set[Path] = set()
"""The files that this process, or the one that it was forked off, holds locked: no need to try, which for each would take a dozen calls
of the system, so that a thousand drafts waiting to be logged would take a million."""


class Named(NamedTuple):
    """What a draft's file says."""

    packs: list[str]
    """Those that the draft has written."""
    roots: list[str]
    """The manifests of the store that it builds on."""
    used: list[str]
    """The data packs of the store in which it has found chunks."""


class DraftFile:
    """A draft's own file; the lock is held from `create` or `take_over` until `release`."""

    def __init__(self, path: Path, lock: FileLock) -> None:
        self._path = path
        self._lock = lock
        self._used: set[str] = set()
        _held.add(path)

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
            for path in sorted(set(folder.iterdir()) - _held):
                lock = FileLock(path)
                if lock.try_exclusive() and path.exists():
                    yield cls(path, lock)
                else:
                    lock.release()

    @staticmethod
    def is_any_living(folder: Path) -> bool:
        """Whether there is a draft whose writer lives."""
        return any(True for _ in _living(folder))

    @staticmethod
    def packs_in_use(folder: Path) -> set[str]:
        """The packs of all drafts whose writers live."""
        return {pack for named in DraftFile.living(folder) for pack in named.packs}

    @staticmethod
    def living(folder: Path) -> list[Named]:
        """What the files of all drafts say whose writers live."""
        return [Named(*(_found(line, path) for line in (_ID, _ROOT, _USED))) for path in _living(folder)]

    def build_on(self, root: str) -> None:
        """Names a manifest of the store that the draft takes over: gc leaves alone what it reaches."""
        self._append(f"root {root}\n")

    def use(self, packs: Iterable[str]) -> None:
        """Names data packs of the store that the draft relies on, each once: gc leaves them as they are.

        It need be seen, not be synced: it counts only while its writer lives.
        """
        fresh = set(packs) - self._used
        if fresh:
            self._append("".join(f"uses {pack}\n" for pack in sorted(fresh)))
            self._used |= fresh

    @property
    def packs(self) -> list[str]:
        return _found(_ID, self._path)

    def add(self, pack: str) -> None:
        """Names a pack; to be called before the pack appears."""
        self._append(pack + "\n")

    def _append(self, text: str) -> None:
        """Into the file that is locked: where somebody has removed it, a new one would hinder no gc."""
        try:
            with translated(self._path):
                fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
                with open(fd, "a") as file:
                    file.write(text)
        except FileNotFoundError:
            raise StorageError(f"{self._path}, the file of a draft that isn't logged yet, was removed: add everything again") from None

    def release(self) -> None:
        _held.discard(self._path)  # first: whoever finds it here must find it locked
        self._lock.release()

    def remove(self) -> None:
        """Removes the file: its packs are the store's now, or nobody's."""
        self._path.unlink(missing_ok=True)
        self.release()


def _living(folder: Path) -> Iterator[Path]:
    """The files of drafts whose writers live."""
    with contextlib.suppress(FileNotFoundError):
        for path in folder.iterdir():
            with FileLock(path) as lock:
                if not lock.try_exclusive():
                    yield path


def _found(line: re.Pattern[bytes], path: Path) -> list[str]:
    """What the whole lines of a file say; one that a crash has torn says nothing."""
    with contextlib.suppress(FileNotFoundError):
        return [found.decode() for found in line.findall(path.read_bytes())]
    return []
