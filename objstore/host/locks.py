"""Advisory file locks between processes (flock(2)); a lock goes when its holder dies, however it dies."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from objstore.host.publish import make_folder, translated


class FileLock:
    """A lock on a file that is created when missing. Not reentrant; one object per holder."""

    def __init__(self, path: Path) -> None:
        self._pid = os.getpid()
        with translated(path):
            make_folder(path.parent)
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)

    def try_exclusive(self) -> bool:
        """Takes the lock if nobody holds it."""
        return self._flock(fcntl.LOCK_EX | fcntl.LOCK_NB)

    def exclusive(self, waiting: Callable[[], None] | None = None) -> Self:
        """Waits until it is the only holder; calls `waiting` once if that isn't at once."""
        return self._wait(fcntl.LOCK_EX, waiting)

    def shared(self, waiting: Callable[[], None] | None = None) -> Self:
        """Waits until no one holds the lock exclusively."""
        return self._wait(fcntl.LOCK_SH, waiting)

    def release(self) -> None:
        """Gives the lock back; harmless when called again."""
        if self._fd >= 0:
            if os.getpid() == self._pid:  # a forked child holds the same lock; closing alone would leave it with the child
                fcntl.flock(self._fd, fcntl.LOCK_UN)
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _wait(self, how: int, waiting: Callable[[], None] | None) -> Self:
        if not self._flock(how | fcntl.LOCK_NB):
            if waiting:
                waiting()
            fcntl.flock(self._fd, how)
        return self

    def _flock(self, how: int) -> bool:
        try:
            fcntl.flock(self._fd, how)
        except BlockingIOError:
            return False
        return True


@contextlib.contextmanager
def locked_shared(path: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    with FileLock(path).shared(waiting):
        yield


@contextlib.contextmanager
def locked_exclusive(path: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    with FileLock(path).exclusive(waiting):
        yield
