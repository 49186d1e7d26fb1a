"""Finding the chunks of a range, against a walk through all of them."""

from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.errors import CorruptionError
from objstore.odb import layout, recipe
from objstore.odb.layout import Layout
from objstore.odb.recipe import ChunkRow, Recipe, RecipeBuilder
from objstore.values.digest import plain
from objstore.values.key import Key
from tests.odb.stores import rows

FILE = plain(b"file")


class Parts:
    """A recipe's parts, and how many of them were read."""

    def __init__(self, chunks: list[ChunkRow]) -> None:
        self.stored: dict[Key, bytes] = {}
        self.reads = 0
        builder = RecipeBuilder(self.stored.__setitem__)
        for row in chunks:
            builder.add(row)
        self.top = recipe.decode(builder.finish(FILE, sum(length for _, length in chunks))[1])

    def read(self, key: Key) -> bytes:
        self.reads += 1
        return self.stored[key]


def by_walking(chunks: list[ChunkRow], start: int, end: int) -> list[tuple[int, ChunkRow]]:
    begins = accumulate((length for _, length in chunks), initial=0)
    return [(at, row) for at, row in zip(begins, chunks, strict=False) if start < end and at < end and at + row[1] > start]


@pytest.fixture
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trees of several levels from some hundred rows."""
    monkeypatch.setattr(recipe, "MAX_ROWS", 8)
    monkeypatch.setattr(recipe, "MAX_PART_ROWS", 5)
    monkeypatch.setattr(recipe, "_BOUNDARY", 80)
    monkeypatch.setattr(layout, "KEPT_PARTS", 3)


@given(st.integers(2, 300), st.lists(st.tuples(st.integers(0, 160_000), st.integers(0, 160_000)), max_size=5))
@settings(max_examples=80)
def test_a_range_is_in_the_chunks_that_a_walk_finds(low_limits: None, count: int, ranges: list[tuple[int, int]]) -> None:
    chunks = list(rows(count))
    parts = Parts(chunks)
    found = Layout(parts.top, parts.read)
    for start, end in [*ranges, (0, found.size), (found.size, found.size + 1)]:
        assert list(found.chunks(start, end)) == by_walking(chunks, start, end)


def test_a_look_up_reads_a_part_a_level_and_keeps_it() -> None:
    parts = Parts(list(rows(300_000)))
    assert parts.top.height == 2
    found = Layout(parts.top, parts.read)
    middle = found.size // 2
    assert len(list(found.chunks(middle, middle + 1))) == 1
    assert parts.reads == 2
    list(found.chunks(middle + 1, middle + 2))
    assert parts.reads == 2


def test_a_file_of_one_chunk_needs_no_parts() -> None:
    found = Layout(Recipe(FILE, 5, 0, [(FILE, 5)]), {}.__getitem__)
    assert list(found.chunks(2, 3)) == [(0, (FILE, 5))]
    assert list(found.chunks(5, 9)) == []


@pytest.mark.parametrize("change", ["height", "size"])
def test_parts_that_do_not_fit_are_refused(change: str) -> None:
    parts = Parts(list(rows(5000)))
    height, part = recipe.decode_part(parts.read(next(iter(parts.stored))))
    wrong = recipe.encode_part(height + 1, part) if change == "height" else recipe.encode_part(height, [*part, (FILE, 1)])
    with pytest.raises(CorruptionError):
        list(Layout(parts.top, lambda _: wrong).chunks(0, 1))
