"""Copying versions from store to store: all that is missing there, and no more."""

from pathlib import Path

import pytest

from objstore.errors import ConflictError, NotFoundError
from objstore.graph.transfer import transfer
from objstore.odb.database import Database
from objstore.odb.draft import Draft
from objstore.values.digest import Digest
from objstore.values.key import Key, Kind
from tests.graph.by_the_book import lacking, reached
from tests.graph.stores import some_objects, store_of
from tests.odb.stores import Store

ALL, ROOTS = some_objects()
FIRST, SECOND = ROOTS


def drafted(draft: Draft) -> set[Key]:
    return set(draft.keys_from(b""))


def content_of(database: Database, root: Digest) -> dict[Key, bytes]:
    return {key: bytes(data) for key, data in database.read_many(sorted(reached(ALL, [root])))}


@pytest.fixture
def source(tmp_path: Path) -> Store:
    return store_of(tmp_path / "source", ALL.items())


@pytest.fixture
def target(tmp_path: Path) -> Store:
    return Store(tmp_path / "target")


def test_a_version_is_copied_with_all_that_it_needs(source: Store, target: Store) -> None:
    draft = target.draft()
    transfer(source.database, FIRST, draft)
    assert drafted(draft) == reached(ALL, [FIRST])
    target.log(draft)
    assert content_of(target.database, FIRST) == content_of(source.database, FIRST)


def test_only_what_the_target_lacks_is_copied_and_read(source: Store, target: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    target.add(*((key, ALL[key]) for key in reached(ALL, [FIRST])))
    read: set[Key] = set()
    read_many = Database.read_many
    monkeypatch.setattr(Database, "read_many", lambda self, keys: read.update(keys) or read_many(self, keys))
    draft = target.draft()
    transfer(source.database, SECOND, draft)
    transfer(source.database, SECOND, draft)
    assert drafted(draft) == read == reached(ALL, [SECOND]) - reached(ALL, [FIRST])
    target.log(draft)
    assert content_of(target.database, SECOND) == content_of(source.database, SECOND)


def test_what_another_draft_holds_can_be_copied(tmp_path: Path, target: Store) -> None:
    source = Store(tmp_path / "source")
    written, draft = source.draft(), target.draft()
    for key, data in ALL.items():
        written.add(key, data)
    transfer(source.database.with_draft(written), SECOND, draft)
    assert drafted(draft) == reached(ALL, [SECOND])
    written.close()
    draft.close()


def test_what_is_lost_in_the_target_is_copied_again(source: Store, target: Store) -> None:
    target.add(*((key, ALL[key]) for key in reached(ALL, [FIRST])))
    lost = {key for key in reached(ALL, [FIRST]) if key[0] == Kind.NODE}
    draft = target.database.open_draft(target.folder / "drafts", 0, lost)
    transfer(source.database, FIRST, draft)
    assert drafted(draft) == lost
    draft.close()


@pytest.mark.parametrize("kind", Kind)
def test_nothing_can_be_published_when_the_source_lacks_something(tmp_path: Path, target: Store, kind: Kind) -> None:
    needed = reached(ALL, [FIRST])
    gone = next(key for key in sorted(needed) if key[0] == kind and lacking(ALL, set(ALL) - {key}))
    source = store_of(tmp_path / "source", ((key, data) for key, data in ALL.items() if key != gone))
    draft = target.draft()
    with pytest.raises(NotFoundError):
        transfer(source.database, FIRST, draft)
    with pytest.raises(ConflictError):
        draft.publish()
    draft.close()
