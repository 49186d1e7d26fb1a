"""Reading files back, whole and in part, against their plain bytes."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.blobs.memory import MemoryBlobs
from objstore.errors import CorruptionError, NotFoundError
from objstore.odb import content, recipe
from objstore.odb.content import file_blocks, file_layout, file_range, unproven_blocks
from objstore.odb.randomaccess import Content
from objstore.odb.recent import Recent
from objstore.odb.recipe import Recipe
from objstore.odb.record import encode
from objstore.values.digest import EMPTY, Digest, plain, recipe_digest
from objstore.values.key import Key, chunk_key, recipe_key
from tests.odb.stores import Store, chunk, noise

PIECES = [noise(at, 1 + at * 7 % 50) for at in range(300)] + [b"twice", b"twice", bytes(3000)]
CONTENT = b"".join(PIECES)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def digest(store: Store) -> Digest:
    """A file whose recipe is a tree."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe, "MAX_ROWS", 16)
        patch.setattr(recipe, "_BOUNDARY", 60)
        made = store.add_file(PIECES)
    assert recipe.decode(store.database.read(store.database.recipe_keys(made)[0])).height > 0
    return made


def whole(store: Store, digest: Digest, size: int) -> bytes:
    return b"".join(bytes(piece) for block in file_blocks(store.database, digest, size) for piece in block)


@given(st.integers(0, len(CONTENT) + 10), st.integers(0, len(CONTENT) + 10))
@settings(max_examples=150)
def test_a_range_is_what_a_slice_is(store: Store, digest: Digest, start: int, length: int) -> None:
    found = b"".join(bytes(piece) for piece in file_range(store.database, digest, len(CONTENT), start, length))
    assert found == CONTENT[start : start + length]


@given(st.integers(1, 5000))
@settings(max_examples=20)
def test_a_whole_file_comes_in_blocks_of_any_size(store: Store, digest: Digest, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(content, "_BLOCK", block)
        assert whole(store, digest, len(CONTENT)) == CONTENT


def unproven(store: Store, digest: bytes, size: int) -> list[bytes]:
    with ThreadPoolExecutor(2) as ahead, ThreadPoolExecutor(1) as hashing:
        return list(unproven_blocks(store.database, digest, size, ahead, hashing))


def test_reading_ahead_gives_the_same(store: Store, digest: Digest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "_BLOCK", 100)
    pieces = unproven(store, digest, len(CONTENT))
    assert b"".join(pieces) == CONTENT
    assert len(pieces) > 50


def test_a_range_reads_only_the_chunks_it_needs(store: Store, digest: Digest, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    read_many = store.database.read_many
    monkeypatch.setattr(type(store.database), "read_many", lambda _, keys: asked.append(len(keys)) or read_many(keys))
    assert b"".join(bytes(piece) for piece in file_range(store.database, digest, len(CONTENT), 5000, 10)) == CONTENT[5000:5010]
    assert sum(asked) <= 3


@pytest.mark.parametrize("pieces", [[], [b"one"], [b"a", b"b"], [b"same"] * 5])
def test_short_files_read_back(tmp_path: Path, pieces: list[bytes]) -> None:
    store = Store(tmp_path)
    made = store.add_file(pieces)
    data = b"".join(pieces)
    assert whole(store, made, len(data)) == data
    assert b"".join(bytes(piece) for piece in file_range(store.database, made, len(data), 1, 2)) == data[1:3]


def test_an_empty_file_needs_nothing_stored(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert whole(store, EMPTY, 0) == b""


def test_a_file_that_is_not_stored_is_not_found(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(NotFoundError, match=plain(b"x").short):
        whole(store, plain(b"x"), 1)
    with pytest.raises(NotFoundError):
        list(file_range(store.database, plain(b"x"), 1, 0, 1))


def test_a_wrong_recipe_is_found_before_the_last_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "_BLOCK", 1)
    store = Store(tmp_path)
    store.add(chunk(b"first"), chunk(b"wrong"))
    digest = plain(b"firstright")
    data = recipe.encode(Recipe(digest, 10, 0, [(plain(b"first"), 5), (plain(b"wrong"), 5)]))
    store.add((recipe_key(digest, recipe_digest(data)), data))
    seen = []
    with pytest.raises(CorruptionError, match=digest.short):
        seen.extend(bytes(piece) for block in file_blocks(store.database, digest, 10) for piece in block)
    assert b"wrong" not in seen
    with pytest.raises(CorruptionError, match=digest.short):
        unproven(store, digest, 10)


def test_a_damaged_chunk_is_found_at_the_end_and_named(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digest = store.add_file([b"first" * 100, b"second"])
    (name,) = (name for name in store.packs() if b"second" in store.blobs.read(name))
    data = store.blobs.read(name)
    store.blobs.delete(name)
    store.blobs.create(name, data.replace(b"second", b"sec0nd"))
    with pytest.raises(CorruptionError, match=plain(b"second").short):
        unproven(store, digest, 506)


def test_a_recipe_of_another_size_than_the_entry_is_refused(store: Store, digest: Digest) -> None:
    with pytest.raises(CorruptionError):
        whole(store, digest, len(CONTENT) + 1)


def test_a_recipe_that_gives_a_chunk_the_wrong_length_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(chunk(b"first"), chunk(b"right"))
    digest = plain(b"firstright")
    data = recipe.encode(Recipe(digest, 10, 0, [(plain(b"first"), 4), (plain(b"right"), 6)]))
    store.add((recipe_key(digest, recipe_digest(data)), data))
    with pytest.raises(CorruptionError):
        whole(store, digest, 10)
    with pytest.raises(CorruptionError):
        list(file_range(store.database, digest, 10, 0, 10))


def test_an_entry_that_lies_about_the_size_of_one_chunk_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(chunk(b"four"))
    with pytest.raises(CorruptionError):
        whole(store, plain(b"four"), 5)


@given(st.integers(0, 10_000))
@settings(max_examples=60)
def test_any_flipped_bit_of_a_stored_record_is_found(tmp_path_factory: pytest.TempPathFactory, bit: int) -> None:
    store = Store(tmp_path_factory.mktemp("flipped"))
    blobs = store.blobs
    assert isinstance(blobs, MemoryBlobs)
    data = noise(9, 900)
    store.add(chunk(data))
    (name,) = store.packs()
    frame = len(encode(*chunk(data)).frame)
    flipped = bytearray(blobs._blobs[name])
    at = bit % (8 * (frame + len(data)))
    flipped[8 + at // 8] ^= 1 << at % 8
    blobs._blobs[name] = bytes(flipped)
    with pytest.raises(CorruptionError):
        store.database.read(chunk_key(plain(data)))


def test_of_chunks_that_are_larger_than_their_recipe_says_one_is_unpacked(tmp_path: Path) -> None:
    """A recipe of a few bytes may name thousands, each of them zeros that unpack to megabytes."""
    store = Store(tmp_path)
    chunks = [bytes(100_000 + at) for at in range(50)]
    file = plain(b"the file")
    rows = Recipe(file, len(chunks), 0, [(plain(data), 1) for data in chunks])
    data = recipe.encode(rows)
    store.add(*map(chunk, chunks), (recipe_key(file, recipe_digest(data)), data))
    unpacked = []

    class Counting(Recent):
        def _keep(self, key: Key, data: bytes) -> None:
            unpacked.append(key)

    for reading in (
        lambda: list(file_blocks(store.database, file, len(chunks))),
        lambda: Content(Counting(store.database, 1 << 26), file_layout(store.database, file, len(chunks)), file).read(0, len(chunks)),
    ):
        with pytest.raises(CorruptionError, match="wrong length"):
            reading()
    assert unpacked == []
