"""Which lines of two texts go together."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

_MOST_WORK = 8_000_000  # five seconds at worst
_DEEPEST = 8


class Block(NamedTuple):
    """Lines that are equal in both: where they begin, and how many."""

    old: int
    new: int
    length: int


class Matching(NamedTuple):
    """Equal lines, ascending on both sides, no line in two blocks."""

    blocks: list[Block]
    is_rough: bool
    """Whether some stretches were taken for wholly different, since it would have taken too long to look."""


def match(old: Sequence[str], new: Sequence[str], most_work: int = _MOST_WORK) -> Matching:
    """Matches what begins and ends alike, then lines that are in each text once, and between these whatever else is alike.

    (The second is Bram Cohen's patience diff.) What is left to difflib, whose time may grow with the product of the lines on both sides,
    is bounded: by `most_work` such products in all. Beside that, texts of 400,000 lines each take some five seconds.
    """
    finding = _Finding(old, new, most_work)
    return Matching(_joined(finding.between(_Stretch(0, len(old), 0, len(new)), 0)), finding.is_rough)


class _Stretch(NamedTuple):
    """Lines of both sides, between others that go together."""

    old: int
    old_end: int
    new: int
    new_end: int


class _Finding:
    def __init__(self, old: Sequence[str], new: Sequence[str], work: int) -> None:
        self._old = old
        self._new = new
        self._work = work
        self.is_rough = False

    def between(self, stretch: _Stretch, depth: int) -> Iterator[Block]:
        """The blocks in a stretch, ascending."""
        before, (old, old_end, new, new_end), after = self._trimmed(stretch)
        yield before
        if old < old_end and new < new_end:
            anchors = self._anchors(old, old_end, new, new_end) if depth < _DEEPEST else []
            if anchors:
                for x, y in anchors:
                    yield from self.between(_Stretch(old, x, new, y), depth + 1)
                    yield Block(x, y, 1)
                    old, new = x + 1, y + 1
                yield from self.between(_Stretch(old, old_end, new, new_end), depth + 1)
            else:
                yield from self._searched(old, old_end, new, new_end)
        yield after

    def _trimmed(self, stretch: _Stretch) -> tuple[Block, _Stretch, Block]:
        """What a stretch begins with on both sides, what is between, and what it ends with."""
        old, old_end, new, new_end = stretch
        while old < old_end and new < new_end and self._old[old] == self._new[new]:
            old, new = old + 1, new + 1
        while old < old_end and new < new_end and self._old[old_end - 1] == self._new[new_end - 1]:
            old_end, new_end = old_end - 1, new_end - 1
        before = Block(stretch.old, stretch.new, old - stretch.old)
        return before, _Stretch(old, old_end, new, new_end), Block(old_end, new_end, stretch.old_end - old_end)

    def _anchors(self, old: int, old_end: int, new: int, new_end: int) -> list[tuple[int, int]]:
        """The most lines that both stretches have once, in the same order."""
        counts = Counter(self._old[old:old_end])
        others = Counter(self._new[new:new_end])
        places = {line: at for at, line in enumerate(self._new[new:new_end], new) if others[line] == 1 == counts.get(line)}
        pairs = [(at, places[line]) for at, line in enumerate(self._old[old:old_end], old) if line in places]
        return _ascending(pairs)

    def _searched(self, old: int, old_end: int, new: int, new_end: int) -> Iterator[Block]:
        work = (old_end - old) * (new_end - new)
        if work > self._work:
            self.is_rough = True
            return
        self._work -= work
        found = SequenceMatcher(None, self._old[old:old_end], self._new[new:new_end])
        yield from (Block(old + x, new + y, length) for x, y, length in found.get_matching_blocks())


def _ascending(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of these pairs, which ascend on the left, that ascends on the right as well."""
    tails: list[int] = []  # of the part of each length that ends lowest: its end on the right
    ends: list[int] = []  # and that pair
    before: list[int] = []  # the pair before each in the longest part that it ends
    for number, (_, right) in enumerate(pairs):
        at = bisect_left(tails, right)
        before.append(ends[at - 1] if at else -1)
        tails[at : at + 1] = [right]
        ends[at : at + 1] = [number]
    found, number = [], ends[-1] if ends else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]


def _joined(blocks: Iterator[Block]) -> list[Block]:
    """Neighbours as one, and none that is empty."""
    joined: list[Block] = []
    for block in blocks:
        if not block.length:
            continue
        if joined and joined[-1].old + joined[-1].length == block.old and joined[-1].new + joined[-1].length == block.new:
            joined[-1] = joined[-1]._replace(length=joined[-1].length + block.length)
        else:
            joined.append(block)
    return joined
