import pytest

from objstore.errors import CorruptionError
from objstore.manifest.cursor import Child, Totals, children, conflict, entries, get, names, totals
from objstore.manifest.entry import Entry, reference_entry
from objstore.manifest.node import Inner, Link, encode
from tests.manifest.stores import Nodes, build, file, numbered

SOME = {path: file(path, size) for size, path in enumerate([b"a", b"b-c", b"b/c", b"b/d/e", b"b/d/f", b"b0", b"c/x/y/z"], 1)}


@pytest.fixture
def store() -> Nodes:
    return Nodes()


def test_a_path_is_found_and_an_absent_one_is_none(store: Nodes) -> None:
    root = build(store, SOME)
    assert all(get(store, root, path) == entry for path, entry in SOME.items())
    assert [get(store, root, path) for path in (b"", b"b", b"b/", b"aa", b"z")] == [None] * 5


def test_a_prefix_counts_by_whole_parts(store: Nodes) -> None:
    root = build(store, SOME)
    assert [path for path, _ in entries(store, root, b"b")] == [b"b/c", b"b/d/e", b"b/d/f"]
    assert list(entries(store, root, b"a")) == [(b"a", SOME[b"a"])]
    assert list(entries(store, root, b"nothing")) == []
    assert list(entries(store, root)) == sorted(SOME.items())
    assert totals(store, root, b"b") == Totals(3, 3 + 4 + 5)
    assert totals(store, root, b"b/d/f") == Totals(1, 5)
    assert totals(store, root, b"nothing") == Totals(0, 0)


def test_the_empty_map_answers_everything(store: Nodes) -> None:
    root = build(store, {})
    assert get(store, root, b"a") is None
    assert list(entries(store, root)) == list(entries(store, root, b"a")) == list(children(store, root)) == []
    assert totals(store, root) == totals(store, root, b"a") == Totals(0, 0)
    assert conflict(store, root, b"a/b") is None


def test_children_are_the_entries_and_folders_directly_in_a_folder(store: Nodes) -> None:
    root = build(store, SOME | {b"ref": reference_entry({"uri": "s3://b/k"})})
    assert list(children(store, root)) == [
        Child(b"a", False, 1, 1, SOME[b"a"]),
        Child(b"b-c", False, 1, 2, SOME[b"b-c"]),
        Child(b"b", True, 3, 12, None),
        Child(b"b0", False, 1, 6, SOME[b"b0"]),
        Child(b"c", True, 1, 7, None),
        Child(b"ref", False, 1, 0, reference_entry({"uri": "s3://b/k"})),
    ]
    assert [child.name for child in children(store, root, b"b")] == [b"c", b"d"]
    assert list(names(store, root)) == [b"a", b"b-c", b"b", b"b0", b"c", b"ref"]
    assert list(names(store, root, b"b")) == [b"c", b"d"]
    assert list(names(store, root, b"a")) == list(names(store, root, b"x")) == []
    assert list(children(store, root, b"a")) == list(children(store, root, b"b/d/e")) == list(children(store, root, b"x")) == []


def test_listing_and_totals_of_a_huge_folder_read_a_path_of_nodes(store: Nodes) -> None:
    some = numbered(30_000, b"big/%05d") | numbered(200, b"small/%d") | {b"top": file("t")}
    root = build(store, some)
    store.forget_counts()
    assert [(child.name, child.files) for child in children(store, root)] == [(b"big", 30_000), (b"small", 200), (b"top", 1)]
    assert len(store.reads) <= 12
    store.forget_counts()
    assert list(names(store, root)) == [b"big", b"small", b"top"]
    assert len(store.reads) <= 12
    store.forget_counts()
    assert totals(store, root, b"big") == Totals(30_000, sum(range(30_000)))
    assert len(store.reads) <= 6
    store.forget_counts()
    assert totals(store, root).files == len(some)
    assert store.reads == [root]


def test_streaming_reads_only_what_it_yields(store: Nodes) -> None:
    root = build(store, numbered(30_000))
    store.forget_counts()
    stream = entries(store, root, b"data")
    assert next(stream)[0] == b"data/00000.bin"
    assert len(store.reads) <= 6
    assert sum(1 for _ in stream) == 29_999
    assert len(store.reads) == len(set(store.reads)) == len(store.data)


def test_a_conflict_is_the_file_above_or_the_first_entry_below(store: Nodes) -> None:
    root = build(store, SOME)
    assert conflict(store, root, b"a/b/c") == b"a"
    assert conflict(store, root, b"b/d/e/f") == b"b/d/e"
    assert conflict(store, root, b"b") == b"b/c"
    assert conflict(store, root, b"c/x") == b"c/x/y/z"
    assert [conflict(store, root, path) for path in (b"a", b"b/x", b"b-", b"z", b"c/x/y/z")] == [None] * 5


@pytest.mark.parametrize("wrong", ["key", "level"])
def test_a_child_that_is_not_what_its_parent_says_is_corrupt(store: Nodes, wrong: str) -> None:
    leaf = build(store, {b"a": file("a"), b"b": file("b")})
    key = b"c" if wrong == "key" else b"b"
    root = store.write_node(encode(Inner.of(2 if wrong == "level" else 1, [key], [Link(2, 2, leaf)])))
    for look in (lambda: get(store, root, b"a"), lambda: list(entries(store, root))):
        with pytest.raises(CorruptionError, match="parent"):
            look()


def test_entries_read_back_are_equal_and_hashable(store: Nodes) -> None:
    root = build(store, SOME)
    entry = get(store, root, b"a")
    assert isinstance(entry, Entry)
    assert {entry} == {SOME[b"a"]}
