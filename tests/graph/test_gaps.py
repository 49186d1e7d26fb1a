"""What of an index leads to nowhere, against the same by brute force."""

import random
from pathlib import Path
from typing import cast

import pytest

from objstore.blobs.memory import MemoryBlobs
from objstore.graph.gaps import beyond_use, gaps
from objstore.manifest.node import decode
from objstore.odb import pending, recipe
from objstore.odb.pack import pack_name
from objstore.values.digest import Digest, node_digest, part_digest
from objstore.values.key import Key, Kind, node_key, part_key
from tests.graph.by_the_book import lacking, reached, without_use
from tests.graph.stores import Objects, some_objects, store_of
from tests.odb.stores import Store

ALL, ROOTS = some_objects()
SEEDS = range(40)


def some_of(seed: int) -> Objects:
    """All but one to five objects."""
    chosen = random.Random(seed)
    gone = set(chosen.sample(sorted(ALL), chosen.randint(1, 5)))
    return {key: data for key, data in ALL.items() if key not in gone}


def beyond(store: Store, roots: list[Digest]) -> set[Key]:
    with beyond_use(store.database, roots, store.folder) as found:
        return {key for batch in found.batches(100) for key in batch}


def test_there_are_objects_of_every_kind_on_several_levels() -> None:
    assert {key[0] for key in ALL} == set(Kind)
    assert max(decode(data).level for key, data in ALL.items() if key[0] == Kind.NODE) >= 2
    assert max(recipe.decode(data).height for key, data in ALL.items() if key[0] == Kind.RECIPE) >= 2


def test_nothing_is_wrong_with_what_is_whole(tmp_path: Path) -> None:
    store = store_of(tmp_path, ALL.items())
    assert list(gaps(store.database, tmp_path)) == []
    assert beyond(store, []) == set()


@pytest.mark.parametrize("seed", SEEDS)
def test_what_leads_to_something_missing_is_found(tmp_path: Path, seed: int) -> None:
    there = some_of(seed)
    store = store_of(tmp_path, there.items())
    assert {gap.key for gap in gaps(store.database, tmp_path)} == lacking(there, set(there))
    assert beyond(store, []) == without_use(there)


@pytest.mark.parametrize("kind", [Kind.CHUNK, Kind.PART, Kind.NODE])
def test_a_gap_names_what_is_missing(tmp_path: Path, kind: Kind) -> None:
    gone = next(key for key in sorted(ALL) if key[0] == kind and lacking(ALL, set(ALL) - {key}))
    store = store_of(tmp_path, ((key, data) for key, data in ALL.items() if key != gone))
    assert all(gone.hex()[2:14] in gap.missing for gap in gaps(store.database, tmp_path))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_root_reaches_is_spared(tmp_path: Path, seed: int) -> None:
    there = some_of(seed)
    store = store_of(tmp_path, there.items())
    for count in (1, 2):
        assert beyond(store, ROOTS[:count]) == without_use(there) - reached(there, ROOTS[:count])


def test_what_cannot_be_read_is_beyond_use_with_all_above_it(tmp_path: Path) -> None:
    store = store_of(tmp_path, ALL.items())
    part = next(key for key in sorted(ALL) if key[0] == Kind.PART)
    place = store.database.locate([part])[part]
    blobs = cast("MemoryBlobs", store.blobs)._blobs
    pack = bytearray(blobs[pack_name(place.pack)])
    pack[place.offset + 12] ^= 1
    blobs[pack_name(place.pack)] = bytes(pack)
    assert list(gaps(store.database, tmp_path)) == []  # whoever checks packs reports it
    above = without_use({key: data for key, data in ALL.items() if key != part})
    assert beyond(store, []) == {part, *above}
    assert beyond(store, ROOTS) == set()


def test_what_a_newer_program_has_written_is_left_alone(tmp_path: Path) -> None:
    newer = b"\x02" + bytes(100)
    store = store_of(tmp_path, [(node_key(node_digest(newer)), newer)])
    assert list(gaps(store.database, tmp_path)) == []
    assert beyond(store, []) == set()


def test_objects_may_lie_as_deep_as_they_like(tmp_path: Path) -> None:
    row = (bytes(32), 1)
    parts = {}
    for _ in range(3000):
        data = recipe.encode_part(1, [row])
        row = (part_digest(data), 1)
        parts[part_key(row[0])] = data
    store = store_of(tmp_path, parts.items())
    assert len(list(gaps(store.database, tmp_path))) == 1
    assert beyond(store, []) == parts.keys()


def test_many_objects_are_kept_track_of_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = some_of(0)
    store = store_of(tmp_path, there.items())
    monkeypatch.setattr(pending, "_IN_MEMORY", 3)
    assert beyond(store, ROOTS[:1]) == without_use(there) - reached(there, ROOTS[:1])
    assert not list(tmp_path.glob("*.tmp"))
