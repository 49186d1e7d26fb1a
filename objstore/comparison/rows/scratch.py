"""A folder for what is needed while a result is."""

import os
import shutil
import weakref
from pathlib import Path

from objstore.host.publish import translated


class Scratch:
    """A new folder in another one. It goes when it is closed, when nobody holds this any more, and at the end of the process."""

    def __init__(self, parent: Path) -> None:
        self.path = parent / f".objstore-{os.getpid()}-{os.urandom(8).hex()}.tmp"
        with translated(parent):
            self.path.mkdir(mode=0o700)
        self._removal = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

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
