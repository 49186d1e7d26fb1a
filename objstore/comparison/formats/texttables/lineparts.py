"""The parts of two texts whose rows are lines."""

from collections.abc import Iterator

from objstore.comparison.content import chunk_rows
from objstore.comparison.formats.texttables.parts import LONGEST_PART, SHORTEST_RUN, Body, Parts, behind, parts, whole
from objstore.comparison.formats.texttables.source import TextSource
from objstore.comparison.stretches import Run, common_runs

_BLOCK = 64 * 1024


def line_parts(old: TextSource, new: TextSource, shortest: int = SHORTEST_RUN, longest: int = LONGEST_PART) -> Parts:
    """Reads only the lines at the ends of what both have, and where longer parts are cut."""
    if old.end is None or new.end is None:
        return whole(old, old.start, new, new.start, alike=True)
    runs = behind(common_runs(chunk_rows(old.content), chunk_rows(new.content)), old.start, new.start, shortest)
    lines = [run for run in (_whole_lines(old, new, run) for run in runs) if run.length >= max(1, shortest)]
    return parts(_body(old, old.end), _body(new, new.end), lines, longest)


def _body(source: TextSource, end: int) -> Body:
    return Body(source.start, end, lambda at: _next_line(source, at, end))


def _whole_lines(old: TextSource, new: TextSource, run: Run) -> Run:
    """What of a run is whole lines in both; of length zero if nothing is."""
    end = run.new + run.length
    begins = _begins(old, run.old) and _begins(new, run.new)
    start = run.new if begins else _next_line(new, run.new, end)
    if (run.old + run.length, end) != (old.end, new.end):
        end = _last_line(new, start, end)
    return Run(run.old + start - run.new, start, end - start)


def _begins(source: TextSource, at: int) -> bool:
    """Whether a line does there."""
    return at == source.start or source.content.read(at - 1, at) == b"\n"


def _next_line(source: TextSource, at: int, end: int) -> int:
    """Behind the first line break; `end` if there is none before it."""
    for piece in source.pieces(at, end, _BLOCK):
        if found := piece.find(b"\n") + 1:
            return at + found
        at += len(piece)
    return end


def _last_line(source: TextSource, start: int, end: int) -> int:
    """Behind the last line break; `start` if there is none behind it."""
    for block, at in _backwards(source, start, end):
        if found := block.rfind(b"\n") + 1:
            return at + found
    return start


def _backwards(source: TextSource, start: int, end: int) -> Iterator[tuple[bytes, int]]:
    while end > start:
        at = max(start, end - _BLOCK)
        yield source.content.read(at, end), at
        end = at
