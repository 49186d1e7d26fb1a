"""What an object leads to."""

from collections.abc import Iterable
from typing import NamedTuple

from objstore.manifest.entry import EntryKind
from objstore.manifest.node import Inner, decode
from objstore.odb import recipe
from objstore.odb.database import Database
from objstore.values.key import Key, Kind, chunk_key, node_key

PARENTS = (Kind.PART, Kind.RECIPE, Kind.NODE)
"""The kinds that lead to others, the lower ones first."""


class Children(NamedTuple):
    """What must be there for an object to be of use. May repeat."""

    keys: list[Key]
    """Nodes, parts, chunks."""
    files: list[bytes]
    """Digests of files, each of which is stored in one way or another: see `contents`."""


def children(key: Key, data: bytes | memoryview) -> Children:
    """The children of the object with that key and those bytes; CorruptionError if the bytes are no such object."""
    if key[0] == Kind.CHUNK:
        return Children([], [])
    if key[0] != Kind.NODE:
        return Children(recipe.children(key, data), [])
    node = decode(bytes(data))
    if isinstance(node, Inner):
        return Children([node_key(digest) for digest in node.digests], [])
    rows = zip(node.kinds, node.digests, node.sizes, strict=True)
    return Children([], [digest for kind, digest, size in rows if kind != EntryKind.REFERENCE and size])


def contents(database: Database, files: Iterable[bytes]) -> dict[bytes, list[Key]]:
    """The keys under which each file is stored: its one chunk, else all its recipes, of which any serves; none when it isn't."""
    chunks = {chunk_key(file): file for file in files}
    found = {file: [key] for key, file in chunks.items()}
    for key in database.missing(list(chunks)):
        found[chunks[key]] = database.recipe_keys(chunks[key])
    return found
