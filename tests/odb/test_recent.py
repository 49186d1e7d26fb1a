"""What is kept of what was read."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.errors import InvalidInputError, NotFoundError
from objstore.odb.recent import Recent
from objstore.values.digest import plain
from objstore.values.key import chunk_key
from tests.odb.stores import Store, chunk, noise

OBJECTS = dict(chunk(noise(at, at * 10)) for at in range(1, 20))
KEYS = list(OBJECTS)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = Store(tmp_path_factory.mktemp("store"))
    made.add(*OBJECTS.items())
    return made


@given(st.integers(0, 800), st.lists(st.tuples(st.lists(st.sampled_from(KEYS)), st.lists(st.sampled_from(KEYS), max_size=3))))
@settings(max_examples=60)
def test_what_is_given_is_right_and_what_is_kept_is_bounded(
    store: Store, capacity: int, asked: list[tuple[Sequence[bytes], Sequence[bytes]]]
) -> None:
    recent = Recent(store.database, capacity)
    for keys, ahead in asked:
        assert recent.read_many(keys, lambda ahead=ahead: ahead) == {key: OBJECTS[key] for key in keys}  # type: ignore[misc]
        assert sum(map(len, recent._kept.values())) == recent.size <= capacity


def test_what_was_used_longest_ago_goes_first(store: Store) -> None:
    recent = Recent(store.database, 60)
    for key in (KEYS[0], KEYS[1], KEYS[0], KEYS[2], KEYS[0]):
        recent.read(key)
    recent.read(KEYS[3])
    assert list(recent._kept) == [KEYS[0], KEYS[3]]


def test_what_is_kept_does_not_hold_on_to_what_was_read_with_it(store: Store) -> None:
    recent = Recent(store.database, 10_000)
    assert all(type(data) is bytes for data in recent.read_many(KEYS).values())


def test_nothing_is_read_ahead_when_all_is_there(store: Store) -> None:
    recent = Recent(store.database, 10_000)
    recent.read_many(KEYS[:2], lambda: KEYS[3:4])
    assert KEYS[3] in recent._kept
    recent.read_many(KEYS[:2], lambda: KEYS[4:5])
    assert KEYS[4] not in recent._kept


def test_what_is_read_ahead_in_vain_does_no_harm(store: Store) -> None:
    recent = Recent(store.database, 10_000)
    nowhere = chunk_key(plain(b"x"))
    assert recent.read_many(KEYS[:2], lambda: [KEYS[2], nowhere]) == {key: OBJECTS[key] for key in KEYS[:2]}
    assert {*KEYS[:2]} <= set(recent._kept)


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        Recent(Store(tmp_path).database, 10).read(chunk_key(plain(b"x")))
    with pytest.raises(InvalidInputError):
        Recent(Store(tmp_path / "other").database, -1)
