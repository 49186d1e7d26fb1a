"""The parts of two texts, given which of their rows are the same bytes."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from objstore.comparison.formats.texttables.rowblocks import Span
from objstore.comparison.formats.texttables.source import TextSource
from objstore.comparison.stretches import Run, same_bytes

SHORTEST_RUN = 1024 * 1024
"""Rows that are the same but fewer bytes than that aren't worth a part."""
LONGEST_PART = 32 * 1024 * 1024
"""What has to be parsed is cut at the first end of a row behind so many bytes."""


class Body(NamedTuple):
    """The rows of one of the texts."""

    start: int
    end: int
    row_end: Callable[[int], int]
    """An offset at or behind the one given at which a row ends, near it; not before the end of the text if there is none."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Of two texts: spans that follow each other without a gap, and the pairs of them that have the same bytes."""

    old: Sequence[Span]
    new: Sequence[Span]
    same: Sequence[tuple[int, int]] = ()


def parts(old: Body, new: Body, runs: Iterable[Run], longest: int = LONGEST_PART) -> Parts:
    """The parts, given runs of whole rows; each run is one."""
    common = list(runs)
    before, old_numbers = _laid_out(old, [(run.old, run.old + run.length) for run in common], longest)
    after, new_numbers = _laid_out(new, [(run.new, run.new + run.length) for run in common], longest)
    return Parts(before, after, list(zip(old_numbers, new_numbers, strict=True)))


def whole(old: TextSource, old_start: int, new: TextSource, new_start: int, *, alike: bool) -> Parts:
    """Each in one part, for what is compressed; the same if all the bytes of the files are, and `alike`."""
    before, after = old.content, new.content
    same = alike and (old.end is None) == (new.end is None) and before.size == after.size and same_bytes(before, 0, after, 0, before.size)
    return Parts([Span(old_start, old.end)], [Span(new_start, new.end)], [(0, 0)] if same else [])


def near(ends: Sequence[int], at: int, end: int) -> int:
    """The first of these offsets that is at or behind `at`; `end` if none is."""
    index = bisect_left(ends, at)
    return ends[index] if index < len(ends) else end


def behind(runs: Iterable[Run], old_start: int, new_start: int, shortest: int) -> list[Run]:
    """What of the runs lies behind these offsets in both texts, of those that are long enough."""
    found = []
    for run in runs:
        skip = max(0, old_start - run.old, new_start - run.new)
        if run.length - skip >= max(1, shortest):
            found.append(Run(run.old + skip, run.new + skip, run.length - skip))
    return found


def _laid_out(body: Body, common: list[tuple[int, int]], longest: int) -> tuple[list[Span], list[int]]:
    """All spans of one text, and the number of that of each run."""
    spans: list[Span] = []
    numbers = [0] * len(common)
    at = body.start
    for index in sorted(range(len(common)), key=common.__getitem__):
        start, end = common[index]
        spans.extend(_cut(at, start, longest, body.row_end))
        numbers[index] = len(spans)
        spans.append(Span(start, end))
        at = end
    spans.extend(_cut(at, body.end, longest, body.row_end))
    return spans, numbers


def _cut(start: int, end: int, longest: int, row_end: Callable[[int], int]) -> Iterator[Span]:
    while end - start > longest and (cut := row_end(start + longest)) < end:
        yield Span(start, cut)
        start = cut
    if start < end:
        yield Span(start, end)
