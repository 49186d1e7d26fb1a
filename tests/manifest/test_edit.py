from collections.abc import Iterator

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.errors import InvalidInputError
from objstore.manifest import edit as edit_module
from objstore.manifest.cursor import entries
from objstore.manifest.edit import edit
from objstore.manifest.entry import Entry
from objstore.manifest.node import Leaf, decode
from objstore.manifest.split import is_boundary
from objstore.values.digest import Digest
from tests.manifest.stores import Nodes, build, by_the_book, file, maps, nodes, numbered, paths, small_nodes, values

Edits = list[dict[bytes, Entry | None]]
edits = st.lists(st.dictionaries(paths, st.none() | values, max_size=40), max_size=6)


def apply(entries: dict[bytes, Entry], changes: dict[bytes, Entry | None]) -> dict[bytes, Entry]:
    return {path: entry for path, entry in (entries | changes).items() if entry is not None}


@given(maps, edits)
@settings(max_examples=300, deadline=None)
@small_nodes()
def test_any_route_to_the_same_entries_gives_the_same_root(start: dict[bytes, Entry], steps: Edits) -> None:
    store = Nodes()
    root, model = build(store, start), start
    assert root == by_the_book(start)
    for changes in steps:
        root, model = edit(store, root, sorted(changes.items())), apply(model, changes)
        assert root == by_the_book(model)
        assert list(entries(store, root)) == sorted(model.items())


@given(st.sets(st.integers(0, 3000)), st.sets(st.integers(0, 3000)), st.integers(1, 50))
@settings(max_examples=40, deadline=None)
@small_nodes()
def test_edits_of_hundreds_of_paths_in_small_batches_give_the_same_root(before: set[int], after: set[int], batch: int) -> None:
    store = Nodes()
    old, new = ({b"%04d" % n: file(b"%d" % n) for n in numbers} for numbers in (before, after))
    changes = sorted((path, new.get(path)) for path in old.keys() ^ new.keys())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edit_module, "BATCH", batch)
        assert edit(store, build(store, old), changes) == by_the_book(new)


@given(maps)
@settings(deadline=None)
@small_nodes()
def test_building_writes_every_node_once_and_no_other(start: dict[bytes, Entry]) -> None:
    store = Nodes()
    root = build(store, start)
    assert sorted(store.writes) == sorted(digest for digest, _ in nodes(store, root))
    assert store.reads[: -len(store.data)] == []


@given(maps, st.data())
@settings(deadline=None)
@small_nodes()
def test_edits_that_change_nothing_write_nothing(start: dict[bytes, Entry], data: st.DataObject) -> None:
    store = Nodes()
    root = build(store, start)
    store.forget_counts()
    absent = {path: None for path in data.draw(st.lists(paths)) if path not in start}
    again = {path: start[path] for path in data.draw(st.lists(st.sampled_from(sorted(start))) if start else st.just([]))}
    assert edit(store, root, sorted((absent | again).items())) == root
    assert set(store.writes) <= {root}
    assert not start or not store.writes


def test_removing_everything_leaves_the_empty_map() -> None:
    store = Nodes()
    some = numbered(2000)
    empty = edit(store, None, [])
    assert edit(store, build(store, some), ((path, None) for path in some)) == empty
    assert edit(store, empty, sorted(some.items())) == build(Nodes(), some)
    assert edit(store, None, [(b"a", None)]) == empty


def test_removing_all_but_one_leaves_a_single_leaf() -> None:
    store = Nodes()
    some = numbered(2000)
    root = edit(store, build(store, some), [(path, None) for path in some if path != b"data/00777.bin"])
    assert isinstance(decode(store.data[root]), Leaf)
    assert root == by_the_book({b"data/00777.bin": some[b"data/00777.bin"]})


@pytest.mark.parametrize(
    "change", [(b"30000", None), (b"30000", file("new")), (b"30000.bin", file("new")), (b"!", file("new")), (b"z", file("new"))]
)
def test_one_change_reads_and_writes_one_node_a_level(change: tuple[bytes, Entry | None]) -> None:
    store = Nodes()
    root = build(store, numbered(50_000, b"%05d"))
    assert decode(store.data[root]).level == 2
    store.forget_counts()
    edit(store, root, [change])
    assert len(store.reads) <= 4
    assert len(store.writes) <= 4


def test_appending_batches_to_a_map_whose_last_key_ends_a_node_keeps_that_end() -> None:
    store = Nodes()
    old = {path: entry for path, entry in numbered(1000, b"%05d").items() if path <= b"00500"}
    end = next(b"00500%d" % number for number in range(9999) if is_boundary(b"00500%d" % number, 0))
    old[end] = file("end")
    more = numbered(3 * edit_module.BATCH, b"1%05d")
    assert edit(store, build(store, old), sorted(more.items())) == by_the_book(old | more)


def test_a_changed_value_moves_no_end() -> None:
    store = Nodes()
    root = build(store, numbered(10_000))
    other = edit(store, root, [(path, file("other")) for path in numbered(10_000)])
    old, new = ([node.keys for _, node in nodes(store, at)] for at in (root, other))
    assert old == new


def test_changes_are_a_stream_of_which_little_is_held() -> None:
    class Counting(Nodes):
        rows = 0

        def write_node(self, data: bytes, /) -> Digest:
            node = decode(data)
            self.rows += len(node.keys) if node.level == 0 else 0
            return super().write_node(data)

    store = Counting()
    held = 0

    def stream() -> Iterator[tuple[bytes, Entry]]:
        nonlocal held
        entry = file("same")
        for number in range(50_000):
            held = max(held, number - store.rows)
            yield b"%06d" % number, entry

    root = edit(store, None, stream())
    assert held < 3 * edit_module.BATCH
    assert edit(store, root, ((path, None) for path, _ in stream())) == edit(store, None, [])


def test_names_without_ends_make_no_giant_node_and_an_insert_stays_local() -> None:
    def dull(pattern: bytes, count: int) -> list[bytes]:
        """Names after which no leaf ends."""
        return [name for name in (pattern % number for number in range(count)) if blake3(name).digest()[0] >= 2]

    store = Nodes()
    adversarial = dull(b"a%05d", 5000)
    some = {path: file(path) for path in adversarial} | numbered(20_000, b"c%05d")
    root = build(store, some)
    leaves = [node for _, node in nodes(store, root) if isinstance(node, Leaf)]
    assert max(len(leaf.keys) for leaf in leaves) == 1024
    assert [len(leaf.keys) for leaf in leaves[:4]] == [1024] * 4

    store.forget_counts()
    extra = dull(b"a00000-%d", 9)[0]
    assert edit(store, root, [(extra, file("new"))]) == by_the_book(some | {extra: file("new")})
    # The five or so leaves without ends are cut anew, up to the first end; none of the 150 after it is touched.
    assert len(store.reads) <= 10
    assert len(store.writes) <= 10

    store.forget_counts()
    changed = adversarial[2500]
    assert edit(store, root, [(changed, file("new"))]) == by_the_book(some | {changed: file("new")})
    assert len(store.writes) <= 3


@pytest.mark.parametrize(
    "path", [b"", b"/a", b"a/", b"a//b", b".", b"..", b"a/../b", b"./a", b"a\0b", b"\xff", b"a" * 4097], ids=lambda path: repr(path[:8])
)
def test_an_invalid_path_is_refused(path: bytes) -> None:
    with pytest.raises(InvalidInputError, match="path"):
        edit(Nodes(), None, [(path, file("x"))])


@pytest.mark.parametrize("before", [0, 1, 4095, 4096])
@pytest.mark.parametrize("path", [b"00000", b"!"])
def test_paths_that_do_not_ascend_are_refused(before: int, path: bytes) -> None:
    changes = [(b"%05d" % number, file("x")) for number in range(before)]
    with pytest.raises(InvalidInputError, match="ascend"):
        edit(Nodes(), None, [*changes, (b"99999", file("x")), (path, file("x"))])


def test_an_entry_that_cannot_be_kept_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="entry"):
        edit(Nodes(), None, [(b"a", Entry(1, b"short", 1))])
