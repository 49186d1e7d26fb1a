"""A folder for what is needed while a result is."""

import os
import shutil
import weakref
from pathlib import Path

from objstore.host.publish import translated


class Scratch:
    """A new folder in another one. It goes when it is closed, when nobody holds this any more, and at the end of the process.

    It does so in the process that made it alone: one that was forked from it shares the folder and mustn't remove it.
    """

    def __init__(self, parent: Path) -> None:
        self.path = parent / f".objstore-{os.getpid()}-{os.urandom(8).hex()}.tmp"
        with translated(parent):
            self.path.mkdir(mode=0o700, parents=True)
        self._removal = weakref.finalize(self, _remove, self.path, os.getpid())

    @property
    def is_closed(self) -> bool:
        return not self._removal.alive

    def close(self) -> None:
        self._removal()

    def folder(self, name: str) -> Path:
        """A new folder in it; what was there by that name is gone."""
        path = self.path / name
        with translated(self.path):
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir()
        return path


def _remove(path: Path, owner: int) -> None:
    """Unless this is a fork of the process that still needs it."""
    if os.getpid() == owner:
        shutil.rmtree(path, ignore_errors=True)
