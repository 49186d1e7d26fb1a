"""Whether objects have all that they need, as spec/layout.md says it, with nothing spared."""

from collections.abc import Iterable

from objstore.manifest.entry import EntryKind
from objstore.manifest.node import Inner, decode
from objstore.odb import recipe
from objstore.values.digest import Digest
from objstore.values.key import Key, Kind, chunk_key, node_key, part_key, recipe_prefix
from tests.graph.stores import Objects


def ways(key: Key, data: bytes) -> list[list[bytes]]:
    """For each child, what keys begin with of which one must be there."""
    if key[0] == Kind.CHUNK:
        return []
    if key[0] in (Kind.RECIPE, Kind.PART):
        height, rows = recipe.decode(data)[2:] if key[0] == Kind.RECIPE else recipe.decode_part(data)
        return [[(part_key if height else chunk_key)(digest)] for digest, _ in rows]
    node = decode(data)
    if isinstance(node, Inner):
        return [[node_key(digest)] for digest in node.digests]
    rows = zip(node.kinds, node.digests, node.sizes, strict=True)
    return [[chunk_key(digest), recipe_prefix(digest)] for kind, digest, size in rows if kind != EntryKind.REFERENCE and size]


def lacking(objects: Objects, there: set[Key]) -> set[Key]:
    """The objects of which a child isn't `there`."""
    starts = {key[:33] for key in there}
    return {key for key, data in objects.items() if not all(not starts.isdisjoint(way) for way in ways(key, data))}


def without_use(objects: Objects) -> set[Key]:
    """The objects that lead to one that isn't among them."""
    there = set(objects)
    while lost := lacking(objects, there) & there:
        there -= lost
    return set(objects) - there


def reached(objects: Objects, roots: Iterable[Digest]) -> set[Key]:
    """The objects that roots lead to, as far as they are there."""
    found: set[Key] = set()
    waiting = {node_key(root) for root in roots} & set(objects)
    while waiting:
        found |= waiting
        prefixes = tuple(prefix for key in waiting for way in ways(key, objects[key]) for prefix in way)
        waiting = {key for key in objects if key.startswith(prefixes)} - found
    return found
