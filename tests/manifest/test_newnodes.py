"""The nodes of one manifest that another hasn't got."""

from hypothesis import given, settings

from objstore.manifest.entry import Entry
from objstore.manifest.newnodes import new_nodes
from tests.manifest.stores import Nodes, build, file, maps, nodes, numbered, small_nodes


@given(maps, maps)
@settings(deadline=None)
@small_nodes()
def test_they_are_those_of_the_new_tree_less_those_of_the_old(a: dict[bytes, Entry], b: dict[bytes, Entry]) -> None:
    left, right = Nodes(), Nodes()
    old, new = build(left, a), build(right, b)
    found = new_nodes(left, old, right, new)
    assert len(found) == len(set(found))
    assert set(found) == {digest for digest, _ in nodes(right, new)} - {digest for digest, _ in nodes(left, old)}
    assert set(new_nodes(left, None, right, new)) == {digest for digest, _ in nodes(right, new)}


def test_nodes_that_both_have_are_not_read() -> None:
    store = Nodes()
    some = numbered(40_000, b"%05d")
    old, new = build(store, some), build(store, some | {b"20000": file("new")})
    store.forget_counts()
    found = new_nodes(store, old, store, new)
    assert 2 <= len(found) <= 4 and len(store.reads) <= 8
