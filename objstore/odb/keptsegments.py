"""Copies of another place's index segments on this machine's disk, so that an index can be made anew without asking for them again."""

import contextlib
import os
from collections.abc import Container
from mmap import ACCESS_READ, mmap
from pathlib import Path

from objstore.host.publish import make_folder


class KeptSegments:
    """A folder with a file for each. Nothing here is verified or durable: whoever reads checks what comes. Processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, segment: str) -> mmap | None:
        """Its bytes, None when they aren't here."""
        try:
            with (self._folder / segment).open("rb") as file:
                return mmap(file.fileno(), 0, access=ACCESS_READ)
        except (OSError, ValueError):  # an empty file can't be mapped
            return None

    def keep(self, segment: str, data: bytes | mmap) -> None:
        temporary = self._folder / f"{os.getpid()}-{os.urandom(4).hex()}.tmp"
        with contextlib.suppress(OSError):  # a full disk is no reason not to read
            make_folder(self._folder)
            try:
                temporary.write_bytes(data)
                temporary.replace(self._folder / segment)
            except OSError:
                temporary.unlink(missing_ok=True)

    def forget_others(self, segments: Container[str]) -> None:
        """Removes all but these."""
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.name not in segments and not path.name.endswith(".tmp"):
                    path.unlink(missing_ok=True)
