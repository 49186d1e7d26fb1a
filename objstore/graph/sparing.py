"""Sparing what living drafts have found in the store, though no version needs it.

A draft's file names the manifests that it builds on, and the data packs in which it has found chunks. It doesn't name the recipes and
nodes that it has found, which may be as many as its files. It needn't: before a recipe or a node is added, all that it leads to has
been, so the children of what a draft has found are spared themselves. So here whatever is closed over what stays, stays. That is more
than the drafts need, but of metadata only, and it keeps the index closed.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from objstore.errors import CorruptionError, NotFoundError
from objstore.graph.children import PARENTS, children
from objstore.graph.reachability import mark
from objstore.host.batches import batches
from objstore.odb.cache import Cache
from objstore.odb.database import Database
from objstore.odb.draftfile import Named
from objstore.odb.keyset import KeySet
from objstore.values.digest import Digest
from objstore.values.key import Key, Kind, chunk_key, node_key

_BATCH = 4096
Known = Callable[[Sequence[Key]], set[Key]]


def spare(database: Database, drafts: Sequence[Named], live: KeySet, scratch: Path, elsewhere: Known | None = None) -> set[str]:
    """Adds to `live` what these drafts rely on; the packs that must stay as they are, since drafts know them by their names.

    `elsewhere`: tells which objects are there whatever is freed here: those of a clone's upstream.

    Costs nothing without drafts, else reads all metadata that isn't live.
    """
    if not drafts:
        return set()
    roots = sorted({Digest.from_hex(root) for named in drafts for root in named.roots})
    mark(database, (root for root in roots if node_key(root) in database), live)
    used = {pack for named in drafts for pack in named.used}.intersection(database.cache.pack_ids())
    for pack in sorted(used):
        # Not what the index has in that pack: of a chunk that is in several packs it may have come to list another record.
        with contextlib.suppress(CorruptionError, NotFoundError):
            live.add_new(list(database.locate([row.key for row in database.read_trailer(pack).rows])))
    _keep_closed(database, live, scratch, elsewhere or _nowhere)
    return used.union(*(named.packs for named in drafts))


def _keep_closed(database: Database, live: KeySet, scratch: Path, elsewhere: Known) -> None:
    """Adds to `live` all metadata whose children are live."""
    with KeySet(scratch) as gone:
        kept = _Kept(database, live, gone, elsewhere)
        for batch in _metadata(database.cache):
            for key in live.missing(batch):
                kept.stays(key)


class _Kept:
    """The part of a database that stays: `live`; `gone` gathers what was found not to."""

    def __init__(self, database: Database, live: KeySet, gone: KeySet, elsewhere: Known) -> None:
        self._database = database
        self._live = live
        self._gone = gone
        self._elsewhere = elsewhere

    def stays(self, key: Key) -> bool:
        if key in self._live:
            return True
        if key[0] == Kind.CHUNK or key in self._gone:
            return False
        is_closed = self._is_closed(key)
        (self._live if is_closed else self._gone).add_new([key])
        return is_closed

    def _is_closed(self, key: Key) -> bool:
        try:
            keys, files = children(key, self._database.read(key))
        except (CorruptionError, NotFoundError):
            return False
        return all(map(self._is_kept, keys)) and all(map(self._has_file, files))

    def _is_kept(self, key: Key) -> bool:
        return bool(self._elsewhere([key])) or self.stays(key)

    def _has_file(self, digest: bytes) -> bool:
        return self._is_kept(chunk_key(digest)) or any(map(self._is_kept, self._database.recipe_keys(digest)))


def _nowhere(_: Sequence[Key]) -> set[Key]:
    return set()


def _metadata(cache: Cache) -> Iterator[list[Key]]:
    """All recipes, parts and nodes that the index lists, some at a time."""
    for kind in PARENTS:
        yield from batches((key for key, _ in cache.locate_from(bytes([kind]))), _BATCH)
