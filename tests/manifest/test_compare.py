import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.errors import CorruptionError
from objstore.manifest.compare import Change, compare
from objstore.manifest.edit import edit
from objstore.manifest.entry import Entry
from objstore.manifest.node import Inner, Leaf, Link, decode, encode
from objstore.values.digest import Digest
from tests.manifest.stores import Nodes, build, file, maps, nodes, numbered, small_nodes


@given(maps, maps)
@settings(deadline=None)
@small_nodes()
def test_the_diff_of_a_and_b_applied_to_a_gives_b(a: dict[bytes, Entry], b: dict[bytes, Entry]) -> None:
    left, right = Nodes(), Nodes()
    old, new = build(left, a), build(right, b)
    changes = list(compare(left, old, right, new))
    assert [change.path for change in changes] == sorted(path for path in a.keys() | b.keys() if a.get(path) != b.get(path))
    assert edit(left, old, [(change.path, change.new) for change in changes]) == new
    assert edit(right, new, [(change.path, change.old) for change in changes]) == old


@given(st.sets(st.integers(0, 800)), st.integers(0, 800), st.integers(0, 800))
@settings(deadline=None)
@small_nodes()
def test_trees_of_different_heights_are_compared(numbers: set[int], start: int, stop: int) -> None:
    store = Nodes()
    whole = {b"%03d" % number: file(b"%d" % number) for number in numbers}
    part = {path: entry for path, entry in whole.items() if b"%03d" % start <= path < b"%03d" % stop}
    changes = list(compare(store, build(store, whole), store, build(store, part)))
    assert changes == [Change(path, entry, None) for path, entry in sorted(whole.items()) if path not in part]


def test_equal_manifests_are_not_read() -> None:
    store = Nodes()
    root = build(store, numbered(300))
    store.forget_counts()
    assert list(compare(store, root, store, root)) == []
    assert store.reads == []


@pytest.mark.parametrize("path", [b"!", b"00000", b"20000", b"20000.aaa", b"39999", b"zzz"])
def test_one_difference_costs_one_path_of_nodes_on_each_side(path: bytes) -> None:
    store = Nodes()
    some = numbered(40_000, b"%05d")
    root = build(store, some)
    other = edit(store, root, [(path, file("new"))])
    store.forget_counts()
    assert list(compare(store, root, store, other)) == [Change(path, some.get(path), file("new"))]
    assert len(store.reads) <= 8


def test_what_a_smaller_tree_shares_with_a_higher_one_is_not_read() -> None:
    store = Nodes()
    some = numbered(40_000, b"%05d")
    high, low = build(store, some), build(store, dict(list(some.items())[:4000]))
    assert decode(store.data[high]).level > decode(store.data[low]).level
    store.forget_counts()
    assert sum(1 for _ in compare(store, low, store, high)) == 36_000
    read = set(store.reads)
    of_low = {digest for digest, _ in nodes(store, low)}
    assert len(of_low) > 20
    assert len(of_low & read) <= 4


def test_a_folder_put_before_others_does_not_make_them_read() -> None:
    store = Nodes()
    root = build(store, numbered(40_000, b"%05d"))
    other = edit(store, root, sorted(numbered(3000, b"!added/%05d").items()))
    store.forget_counts()
    assert sum(1 for _ in compare(store, root, store, other)) == 3000
    assert len(store.reads) <= 50


def test_paths_that_are_not_in_their_order_from_node_to_node_are_told() -> None:
    store = Nodes()
    leaves = [Leaf.of([first, last], [file(first), file(last)]) for first, last in ((b"a", b"c"), (b"b", b"d"), (b"e", b"f"))]
    ordered, late = ([*leaves[:1], *leaves[2:]], leaves)

    def root(below: list[Leaf]) -> Digest:
        links = [Link(2, 2, store.write_node(encode(leaf))) for leaf in below]
        return store.write_node(encode(Inner.of(1, [leaf.keys[-1] for leaf in below], links)))

    for old, new in ((build(store, {}), root(late)), (root(late), build(store, {})), (root(ordered), root(late))):
        with pytest.raises(CorruptionError, match="has b in the wrong place"):
            list(compare(store, old, store, new))
    assert [change.path for change in compare(store, root(ordered), store, root(leaves[:1]))] == [b"e", b"f"]
