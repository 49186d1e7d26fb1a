"""Which stretches of two contents are the same bytes, told from chunks, so that most needn't be read."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from blake3 import blake3

from objstore.comparison.content import Content
from objstore.odb.recipe import ChunkRow

_BLOCK = 1024 * 1024


class Run(NamedTuple):
    """Bytes that are in both files: where they begin in each, and how many."""

    old: int
    new: int
    length: int


def same_bytes(old: Content, old_start: int, new: Content, new_start: int, length: int) -> bool:
    """Whether two stretches of this length, which lie wholly in their files, are equal.

    Chunks that both have at the same place aren't read; where only one side has chunks, the other's bytes are hashed. What remains, the
    ends of stretches mostly, is read and compared, up to the first difference.
    """
    before, after = _Walk(old, old_start, length), _Walk(new, new_start, length)
    at = 0
    while at < length:
        a, b = before.chunk(at), after.chunk(at)
        if a is not None and b is not None and a.start == b.start and a.digest == b.digest:
            at = min(a.end, length)
            continue
        ends = [piece.end for piece in (a, b) if piece is not None]
        end = min([*ends, length]) if ends else min(at + _BLOCK, length)
        if not _same(old, old_start, a, new, new_start, b, at, end):
            return False
        at = end
    return True


def common_runs(old: Iterable[ChunkRow], new: Iterable[ChunkRow]) -> list[Run]:
    """Stretches of whole chunks that both files have, ascending in the new one; no byte of either is in two. Linear.

    They needn't be in the same order in both. Each is as long as it was found to be by going on from chunk to chunk.
    """
    rows = list(old)
    starts = _starts(rows)
    places: dict[bytes, list[int]] = defaultdict(list)
    for number in range(len(rows) - 1, -1, -1):
        places[rows[number][0]].append(number)
    used = bytearray(len(rows))
    runs: list[Run] = []
    follows, at = -1, 0  # the old chunk that would go on with the last run
    for digest, size in new:
        index = follows if 0 <= follows < len(rows) and not used[follows] and rows[follows][0] == digest else _unused(places, used, digest)
        if index is None:
            follows = -1
        else:
            used[index] = 1
            if index == follows:
                runs[-1] = runs[-1]._replace(length=runs[-1].length + size)
            else:
                runs.append(Run(starts[index], at, size))
            follows = index + 1
        at += size
    return runs


def _unused(places: dict[bytes, list[int]], used: bytearray, digest: bytes) -> int | None:
    """The first chunk of that digest that is in no run yet."""
    indices = places.get(digest)
    while indices and used[indices[-1]]:
        indices.pop()
    return indices.pop() if indices else None


def _starts(rows: list[ChunkRow]) -> list[int]:
    starts, at = [], 0
    for _, size in rows:
        starts.append(at)
        at += size
    return starts


class _Piece(NamedTuple):
    """A chunk that begins and ends there, counted from where the stretch begins."""

    start: int
    end: int
    digest: bytes


class _Walk:
    """The chunks of a stretch, one after the other."""

    def __init__(self, content: Content, start: int, length: int) -> None:
        self._chunks = content.chunks(start, start + length)
        self._start = start
        self._last: _Piece | None = None

    def chunk(self, at: int) -> _Piece | None:
        """The chunk that has the byte `at` of the stretch; never an earlier one than before. None where nothing is known of chunks."""
        while self._chunks is not None and (self._last is None or self._last.end <= at):
            offset, (digest, size) = next(self._chunks)
            self._last = _Piece(offset - self._start, offset - self._start + size, digest)
        return self._last


def _same(old: Content, old_start: int, a: _Piece | None, new: Content, new_start: int, b: _Piece | None, at: int, end: int) -> bool:
    """Whether the bytes from `at` to before `end` of the stretches are equal; they lie in these chunks."""
    if a is None and b is not None and (b.start, b.end) == (at, end):
        return blake3(old.read(old_start + at, old_start + end)).digest() == b.digest
    if b is None and a is not None and (a.start, a.end) == (at, end):
        return blake3(new.read(new_start + at, new_start + end)).digest() == a.digest
    return old.read(old_start + at, old_start + end) == new.read(new_start + at, new_start + end)
