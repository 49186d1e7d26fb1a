"""Copying what a root reaches from one store into a draft of another."""

from collections.abc import Iterable, Iterator, Sequence

from objstore.errors import NotFoundError
from objstore.manifest.cursor import nodes
from objstore.manifest.entry import EntryKind
from objstore.manifest.node import Leaf, encode
from objstore.odb import recipe
from objstore.odb.content import file_chunks
from objstore.odb.database import Database
from objstore.odb.draft import Draft
from objstore.odb.recipe import ChunkRow
from objstore.odb.record import encode as encode_record
from objstore.values.digest import Digest
from objstore.values.key import chunk_key, node_key, part_key

_BATCH_BYTES = 4 * 1024 * 1024
_BATCH_CHUNKS = 1024


def transfer(source: Database, root: Digest, target: Database, draft: Draft) -> None:
    """Copies into `draft` all that `root` reaches in `source` and `target` (the store that the draft is for) hasn't got.

    Every byte is verified on the way. Manifests that the target has aren't looked into. Memory: 4 MiB and a few nodes.
    NotFoundError when the source hasn't got it all.
    """
    for chunks in _batches(_missing_chunks(source, root, target, draft)):
        fresh = draft.claim([chunk_key(digest) for digest, _ in chunks])
        draft.store([encode_record(key, data) for key, data in source.read_many(fresh)])


def _missing_chunks(source: Database, root: Digest, target: Database, draft: Draft) -> Iterator[ChunkRow]:
    """The chunks of every file to copy; copies nodes and recipes on the way."""
    for digest, node in nodes(source, root, lambda known: node_key(known) in target):
        draft.add(node_key(digest), encode(node))
        if isinstance(node, Leaf):
            for kind, file, size in zip(node.kinds, node.digests, node.sizes, strict=True):
                if kind != EntryKind.REFERENCE and not target.holds_file(file, size):
                    _copy_recipe(source, file, draft)
                    yield from file_chunks(source, file, size)


def _copy_recipe(source: Database, file: bytes, draft: Draft) -> None:
    if chunk_key(file) in source:
        return
    keys = source.recipe_keys(file)
    if not keys:
        raise NotFoundError(f"the content of file {Digest(file).short} is not in the store that it is copied from")
    data = source.read(keys[0])
    found = recipe.decode(data)
    _copy_parts(source, found.rows, found.height, draft)
    draft.add(keys[0], bytes(data))


def _copy_parts(source: Database, rows: Sequence[ChunkRow], height: int, draft: Draft) -> None:
    if height == 0:
        return
    for digest, _ in rows:
        data = source.read(part_key(digest))
        _copy_parts(source, recipe.decode_part(data)[1], height - 1, draft)
        draft.add(part_key(digest), bytes(data))


def _batches(rows: Iterable[ChunkRow]) -> Iterator[list[ChunkRow]]:
    batch: list[ChunkRow] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += row[1]
        if size >= _BATCH_BYTES or len(batch) == _BATCH_CHUNKS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
