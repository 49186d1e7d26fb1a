"""The bytes of one file."""

from collections.abc import Iterator

from blake3 import blake3

from objstore.errors import CorruptionError
from objstore.odb.content import in_order, lengths_of
from objstore.odb.layout import Layout
from objstore.odb.recent import Recent
from objstore.odb.recipe import ChunkRow
from objstore.values.digest import Digest
from objstore.values.key import Key, chunk_key

_GROUP = 2 * 1024 * 1024
_MOST_AHEAD = 2 * 1024 * 1024


class Content:
    """The bytes of a file in any order; only the chunks that hold what is asked for are read, and each is verified. Thread-safe."""

    def __init__(self, recent: Recent, layout: Layout, digest: bytes) -> None:
        self.size = layout.size
        self._recent = recent
        self._layout = layout
        self.digest = digest

    def read(self, start: int, end: int, until: int = 0) -> bytes:
        """The bytes from `start` to before `end`, or to the end of the file.

        If something has to be read for that, then also what follows, as far as `until` (and no further than makes sense), for the next
        call. NotFoundError when a chunk isn't stored any more, CorruptionError when one isn't what it was.
        """
        end = min(end, self.size)
        pieces: list[bytes | memoryview] = []
        for at, group in _grouped(self._layout.chunks(start, end)):
            for piece in self._pieces(at, group, until):
                pieces.append(memoryview(piece)[max(0, start - at) : end - at])
                at += len(piece)
        return b"".join(pieces)

    def chunk(self, offset: int, until: int = 0) -> tuple[int, bytes]:
        """The chunk that holds an offset before the file's end, and where it begins; otherwise like `read`."""
        ((at, row),) = self._layout.chunks(offset, offset + 1)
        (piece,) = self._pieces(at, [row], until)
        return at, piece

    def read_whole(self) -> bytes:
        """All of it. CorruptionError also when the whole isn't what its digest says."""
        data = self.read(0, self.size)
        if not self._is_one_chunk() and blake3(data).digest() != self.digest:
            raise CorruptionError(f"file {Digest(self.digest).short} has a recipe that doesn't lead to its content; run `objstore fsck`")
        return data

    def _is_one_chunk(self) -> bool:
        return any(digest == self.digest for _, (digest, _) in self._layout.chunks(0, 1))

    def _pieces(self, at: int, rows: list[ChunkRow], until: int) -> list[bytes]:
        """These chunks, the first of which begins at the offset `at`."""
        end = at + sum(length for _, length in rows)
        return in_order(rows, self._recent.read_many(_keys(rows), lambda: self._between(end, until), lengths_of(rows)))

    def _between(self, start: int, end: int) -> list[Key]:
        """What may be read ahead there: so little that it doesn't drive out what was read before."""
        most = min(_MOST_AHEAD, self._recent.capacity // 4)
        return _keys([row for _, row in self._layout.chunks(start, min(end, start + most))])


def _grouped(chunks: Iterator[tuple[int, ChunkRow]]) -> Iterator[tuple[int, list[ChunkRow]]]:
    """Neighbours of some MiB together, with the offset of the first."""
    first, group, size = 0, list[ChunkRow](), 0
    for at, row in chunks:
        if not group:
            first = at
        group.append(row)
        size += row[1]
        if size >= _GROUP:
            yield first, group
            group, size = [], 0
    if group:
        yield first, group


def _keys(rows: list[ChunkRow]) -> list[Key]:
    return [chunk_key(digest) for digest, _ in rows]
