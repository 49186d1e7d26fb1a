import pytest

from objstore.manifest.node import Inner, Leaf, Link, decode, encode
from objstore.manifest.split import is_boundary
from objstore.manifest.verify import check_shape, check_tree
from objstore.values.digest import Digest, node_digest, reference_digest
from tests.manifest.stores import Nodes, build, file, numbered

END = next(b"e%d" % number for number in range(9999) if is_boundary(b"e%d" % number, 0))
FILE = file("x")


def leaf(store: Nodes, *keys: bytes) -> tuple[bytes, Link]:
    node = Leaf.of(list(keys), [FILE] * len(keys))
    return keys[-1], Link(*node.totals(), store.write_node(encode(node)))


def inner(store: Nodes, *children: tuple[bytes, Link], level: int = 1) -> Digest:
    return store.write_node(encode(Inner.of(level, [key for key, _ in children], [link for _, link in children])))


@pytest.mark.parametrize("count", [0, 1, 5000])
def test_a_tree_that_was_built_has_no_problems(count: int) -> None:
    store = Nodes()
    root = build(store, numbered(count))
    assert list(check_tree(store, root)) == []


def test_a_node_that_goes_on_after_an_end_is_seen() -> None:
    assert list(check_shape(Leaf.of([END, b"f"], [FILE] * 2), is_last=True)) == [f"a node of level 0 should end at {END!r} but goes on"]


def test_a_node_that_ends_where_none_should_is_seen() -> None:
    node = Leaf.of([b"f"], [FILE])
    assert list(check_shape(node, is_last=True)) == []
    assert "where none should" in next(check_shape(node, is_last=False))
    full = Leaf.of([b"%05d" % number for number in range(3000) if not is_boundary(b"%05d" % number, 0)][:1024], [FILE] * 1024)
    assert list(check_shape(full, is_last=False)) == []


def problems(store: Nodes, root: Digest) -> str:
    return "\n".join(check_tree(store, root))


def test_totals_that_differ_from_the_childs_are_seen() -> None:
    store = Nodes()
    key, link = leaf(store, b"a", END)
    root = inner(store, (key, link._replace(files=3)), leaf(store, b"f"))
    assert "its parent says (3, 2)" in problems(store, root)


def test_a_root_with_a_single_child_is_seen() -> None:
    store = Nodes()
    assert "single child" in problems(store, inner(store, leaf(store, b"a", b"b")))


def test_a_child_of_another_level_or_key_is_seen() -> None:
    store = Nodes()
    good = leaf(store, b"a", END)
    assert "isn't the child" in problems(store, inner(store, good, (b"g", leaf(store, b"f")[1])))
    assert "isn't the child" in problems(store, inner(store, good, leaf(store, b"f"), level=2))


def test_leaves_that_overlap_are_seen() -> None:
    store = Nodes()
    assert "comes after" in problems(store, inner(store, leaf(store, b"a", END), leaf(store, b"b", b"f")))


def test_a_path_that_is_a_file_and_a_folder_is_seen() -> None:
    store = Nodes()
    root = inner(store, leaf(store, b"a", b"a-b", b"d", END), leaf(store, END + b"/f"))
    assert "is a file, yet" in problems(store, root)


def test_a_reference_that_cannot_be_read_is_seen() -> None:
    store = Nodes()
    body = b"\0\0"
    root = build(store, {b"a": file("x")._replace(kind=3, digest=reference_digest(body), reference=body)})
    assert "has no uri" in problems(store, root)


def test_nodes_that_are_missing_or_damaged_are_seen_and_the_rest_still_checked() -> None:
    store = Nodes()
    root = build(store, numbered(5000))
    top = decode(store.data[root])
    first, second, third = (Digest(digest) for digest in top.digests[:3])  # type: ignore[union-attr]
    del store.data[first]
    store.data[second] = store.data[second][:-1]
    store.data[third] = b"\x02" + store.data[third][1:]
    found = list(check_tree(store, root))
    assert [(digest.short in problem) for digest, problem in zip((first, second, third), found, strict=True)] == [True] * 3
    assert len(list(check_tree(store, node_digest(b"missing")))) == 1
