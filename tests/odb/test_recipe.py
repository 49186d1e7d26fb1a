"""Recipes: lists of chunks that turn into trees."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.errors import CorruptionError, NotFoundError
from objstore.odb import recipe
from objstore.odb.recipe import ChunkRow, RecipeBuilder
from objstore.values.digest import part_digest, plain, recipe_digest
from objstore.values.key import Key, Kind, kind_of, part_key, recipe_key
from tests.odb.stores import rows

FILE = plain(b"file")


def built(chunks: Iterable[ChunkRow]) -> tuple[Key, bytes, dict[Key, bytes]]:
    parts: dict[Key, bytes] = {}
    builder = RecipeBuilder(parts.__setitem__)
    size = 0
    for row in chunks:
        builder.add(row)
        size += row[1]
    return *builder.finish(FILE, size), parts


def by_the_book(chunks: list[ChunkRow]) -> tuple[bytes, dict[Key, bytes]]:
    """The recipe as spec/recipe.md defines it, with nothing spared."""
    size, height = sum(length for _, length in chunks), 0
    level, parts = chunks, {}
    while len(level) > 4096:
        above: list[ChunkRow] = []
        run: list[ChunkRow] = []
        for row in level:
            run.append(row)
            if row[0][min(height, 31)] < 4 or len(run) == 1024 or row is level[-1]:
                data = recipe.encode_part(height, run)
                parts[part_key(part_digest(data))] = data
                above.append((part_digest(data), sum(length for _, length in run)))
                run = []
        level, height = above, height + 1
    return recipe.encode(recipe.Recipe(FILE, size, height, level)), parts


@pytest.fixture
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trees of several levels from some hundred rows."""
    monkeypatch.setattr(recipe, "MAX_ROWS", 8)
    monkeypatch.setattr(recipe, "MAX_PART_ROWS", 5)
    monkeypatch.setattr(recipe, "_BOUNDARY", 80)


def test_a_short_recipe_lists_its_chunks() -> None:
    chunks = list(rows(4096))
    key, data, parts = built(chunks)
    assert not parts
    assert recipe.decode(data) == recipe.Recipe(FILE, sum(size for _, size in chunks), 0, chunks)
    assert key == recipe_key(FILE, recipe_digest(data))


@pytest.mark.parametrize("count", [4097, 5000, 20_000, 300_000])
def test_a_long_recipe_is_a_tree_that_lists_its_chunks(count: int) -> None:
    chunks = list(rows(count))
    _, data, parts = built(chunks)
    found = recipe.decode(data)
    assert found.height == (2 if count == 300_000 else 1)
    assert list(recipe.chunks(found, parts.__getitem__)) == chunks
    assert all(kind_of(key) is Kind.PART and key == part_key(part_digest(part)) for key, part in parts.items())
    assert (data, parts) == by_the_book(chunks)


@pytest.mark.parametrize("digest", [b"\xff" * 32, b"\0" * 32], ids=["never ends", "always ends"])
def test_chosen_chunks_cannot_make_a_part_too_long(digest: bytes) -> None:
    _, data, parts = built([(digest, 1)] * 10_000)
    assert len(list(recipe.chunks(recipe.decode(data), parts.__getitem__))) == 10_000
    assert max(len(recipe.decode_part(part)[1]) for part in parts.values()) <= 1024


@given(st.integers(2, 400), st.integers(0, 5))
@settings(max_examples=60)
def test_small_trees_are_as_the_document_says(low_limits: None, count: int, seed: int) -> None:
    chunks = list(rows(count, seed))
    _, data, parts = built(chunks)
    found = recipe.decode(data)
    assert list(recipe.chunks(found, parts.__getitem__)) == chunks
    assert len(found.rows) <= 8


def test_an_edit_in_the_middle_keeps_nearly_all_parts() -> None:
    chunks = list(rows(50_000))
    edited = chunks[:20_000] + list(rows(3, seed=1)) + chunks[20_001:]
    before, after = built(chunks)[2], built(edited)[2]
    assert len(before) > 500
    assert len(after.keys() - before.keys()) <= 4


def test_parts_go_out_while_chunks_come_in() -> None:
    emitted: list[Key] = []
    builder = RecipeBuilder(lambda key, _: emitted.append(key))
    waiting = 0
    for row in rows(100_000):
        builder.add(row)
        waiting = max(waiting, len(builder._rows))
    assert len(emitted) > 1000
    assert waiting <= recipe.MAX_ROWS + 1


def test_a_part_that_is_missing_is_named() -> None:
    _, data, parts = built(rows(5000))

    def read(key: Key) -> bytes:
        raise NotFoundError(f"no {key.hex()}")

    with pytest.raises(NotFoundError):
        list(recipe.chunks(recipe.decode(data), read))
    assert parts


@pytest.mark.parametrize("change", ["height", "size"])
def test_parts_that_do_not_fit_are_refused(change: str) -> None:
    chunks = list(rows(5000))
    _, data, parts = built(chunks)
    top = recipe.decode(data)
    height, part_rows = recipe.decode_part(parts[part_key(top.rows[0][0])])
    wrong = recipe.encode_part(height + 1, part_rows) if change == "height" else recipe.encode_part(height, part_rows[1:] or [(FILE, 1)])
    with pytest.raises(CorruptionError):
        list(recipe.chunks(top, {**parts, part_key(top.rows[0][0]): wrong}.__getitem__))


def test_the_tallest_recipe_there_can_be_is_read() -> None:
    parts = {}
    row = (FILE, 1)
    for height in range(255):
        data = recipe.encode_part(height, [row])
        row = (part_digest(data), 1)
        parts[part_key(row[0])] = data
    assert list(recipe.chunks(recipe.Recipe(FILE, 1, 255, [row]), parts.__getitem__)) == [(FILE, 1)]
