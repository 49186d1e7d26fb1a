"""A segment made from packs: of several copies one is listed, a whole one if there is one."""

from pathlib import Path

import pytest

from objstore.blobs.memory import MemoryBlobs
from objstore.odb.keyset import KeySet
from objstore.odb.rebuild import segment_of
from objstore.odb.segment import Segment, segment_name
from objstore.values.key import Key
from tests.odb.stores import Store, chunk

ONE, TWO, THREE = (chunk(data) for data in (b"one", b"two", b"three"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two packs, the chunk TWO in both."""
    store = Store(tmp_path)
    for objects in ((ONE, TWO), (TWO, THREE)):
        store.cache.clear_index()
        store.add(*objects)
    assert len(store.packs()) == 2
    return store


def packs(store: Store) -> list[str]:
    """In the order in which they were written."""
    return [store.database.read_segment(name).packs[0].hex() for name in store.segments]


def rebuilt(
    store: Store, left_out: list[Key] | None = None, segments: list[str] | None = None, damaged: dict[str, set[Key]] | None = None
) -> dict[Key, str]:
    """In which pack each object is, as the segment says."""
    target = MemoryBlobs()
    with KeySet(store.folder) as unwanted:
        unwanted.add_new(left_out or [])
        name = segment_of(set(packs(store)), store.database, target, unwanted, segments or [], damaged or {})
    if name is None:
        return {}
    segment = Segment.of(target.read(segment_name(name)))
    found = {key: segment.packs[place.pack].hex() for key, place in segment.rows()}
    assert {pack.hex() for pack in segment.packs} == set(found.values())
    return found


def test_all_that_packs_hold_is_listed_once(store: Store) -> None:
    assert rebuilt(store).keys() == {ONE[0], TWO[0], THREE[0]}
    assert rebuilt(store)[TWO[0]] == min(packs(store))


def test_what_is_left_out_is_not_listed_nor_a_pack_of_which_nothing_is(store: Store) -> None:
    assert rebuilt(store, [TWO[0]]).keys() == {ONE[0], THREE[0]}
    assert rebuilt(store, [ONE[0], TWO[0]]) == {THREE[0]: packs(store)[1]}
    assert rebuilt(store, [ONE[0], TWO[0], THREE[0]]) == {}


@pytest.mark.parametrize("at", [0, 1])
def test_an_object_stays_where_a_segment_says_that_it_is(store: Store, at: int) -> None:
    assert rebuilt(store, segments=[store.segments[at]])[TWO[0]] == packs(store)[at]


@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("is_said", [True, False])
def test_a_damaged_copy_is_listed_only_where_there_is_no_other(store: Store, at: int, is_said: bool) -> None:
    segments = [store.segments[at]] if is_said else []
    damaged = {packs(store)[at]: {TWO[0]}}
    assert rebuilt(store, segments=segments, damaged=damaged)[TWO[0]] == packs(store)[1 - at]
    everywhere = {pack: {TWO[0]} for pack in packs(store)}
    assert rebuilt(store, segments=segments, damaged=everywhere).keys() == {ONE[0], TWO[0], THREE[0]}
