"""Names that some disks take for one: all are found, those that were there before aren't told again, and little is read for it."""

from collections import defaultdict
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.manifest.collisions import Collision, collisions, new_collisions
from objstore.manifest.edit import edit
from objstore.manifest.entry import Entry
from tests.manifest.stores import Nodes, build, file, numbered, small_nodes

NAMES = ["a", "A", "a-", "A-", "b", "\u00e9", "e\u0301", "\u00c9", "E", "stra\u00dfe", "STRASSE", "ab", "aB", "Ab"]

_paths = st.lists(st.sampled_from([name.encode() for name in NAMES]), min_size=1, max_size=3).map(b"/".join)
maps = st.dictionaries(_paths, st.sampled_from([file("1"), file("2")]), max_size=30).map(
    lambda files: {path: entry for path, entry in files.items() if not any(other.startswith(path + b"/") for other in files)}
)


def listings(paths: dict[bytes, Entry]) -> dict[bytes, set[tuple[bytes, bool]]]:
    """What each folder holds: names, and whether they are folders."""
    found: dict[bytes, set[tuple[bytes, bool]]] = defaultdict(set)
    for path in paths:
        parts = path.split(b"/")
        for at, part in enumerate(parts):
            found[b"/".join(parts[:at])].add((part, at < len(parts) - 1))
    return found


def by_the_book(old: dict[bytes, Entry], new: dict[bytes, Entry]) -> list[Collision]:
    """Every name beside the first that is the same to a disk which ignores case and form, unless the old map has both."""
    before = listings(old)
    found = []
    for folder, members in listings(new).items():
        same: dict[str, list[tuple[bytes, bool]]] = defaultdict(list)
        for member in sorted(members):
            same[normalize("NFD", normalize("NFD", member[0].decode()).casefold())].append(member)
        for first, *others in same.values():
            prefix = folder + b"/" if folder else b""
            found += [
                Collision(prefix + first[0], prefix + other[0]) for other in others if not {first, other} <= before.get(folder, set())
            ]
    return sorted(found)


@given(maps, maps)
@settings(deadline=None)
@small_nodes()
def test_those_that_came_in_are_found(old: dict[bytes, Entry], new: dict[bytes, Entry]) -> None:
    store = Nodes()
    before, after = build(store, old), build(store, new)
    assert sorted(new_collisions(store, before, after)) == by_the_book(old, new)
    assert sorted(new_collisions(store, None, after)) == sorted(collisions(sorted(new))) == by_the_book({}, new)


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        ([b"A.txt", b"a.txt"], [(b"A.txt", b"a.txt")]),
        ([b"A/x", b"a/y"], [(b"A", b"a")]),
        ([b"A", b"a/y"], [(b"A", b"a")]),
        ([b"x/A/1", b"x/a/1"], [(b"x/A", b"x/a")]),
        ([b"A/x", b"b/X", b"c"], []),
        ([b"A", b"B", b"a", b"b"], [(b"A", b"a"), (b"B", b"b")]),
        (["e\u0301".encode(), "\u00e9".encode()], [("e\u0301".encode(), "\u00e9".encode())]),
    ],
)
def test_names_of_one_folder_collide(paths: list[bytes], found: list[tuple[bytes, bytes]]) -> None:
    assert list(collisions(paths)) == found


def test_of_many_that_are_one_each_collides_with_the_first() -> None:
    assert list(collisions([b"AA", b"Aa", b"aA"])) == [(b"AA", b"Aa"), (b"AA", b"aA")]


def test_what_only_changes_or_goes_is_not_told_again() -> None:
    store = Nodes()
    old = build(store, {b"d/A": file("1"), b"d/a": file("2"), b"d/b": file("3")})
    new = build(store, {b"d/A": file("new"), b"d/a": file("2"), b"d/c": file("3")})
    assert list(new_collisions(store, old, new)) == []


def test_a_change_costs_a_few_nodes_and_a_new_name_the_listing_of_its_folder() -> None:
    store = Nodes()
    some = numbered(20_000, b"big/%05d") | numbered(200, b"small/%03d")
    old = build(store, some)
    changed, added, beside = (edit(store, old, [(path, file("x"))]) for path in (b"big/00500", b"small/new", b"top"))
    for new, most in [(old, 3), (changed, 12), (added, 25), (beside, 25)]:
        store.forget_counts()
        assert list(new_collisions(store, old, new)) == []
        assert len(store.reads) <= most
