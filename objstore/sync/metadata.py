"""Bringing the index of another place, and all metadata that it lists."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from objstore.graph.children import PARENTS
from objstore.host.batches import batches
from objstore.host.progress import Progress
from objstore.odb.draft import Draft
from objstore.odb.remotedatabase import RemoteDatabase
from objstore.sync.receiving import Wanted, receive
from objstore.values.key import Key

_BATCH = 4096


def receive_metadata(
    source: RemoteDatabase, segments: Sequence[str], is_complete: bool, draft: Draft, scratch: Path, progress: Progress
) -> None:
    """Makes the source's index reflect these segments, and brings the nodes, recipes and parts in them that the draft's store hasn't got.

    `is_complete`: whether everything is here that the index has listed so far; then only what is new in it is looked at.
    """
    with Wanted(source, scratch) as wanted:
        for segment in source.loading(segments):
            if is_complete:
                _want(wanted, draft, (key for key, _ in segment.rows(PARENTS)))
        if not is_complete:
            for kind in PARENTS:
                _want(wanted, draft, (key for key, _ in source.cache.locate_from(bytes([kind]))))
        progress.start("fetching metadata", bytes_=wanted.bytes)
        receive(source, wanted, draft, progress)


def _want(wanted: Wanted, draft: Draft, keys: Iterable[Key]) -> None:
    for batch in batches(keys, _BATCH):
        wanted.add(draft.claim(batch))
