"""Copying what a root reaches from one store into a draft of another."""

from collections.abc import Iterator
from itertools import chain

from objstore.graph.reachability import walk
from objstore.host.batches import batches
from objstore.odb.database import Database
from objstore.odb.draft import Draft
from objstore.odb.record import encode
from objstore.values.digest import Digest
from objstore.values.key import Key, node_key

_BATCH = 64


def transfer(source: Database, root: Digest, draft: Draft) -> None:
    """Copies into `draft` all that `root` reaches in `source` and that neither the draft's store nor the draft has got.

    Every byte is verified on the way. What lies below a node or recipe that is there already isn't looked at: the index is closed.
    Memory: 64 chunks, and what a walk takes. NotFoundError when the source hasn't got it all; the draft can't be published then.
    """
    with draft.storing():
        for chunks in batches(chain.from_iterable(_chunks(source, root, draft)), _BATCH):
            draft.store([encode(key, data) for key, data in source.read_many(chunks)])


def _chunks(source: Database, root: Digest, draft: Draft) -> Iterator[list[Key]]:
    """Copies nodes, recipes and parts on the way; the chunks that are then to be copied."""
    for key, data, chunks in walk(source, [node_key(root)], draft.claim):
        draft.store([encode(key, data)])
        yield chunks
