"""The bytes of one file of a side."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from blake3 import blake3

from objstore.chunking.boundaries import MAX_SIZE, cut
from objstore.errors import SourceFileError
from objstore.host.regular import open_regular
from objstore.odb.content import file_layout
from objstore.odb.database import Database
from objstore.odb.randomaccess import Content as StoredBytes
from objstore.odb.recent import Recent
from objstore.odb.recipe import ChunkRow

_BLOCK = 32 * MAX_SIZE
_KEPT = 64 * 1024 * 1024


class Content(Protocol):
    """What a format needs of a file. One thread at a time."""

    @property
    def path(self) -> str:
        """Its path in the side, which also tells its format."""
        ...

    @property
    def size(self) -> int: ...

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to before `end`, or to the end of the file; of what is stored, verified."""
        ...

    def chunks(self, start: int, end: int) -> Iterator[tuple[int, ChunkRow]] | None:
        """The chunks that hold these bytes, in order, each with its offset in the file, from the recipe alone; None where there is none."""
        ...


class Stored:
    """A file of a version. Only the chunks that hold what is asked for are read, and the last of them kept."""

    def __init__(self, path: str, database: Database, digest: bytes, size: int, kept: Recent | None = None) -> None:
        """`kept`: where chunks are kept that others of the same database read too. NotFoundError when the content isn't stored."""
        self.path = path
        self.size = size
        self._layout = file_layout(database, digest, size)
        self._bytes = StoredBytes(kept or recent(database), self._layout, digest)

    def read(self, start: int, end: int) -> bytes:
        return self._bytes.read(start, end)

    def chunks(self, start: int, end: int) -> Iterator[tuple[int, ChunkRow]]:
        return self._layout.chunks(start, end)


def recent(database: Database) -> Recent:
    """What keeps the chunks that were read last."""
    return Recent(database, _KEPT)


class OnDisk:
    """A file on the disk. SourceFileError when it can't be read, or has been written to since this was made."""

    def __init__(self, path: str, place: Path) -> None:
        self.path = path
        self._place = place
        with self._readable():
            self._file = open(open_regular(place), "rb", buffering=0)  # noqa: SIM115 - closed with the object
            self._state = self._stated()
        self.size = self._state[0]

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    def read(self, start: int, end: int) -> bytes:
        end = min(end, self.size)
        pieces = []
        while start < end:
            with self._readable():
                piece = os.pread(self._file.fileno(), end - start, start)
            if not piece:
                raise self._changed()
            pieces.append(piece)
            start += len(piece)
        # Parts are read several times, and half of each of two contents would give differences that were never there.
        with self._readable():
            if self._stated() != self._state:
                raise self._changed()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def chunks(self, start: int, end: int) -> None:  # noqa: ARG002 - it has none
        return None

    def _stated(self) -> tuple[int, int]:
        state = os.fstat(self._file.fileno())
        return state.st_size, state.st_mtime_ns

    def _changed(self) -> SourceFileError:
        return SourceFileError(f"{self._place} has changed while it was compared; compare again when nobody writes to it")

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Turns what the system says into a SourceFileError."""
        try:
            yield
        except OSError as error:
            raise SourceFileError(f"{self._place} can't be read: {error.strerror}") from error


class ContentFile(io.RawIOBase):
    """A content as the file that libraries want: seekable, for reading."""

    def __init__(self, content: Content, start: int = 0, end: int | None = None) -> None:
        """Of the bytes from `start` to before `end` alone, if given."""
        super().__init__()
        self._content = content
        self._start = start
        self._size = (content.size if end is None else end) - start
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if at < 0:
            raise ValueError(f"can't seek to {at}")
        self._at = at
        return at

    def size(self) -> int:
        return self._size

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, self._size - self._at)
        count = left if size is None or size < 0 else min(size, left)
        data = self._content.read(self._start + self._at, self._start + self._at + count) if count else b""
        self._at += len(data)
        return data


def chunk_rows(content: Content) -> Iterator[ChunkRow]:
    """All chunks of a content in order: those of its recipe; of a file on the disk those that storing it would make, which reads it all."""
    listed = content.chunks(0, content.size)
    return (row for _, row in listed) if listed is not None else _cut(content)


def _cut(content: Content) -> Iterator[ChunkRow]:
    at, pending = 0, b""
    while at < content.size or pending:
        block = content.read(at, at + _BLOCK)
        at += len(block)
        pending += block
        start = 0
        for end in cut(pending, final=at >= content.size):
            yield blake3(pending[start:end]).digest(), end - start
            start = end
        pending = pending[start:]
