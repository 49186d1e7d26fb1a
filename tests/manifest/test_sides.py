"""Differences between sides, however each of them is given."""

from hypothesis import given
from hypothesis import strategies as st

from objstore.manifest.edit import edit
from objstore.manifest.entry import Entry
from objstore.manifest.sides import Side, differences
from tests.manifest.stores import Nodes, file, numbered, small_nodes

Files = dict[bytes, Entry]

some_files = st.dictionaries(st.sampled_from([b"%02d" % number for number in range(30)]), st.sampled_from("abc").map(file))


def root_of(nodes: Nodes, files: Files):
    return edit(nodes, None, sorted(files.items()))


def changes(old: Files, new: Files) -> list[tuple[bytes, Entry | None]]:
    return [(path, new.get(path)) for path in sorted(old.keys() | new.keys()) if old.get(path) != new.get(path)]


def sides(nodes: Nodes, base: Files, files: Files) -> list[Side]:
    """The same files: as a manifest, as changes to another one, as changes to nothing."""
    return [
        Side(nodes, root_of(nodes, files)),
        Side(nodes, root_of(nodes, base), changes(base, files)),
        Side(nodes, None, sorted(files.items())),
    ]


@given(some_files, some_files, some_files, some_files)
def test_the_differences_don_t_depend_on_how_the_sides_are_given(old: Files, new: Files, old_base: Files, new_base: Files) -> None:
    nodes = Nodes()
    expected = [(path, old.get(path), new.get(path)) for path in sorted(old.keys() | new.keys()) if old.get(path) != new.get(path)]
    with small_nodes():
        for before in range(3):
            for after in range(3):
                left, right = sides(nodes, old_base, old)[before], sides(nodes, new_base, new)[after]
                assert [tuple(change) for change in differences(left, right)] == expected


def test_a_change_that_changes_nothing_is_no_difference() -> None:
    nodes = Nodes()
    files = numbered(10)
    root = root_of(nodes, files)
    assert list(differences(Side(nodes, root), Side(nodes, root, [(b"data/00003.bin", files[b"data/00003.bin"])]))) == []


def test_the_cost_is_that_of_what_differs() -> None:
    nodes = Nodes()
    files = numbered(20_000)
    old = root_of(nodes, files)
    new = edit(nodes, old, [(b"data/12345.bin", file("other"))])
    nodes.forget_counts()
    found = list(differences(Side(nodes, old), Side(nodes, new, [(b"data/00007.bin", None)])))
    assert [change.path for change in found] == [b"data/00007.bin", b"data/12345.bin"]
    assert len(nodes.reads) < 15
