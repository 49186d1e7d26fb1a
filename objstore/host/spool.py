"""Bytes written once and read back: in memory while few, in an unnamed file when many."""

import io
import os
from pathlib import Path
from typing import IO

from objstore.host.publish import translated

_IN_MEMORY = 8 * 1024 * 1024


class Spool:
    """For one thread. Close it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] = io.BytesIO()
        self._size = 0

    def write(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > _IN_MEMORY and isinstance(self._file, io.BytesIO):
            in_memory = self._file.getvalue()
            with translated(self._folder):
                self._file = unnamed_file(self._folder)
                self._file.write(in_memory)
        with translated(self._folder):
            self._file.write(data)

    def rewind(self) -> None:
        """From now on reads begin at the start."""
        with translated(self._folder):
            self._file.seek(0)

    def read(self, size: int) -> bytes:
        """The next bytes, fewer only at the end."""
        return self._file.read(size)

    @property
    def size(self) -> int:
        """How many bytes have been written."""
        return self._size

    def read_at(self, offset: int, size: int) -> bytes:
        """Bytes from anywhere. Afterwards the spool is ready to be written to, not to be read on."""
        with translated(self._folder):
            self._file.seek(offset)
            found = self._file.read(size)
            self._file.seek(0, os.SEEK_END)
            return found

    def close(self) -> None:
        self._file.close()


def unnamed_file(folder: Path) -> IO[bytes]:
    """A file for reading and writing that nobody else sees and that goes when it is closed.

    Like tempfile.TemporaryFile, whose import would take a tenth of a command's start-up.
    """
    path = folder / f".objstore-{os.getpid()}-{os.urandom(8).hex()}.tmp"  # a scan passes over such names, should one stay
    file = open(path, "x+b")  # noqa: SIM115 - the caller closes it
    path.unlink()
    return file
