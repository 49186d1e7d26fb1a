"""A draft is published only if all that it leads to is there."""

from pathlib import Path

import pytest

from objstore.errors import ConflictError
from objstore.graph.closure import check_closed
from objstore.values.digest import Digest
from objstore.values.key import Key, Kind, node_key
from tests.graph.by_the_book import lacking
from tests.graph.stores import some_objects
from tests.odb.stores import Store

ALL, (FIRST, SECOND) = some_objects()
NEEDED = [key for key in sorted(ALL) if lacking(ALL, set(ALL) - {key})]


def check(folder: Path, stored: set[Key], drafted: set[Key], root: Digest) -> None:
    store = Store(folder)
    store.add(*((key, ALL[key]) for key in stored))
    draft = store.draft()
    for key in drafted:
        draft.add(key, ALL[key])
    try:
        check_closed(store.database, draft, root)
    finally:
        draft.close()


def test_a_draft_may_build_on_what_is_stored(tmp_path: Path) -> None:
    everything = set(ALL)
    chunks = {key for key in ALL if key[0] == Kind.CHUNK}
    check(tmp_path / "a", set(), everything, FIRST)
    check(tmp_path / "b", chunks, everything - chunks, SECOND)
    check(tmp_path / "c", everything - chunks, chunks, SECOND)
    check(tmp_path / "d", everything, set(), FIRST)


@pytest.mark.parametrize("kind", Kind)
def test_a_draft_that_leads_to_what_is_gone_is_refused(tmp_path: Path, kind: Kind) -> None:
    gone = next(key for key in NEEDED if key[0] == kind)
    above = lacking(ALL, set(ALL) - {gone})
    with pytest.raises(ConflictError):
        check(tmp_path / "all", set(), set(ALL) - {gone}, FIRST)
    with pytest.raises(ConflictError):
        check(tmp_path / "above", set(ALL) - {gone} - above, above, FIRST)
    check(tmp_path / "stored", {gone}, set(ALL) - {gone}, FIRST)


def test_a_draft_needs_the_root(tmp_path: Path) -> None:
    with pytest.raises(ConflictError):
        check(tmp_path, set(), {key for key in ALL if key[0] == Kind.CHUNK}, FIRST)
    with pytest.raises(ConflictError):
        check(tmp_path / "b", set(ALL) - {node_key(SECOND)}, set(), SECOND)
