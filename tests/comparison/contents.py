"""Contents in memory."""

from collections.abc import Iterator

from objstore.comparison.content import chunk_rows
from objstore.odb.layout import Layout
from objstore.odb.recipe import ChunkRow, Recipe


class InMemory:
    """A content; with chunks like one that is stored, or without like one on a disk. Counts what is read."""

    def __init__(self, data: bytes, path: str = "file", *, chunked: bool = True) -> None:
        self.path = path
        self.data = data
        self.size = len(data)
        self._layout: Layout | None = None
        self.read_bytes = 0
        if chunked:
            self._layout = Layout(Recipe(b"", self.size, 0, list(chunk_rows(self))), self._no_parts)
            self.read_bytes = 0

    def read(self, start: int, end: int) -> bytes:
        found = self.data[start:end]
        self.read_bytes += len(found)
        return found

    def chunks(self, start: int, end: int) -> Iterator[tuple[int, ChunkRow]] | None:
        return self._layout.chunks(start, min(end, self.size)) if self._layout else None

    def _no_parts(self, key: object) -> bytes:
        raise AssertionError(key)
