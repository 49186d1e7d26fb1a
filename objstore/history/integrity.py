"""Which paths of a version can't be read whole, given which objects are lost."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from objstore.errors import ObjstoreError
from objstore.manifest.entry import EntryKind
from objstore.manifest.node import Inner, Leaf, decode
from objstore.odb import recipe
from objstore.odb.content import file_blocks, file_chunks
from objstore.odb.database import Database
from objstore.odb.keyset import KeySet
from objstore.values.digest import Digest
from objstore.values.key import Key, chunk_key, describe, node_key


@dataclass
class Damage:
    """What is known to be lost."""

    lost: set[Key] = field(default_factory=set)
    """Objects that can't be read."""
    packs: set[str] = field(default_factory=set)
    """Packs of which nothing can be trusted."""
    files: dict[bytes, str] = field(default_factory=dict)
    """Files found unreadable so far, and why; filled on the way."""


class Loss(NamedTuple):
    """A path that can't be read (empty: the manifest itself, or a part of it), and the object or pack that is the cause."""

    path: str
    cause: str


def damage_of(database: Database, root: Digest, damage: Damage, sound: KeySet) -> Iterator[Loss]:
    """Every loss below a root. `sound` gathers the nodes and files found whole, so that what versions share is looked at once.

    Reads every manifest node and every file of several chunks; single chunks have been read with their packs.
    """
    yield from _below(database, root, damage, sound)


def _below(database: Database, digest: Digest, damage: Damage, sound: KeySet) -> Iterator[Loss]:
    key = node_key(digest)
    if key in sound:
        return
    cause = _lost_cause(database, key, damage)
    if cause is None:
        try:
            node = decode(database.read_node(digest))
        except ObjstoreError as error:
            cause = str(error)
    if cause is not None:
        yield Loss("", cause)
        return
    losses = 0
    for loss in _in_leaf(database, node, damage, sound) if isinstance(node, Leaf) else _in_inner(database, node, damage, sound):
        losses += 1
        yield loss
    if not losses:
        sound.add_new([key])


def _in_inner(database: Database, node: Inner, damage: Damage, sound: KeySet) -> Iterator[Loss]:
    for raw in node.digests:
        yield from _below(database, Digest(raw), damage, sound)


def _in_leaf(database: Database, leaf: Leaf, damage: Damage, sound: KeySet) -> Iterator[Loss]:
    for path, kind, digest, size in zip(leaf.keys, leaf.kinds, leaf.digests, leaf.sizes, strict=True):
        if kind == EntryKind.REFERENCE or size == 0:
            continue
        cause = _file_cause(database, digest, size, damage, sound)
        if cause is not None:
            yield Loss(path.decode(), cause)


def _file_cause(database: Database, digest: bytes, size: int, damage: Damage, sound: KeySet) -> str | None:
    key = chunk_key(digest)
    if digest in damage.files:
        return damage.files[digest]
    if key in sound:
        return None
    cause = _lost_cause(database, key, damage) if key in database else _recipe_cause(database, digest, size, damage)
    if cause is None:
        sound.add_new([key])
    else:
        damage.files[digest] = cause
    return cause


def _recipe_cause(database: Database, digest: bytes, size: int, damage: Damage) -> str | None:
    try:
        for key in database.recipe_keys(digest):
            cause = _first_cause(database, key, damage)
            if cause is not None:
                return cause
        if _is_here(database, digest, size):  # what only another place has is for a check there
            for _ in file_blocks(database, digest, size):
                pass
    except ObjstoreError as error:
        return str(error)
    return None


def _is_here(database: Database, digest: bytes, size: int) -> bool:
    return not database.alone.missing([chunk_key(chunk) for chunk, _ in file_chunks(database, digest, size)])


def _first_cause(database: Database, key: Key, damage: Damage) -> str | None:
    """The first of a recipe and its chunks that is lost."""
    cause = _lost_cause(database, key, damage)
    if cause is not None:
        return cause
    found = recipe.decode(database.read(key))
    for digest, _ in recipe.chunks(found, database.read):
        cause = _lost_cause(database, chunk_key(digest), damage)
        if cause is not None:
            return cause
    return None


def _lost_cause(database: Database, key: Key, damage: Damage) -> str | None:
    if key in damage.lost:
        return describe(key)
    place = database.locate([key]).get(key)
    if place is None:
        return f"{describe(key)} is not in this store"
    return place.pack if place.pack in damage.packs else None
