"""Objects of every kind, and stores that hold some of them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from objstore.manifest.edit import edit
from objstore.manifest.entry import Entry, EntryKind, reference_entry
from objstore.odb import recipe
from objstore.odb.recipe import RecipeBuilder
from objstore.values.digest import EMPTY, Digest, plain
from objstore.values.key import Key, node_key
from tests.manifest.stores import Nodes, small_nodes
from tests.odb.stores import Store, chunk, noise

Objects = dict[Key, bytes]


def add_file(objects: Objects, pieces: Sequence[bytes]) -> Entry:
    """A file cut as given; of more than eight pieces the recipe is a tree."""
    content = b"".join(pieces)
    objects.update(map(chunk, pieces))
    if len(pieces) > 1:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(recipe, "MAX_ROWS", 8)
            patch.setattr(recipe, "MAX_PART_ROWS", 4)
            builder = RecipeBuilder(objects.__setitem__)
            for piece in pieces:
                builder.add((plain(piece), len(piece)))
            objects.__setitem__(*builder.finish(plain(content), len(content)))
    return Entry(EntryKind.FILE, plain(content), len(content))


def add_manifest(objects: Objects, entries: dict[bytes, Entry], base: Digest | None = None) -> Digest:
    """A manifest of some levels; with a base, that one changed."""
    nodes = Nodes()
    nodes.data = {Digest(key[1:]): data for key, data in objects.items() if key == node_key(key[1:])}
    with small_nodes():
        root = edit(nodes, base, sorted(entries.items()))
    objects.update({node_key(digest): data for digest, data in nodes.data.items()})
    return root


def some_objects() -> tuple[Objects, list[Digest]]:
    """What two versions reach that have much in common: files of all sorts, one of them with two recipes; and a little beside."""
    objects: Objects = {}
    entries = {b"%02d" % number: add_file(objects, [noise(number % 25, 50)]) for number in range(30)}
    for number in range(6):
        entries[b"cut/%d" % number] = add_file(objects, [noise(100 * number + at, 30) for at in range(2 + 15 * number)])
    twice = [noise(at, 40) for at in range(900, 906)]
    entries[b"twice"] = add_file(objects, twice)
    add_file(objects, [b"".join(twice[:2]), *twice[2:]])
    entries[b"empty"] = Entry(EntryKind.FILE, EMPTY, 0)
    entries[b"elsewhere"] = reference_entry({"uri": "s3://bucket/x"}, size=9)
    first = add_manifest(objects, entries)
    second = add_manifest(objects, {b"07": add_file(objects, [b"other"]), b"cut/3": add_file(objects, [b"now", b"shorter"])}, first)
    return objects, [first, second]


def store_of(folder: Path, objects: Iterable[tuple[Key, bytes]]) -> Store:
    store = Store(folder)
    store.add(*objects)
    return store
