"""What live versions reach: the keys that must stay."""

from collections.abc import Iterable

from objstore.errors import CorruptionError
from objstore.manifest.cursor import nodes
from objstore.manifest.entry import EntryKind
from objstore.manifest.node import Leaf
from objstore.odb import recipe
from objstore.odb.database import Database
from objstore.odb.keyset import KeySet
from objstore.values.digest import Digest
from objstore.values.key import Key, chunk_key, node_key, part_key


def mark(database: Database, roots: Iterable[Digest], live: KeySet) -> None:
    """Adds to `live` the keys of all that the roots reach. Each object is visited once, however many roots share it.

    NotFoundError or CorruptionError when a manifest or recipe can't be read: then nothing may be collected.
    """
    for root in roots:
        for _, node in nodes(database, root, lambda digest: not live.add_new([node_key(digest)])):
            if isinstance(node, Leaf):
                _mark_files(database, node, live)


def _mark_files(database: Database, leaf: Leaf, live: KeySet) -> None:
    digests = [
        digest for digest, kind, size in zip(leaf.digests, leaf.kinds, leaf.sizes, strict=True) if kind != EntryKind.REFERENCE and size
    ]
    chunks = {chunk_key(digest): digest for digest in digests}
    whole = database.locate(list(chunks))
    live.add_new(list(whole))
    for key, digest in chunks.items():
        if key not in whole:
            _mark_recipes(database, digest, live)


def _mark_recipes(database: Database, file: bytes, live: KeySet) -> None:
    keys = database.recipe_keys(file)
    if not keys:
        raise CorruptionError(f"the content of file {Digest(file).short} is missing; run `objstore fsck`")
    for key in live.add_new(keys):
        found = recipe.decode(database.read(key))
        _mark_rows(database, found.rows, found.height, live)


def _mark_rows(database: Database, rows: list[recipe.ChunkRow], height: int, live: KeySet) -> None:
    if height == 0:
        live.add_new([chunk_key(digest) for digest, _ in rows])
        return
    parts: list[Key] = live.add_new([part_key(digest) for digest, _ in rows])
    for key in parts:
        part_height, part_rows = recipe.decode_part(database.read(key))
        _mark_rows(database, part_rows, part_height, live)
