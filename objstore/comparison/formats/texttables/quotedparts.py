"""The parts of two texts in which a line break in quotes ends no row."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from objstore.comparison.content import chunk_rows
from objstore.comparison.formats.texttables.parts import LONGEST_PART, SHORTEST_RUN, Body, Parts, behind, near, parts, whole
from objstore.comparison.formats.texttables.quoting import Place, Quotes
from objstore.comparison.formats.texttables.source import TextSource
from objstore.comparison.stretches import Run, common_runs

_PIECE = 1024 * 1024


class QuotedText(NamedTuple):
    """A text whose rows begin behind its header."""

    source: TextSource
    start: int
    end: int | None
    delimiter: bytes


def quoted_parts(old: QuotedText, new: QuotedText, *, alike: bool, shortest: int = SHORTEST_RUN, longest: int = LONGEST_PART) -> Parts:
    """Reads everything, since each quote counts, but what is in both once only; parses nothing. None are the same unless `alike`."""
    if old.end is None or new.end is None:
        return whole(old.source, old.start, new.source, new.start, alike=alike)
    runs: list[Run] = []
    if alike:
        runs = behind(common_runs(chunk_rows(old.source.content), chunk_rows(new.source.content)), old.start, new.start, shortest)
    after = _Walk(new, [run.new for run in runs], [run.length for run in runs], {})
    before = _Walk(old, [run.old for run in runs], [run.length for run in runs], after.passages)
    same = [
        _whole_rows(run, after.passages[number], at_end=(run.old + run.length, run.new + run.length) == (old.end, new.end))
        for number, run in enumerate(runs)
        if before.passages[number].entered is after.passages[number].entered
    ]
    return parts(before.body(), after.body(), [run for run in same if run.length >= max(1, shortest)], longest)


class _Passage(NamedTuple):
    """A stretch that has been gone through."""

    entered: Place
    left: Place
    ends: Sequence[int]
    """Where rows end, counted from where it begins: the first, and one of about each MiB, the last among them."""


class _Walk:
    """Goes through a text, run by run and what is between them."""

    def __init__(self, text: QuotedText, starts: Sequence[int], lengths: Sequence[int], known: Mapping[int, _Passage]) -> None:
        """`known`: how the other text's runs were passed. One that begins here as it does there isn't read again."""
        assert text.end is not None
        self._text, self._end = text, text.end
        self._place = Place.ROW
        self._ends: list[int] = []
        self.passages: dict[int, _Passage] = {}
        at = text.start
        for number in sorted(range(len(starts)), key=starts.__getitem__):
            self._pass(at, starts[number])
            at = starts[number] + lengths[number]
            self.passages[number] = self._pass(starts[number], at, known.get(number))
        self._pass(at, self._end)

    def body(self) -> Body:
        return Body(self._text.start, self._end, lambda at: near(self._ends, at, self._end))

    def _pass(self, start: int, end: int, known: _Passage | None = None) -> _Passage:
        passage = known if known is not None and known.entered is self._place else self._read(start, end)
        self._place = passage.left
        self._ends.extend(start + end for end in passage.ends)
        return passage

    def _read(self, start: int, end: int) -> _Passage:
        quotes = Quotes(self._text.delimiter, self._place)
        ends: list[int] = []
        at = 0
        for piece in self._text.source.pieces(start, end, _PIECE):
            first, last = quotes.feed(piece)
            if first and not ends:
                ends.append(at + first)
            if last and at + last != ends[-1]:
                ends.append(at + last)
            at += len(piece)
        return _Passage(self._place, quotes.place, ends)


def _whole_rows(run: Run, passage: _Passage, *, at_end: bool) -> Run:
    """What of a run is whole rows; of length zero if nothing is. `at_end`: both texts end with it."""
    ends = passage.ends
    start = 0 if passage.entered is Place.ROW else next(iter(ends), run.length)
    # A text that ends in quotes isn't right, and the part that shows it has to be parsed.
    end = run.length if at_end and passage.left is not Place.QUOTED else ends[-1] if ends else start
    return Run(run.old + start, run.new + start, max(0, end - start))
