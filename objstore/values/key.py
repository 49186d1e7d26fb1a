"""Under what an object is kept: its kind and digest (spec/README.md).

A key is plain bytes, since stores hold millions of them: the kind, then one digest, or two for a recipe.
"""

from enum import IntEnum

from objstore.values.digest import Digest


class Kind(IntEnum):
    """What an object is."""

    CHUNK = 1
    RECIPE = 2
    PART = 3
    NODE = 4


Key = bytes

_CHUNK, _RECIPE, _PART, _NODE = (bytes([kind]) for kind in Kind)


def chunk_key(digest: bytes) -> Key:
    return _CHUNK + digest


def recipe_key(file: bytes, recipe: bytes) -> Key:
    return _RECIPE + file + recipe


def recipe_prefix(file: bytes) -> bytes:
    """What the keys of all recipes of a file begin with."""
    return _RECIPE + file


def part_key(digest: bytes) -> Key:
    return _PART + digest


def node_key(digest: bytes) -> Key:
    return _NODE + digest


def kind_of(key: Key) -> Kind:
    return Kind(key[0])


def digest_of(key: Key) -> Digest:
    """The digest of the object's own bytes (of a recipe: the recipe's)."""
    return Digest(key[-32:])


def describe(key: Key) -> str:
    """For messages: `chunk 0f3a…`."""
    return f"{kind_of(key).name.lower()} {digest_of(key).short}"
