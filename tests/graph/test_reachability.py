"""What roots reach: all of it, each object once, and nothing that was passed by."""

from collections import Counter
from pathlib import Path

import pytest

from objstore.errors import CorruptionError, NotFoundError
from objstore.graph import reachability
from objstore.graph.reachability import mark, walk
from objstore.odb.database import Database
from objstore.odb.keyset import KeySet
from objstore.values.digest import Digest, plain
from objstore.values.key import Key, Kind, node_key
from tests.graph.by_the_book import reached, ways
from tests.graph.stores import some_objects, store_of
from tests.odb.stores import Store

ALL, ROOTS = some_objects()
KEYS = [node_key(root) for root in ROOTS]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_of(tmp_path, ALL.items())


class Seen:
    """Remembers where a walk has been."""

    def __init__(self, *known: Key) -> None:
        self.keys = set(known)

    def enter(self, keys: list[Key]) -> list[Key]:
        fresh = [key for key in dict.fromkeys(keys) if key not in self.keys]
        self.keys.update(fresh)
        return fresh


def marked(database: Database, roots: list[Digest], scratch: Path) -> set[Key]:
    with KeySet(scratch) as live:
        mark(database, roots, live)
        return {key for batch in live.batches(100) for key in batch}


@pytest.mark.parametrize("batch", [1, 3, 1000])
def test_a_walk_comes_by_everything_once_and_parents_first(store: Store, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reachability, "_BATCH", batch)
    found = list(walk(store.database, KEYS, Seen().enter))
    keys = [key for key, _, _ in found]
    chunks = [chunk for _, _, below in found for chunk in below]
    assert Counter(keys + chunks) == Counter(reached(ALL, ROOTS))
    assert {key[0] for key in chunks} == {Kind.CHUNK} and Kind.CHUNK not in {key[0] for key in keys}
    assert all(bytes(data) == ALL[key] for key, data, _ in found)
    named = set(KEYS)
    for key, data, _ in found:
        assert key[:33] in named
        named.update(prefix for way in ways(key, bytes(data)) for prefix in way)


def test_what_is_not_entered_is_not_read_nor_what_lies_below_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = KEYS
    known = reached(ALL, ROOTS[:1])
    read: list[Key] = []
    read_many = Database.read_many
    monkeypatch.setattr(Database, "read_many", lambda self, keys: read.extend(keys) or read_many(self, keys))
    found = [key for key, _, _ in walk(store.database, [first, second], Seen(*known).enter)]
    assert set(found) == set(read) == {key for key in reached(ALL, ROOTS) - known if key[0] != Kind.CHUNK}


def test_marking_finds_what_the_roots_reach(store: Store, tmp_path: Path) -> None:
    assert marked(store.database, ROOTS[:1], tmp_path) == reached(ALL, ROOTS[:1])
    assert marked(store.database, [*ROOTS, *ROOTS], tmp_path) == reached(ALL, ROOTS)


@pytest.mark.parametrize("kind", [Kind.RECIPE, Kind.PART, Kind.NODE])
def test_nothing_can_be_collected_when_something_is_missing(tmp_path: Path, kind: Kind) -> None:
    gone = next(key for key in sorted(reached(ALL, ROOTS)) if key[0] == kind)
    if kind is Kind.RECIPE:  # the only one of its file
        others = {key for key in ALL if key[:33] == gone[:33]} - {gone}
        assert not others
    there = {key: data for key, data in ALL.items() if key != gone}
    with pytest.raises(CorruptionError, match="not in this store; run `objstore fsck`"):
        marked(store_of(tmp_path, there.items()).database, ROOTS, tmp_path)


def test_a_walk_of_what_is_not_there_says_so(store: Store) -> None:
    with pytest.raises(NotFoundError):
        list(walk(store.database, [node_key(plain(b"nowhere"))], Seen().enter))
