"""The index of another place, and all metadata that it lists."""

from collections.abc import Iterable

from objstore.graph.children import PARENTS
from objstore.history.state import State
from objstore.host.batches import batches
from objstore.odb.draft import Draft
from objstore.odb.remotedatabase import RemoteDatabase
from objstore.sync.receiving import Wanted
from objstore.values.key import Key

_BATCH = 4096


def want_metadata(source: RemoteDatabase, upstream: State, is_complete: bool, draft: Draft, wanted: Wanted) -> None:
    """Makes the source's index reflect its history; wanted are the nodes, recipes and parts that it lists and the draft's store hasn't got.

    `is_complete`: whether everything is here that the index has listed so far; then only what is new in it is looked at.
    """
    for segment in source.loading(upstream.segments, upstream.dead_packs):
        if is_complete:
            _want(wanted, draft, (key for key, _ in segment.rows(PARENTS)))
    if not is_complete:
        for kind in PARENTS:
            _want(wanted, draft, (key for key, _ in source.cache.locate_from(bytes([kind]))))


def _want(wanted: Wanted, draft: Draft, keys: Iterable[Key]) -> None:
    for batch in batches(keys, _BATCH):
        wanted.add(draft.claim(batch))
