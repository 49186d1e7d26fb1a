"""Which parts of two tables are compared with which."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple


class Alignment(NamedTuple):
    """All parts but those that are known to be the same."""

    pairs: list[tuple[int, int]]
    """With as many rows, at the same place: most rows of such parts are probably equal, each to the one beside it."""
    old: list[int]
    new: list[int]
    """The others."""


def align(old: Sequence[int | None], new: Sequence[int | None], same: Sequence[tuple[int, int]]) -> Alignment:
    """For the numbers of rows of the parts. Between parts that are the same, pairs are made from the front and then from the back."""
    found = Alignment([], [], [])
    known = {part for part, _ in same}, {part for _, part in same}
    begin = (0, 0)
    for end in [*_ascending(same), (len(old), len(new))]:
        before = [part for part in range(begin[0], end[0]) if part not in known[0]]
        after = [part for part in range(begin[1], end[1]) if part not in known[1]]
        front = _alike([old[part] for part in before], [new[part] for part in after])
        found.pairs.extend(zip(before[:front], after[:front], strict=True))
        before, after = before[front:], after[front:]
        back = _alike([old[part] for part in reversed(before)], [new[part] for part in reversed(after)])
        found.pairs.extend(zip(before[len(before) - back :], after[len(after) - back :], strict=True))
        found.old.extend(before[: len(before) - back])
        found.new.extend(after[: len(after) - back])
        begin = end
    return found


def side_by_side(old: Iterator[Any], new: Iterator[Any]) -> Iterator[tuple[Any, Any]]:
    """The rows of two streams of batches as pairs of batches of equal length, as far as both go."""
    a = b = None
    while True:
        a = next(old, None) if a is None or not a.num_rows else a
        b = next(new, None) if b is None or not b.num_rows else b
        if a is None or b is None:
            return
        count = min(a.num_rows, b.num_rows)
        if count:
            yield a.slice(0, count), b.slice(0, count)
        a, b = a.slice(count), b.slice(count)


def _ascending(same: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Those pairs that come in both tables after the one before; each is skipped that would go back."""
    last = (-1, -1)
    for pair in sorted(same):
        if pair[1] > last[1]:
            yield pair
            last = pair


def _alike(old: list[int | None], new: list[int | None]) -> int:
    """How many from the start have equal numbers of rows."""
    count = 0
    for a, b in zip(old, new, strict=False):
        if a is None or a != b:
            break
        count += 1
    return count
