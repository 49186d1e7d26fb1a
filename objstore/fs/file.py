"""A file of a version, open for reading."""

from collections.abc import Callable
from typing import Any, TypeVar

from fsspec.spec import AbstractBufferedFile

from objstore.fs.view import View
from objstore.odb.randomaccess import Content

T = TypeVar("T")

_LARGE = 256 * 1024


class VersionFile(AbstractBufferedFile):
    """A file as it is in the version that its name meant when it was opened.

    Chunks that were read are kept by the file system, so the file itself keeps no more than the one it used last, unless `cache_type` says
    so. It may be used after a fork, and pickled: then it is opened again in the same version, at the same place. One thread at a time.
    """

    loc: int

    def __init__(
        self, fs: Any, view: View, path: str, block_size: int | None, cache_type: str, cache_options: dict[str, Any] | None
    ) -> None:
        self._view = view
        self._inner_path = path
        self._content = view.content(path)
        self._chunk = (0, b"")
        self._run_start = self._last_start = self._last_end = 0
        self._details = view.info(path)
        size = self._details["size"]
        super().__init__(fs, self._details["name"], "rb", block_size, cache_type=cache_type, cache_options=cache_options, size=size)

    def readline(self, size: int | None = -1) -> bytes:
        """Up to and with the next newline, or the file's end; no more than `size` bytes, unless that is negative."""
        if self.closed:
            raise ValueError("I/O operation on closed file.")
        end = self.size if size is None or size < 0 else min(self.loc + size, self.size)
        pieces = []
        while self.loc < end:
            at, chunk = self._chunk_with(self.loc, self.loc + 1)
            newline = chunk.find(b"\n", self.loc - at, end - at)
            stop = newline + 1 if newline >= 0 else min(len(chunk), end - at)
            pieces.append(chunk[self.loc - at : stop])
            self.loc = at + stop
            if newline >= 0:
                break
        return b"".join(pieces)

    def _fetch_range(self, start: int, end: int) -> bytes:
        end = min(end, self.size)
        if start == 0 and end == self.size:
            return self._reading(lambda content: content.read_whole())
        if end - start >= _LARGE:
            until = self._until(start, end)
            return self._reading(lambda content: content.read(start, end, until))
        pieces = []
        while start < end:
            at, chunk = self._chunk_with(start, end)
            pieces.append(chunk[start - at : end - at])
            start = at + len(chunk)
        return b"".join(pieces)

    def _chunk_with(self, start: int, end: int) -> tuple[int, bytes]:
        """The chunk that holds the first of these bytes, and its offset. Most small reads go on in the one that is at hand."""
        at, chunk = self._chunk
        if not at <= start < at + len(chunk):
            until = self._until(start, end)
            at, chunk = self._chunk = self._reading(lambda content: content.chunk(start, until))
            self._last_end = at + len(chunk)
        return at, chunk

    def _until(self, start: int, end: int) -> int:
        """How far to read if these bytes aren't there: as much ahead as has been read in one go so far.

        Who reads here and there thus reads nothing in vain, and who reads on needs ever fewer and larger reads of packs.
        """
        if not self._last_start <= start <= self._last_end:
            self._run_start = start
        self._last_start, self._last_end = start, end
        return end + start - self._run_start

    def _reading(self, read: Callable[[Content], T]) -> T:
        mount = self.fs.mount
        if self._view.mount is not mount:  # since a fork
            self._view = self._view.on(mount)
            self._content = self._view.content(self._inner_path)
        with self._view.reading():
            return read(self._content)

    def __reduce__(self) -> "tuple[Callable[..., VersionFile], tuple[Any, ...]]":
        path = f"{self._view.fixed_name}/{self._inner_path}"
        return _reopened, (self.fs, path, self.loc, self.blocksize, self.cache.name if self.cache else "none")


def _reopened(fs: Any, path: str, at: int, block_size: int, cache_type: str) -> VersionFile:
    file: VersionFile = fs.open(path, block_size=block_size, cache_type=cache_type)
    file.seek(at)
    return file
