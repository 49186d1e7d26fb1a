"""Moving what is needed out of packs that are to be deleted."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from objstore.blobs.protocol import BlobStore
from objstore.errors import CorruptionError
from objstore.host.progress import Progress
from objstore.odb.draft import Draft
from objstore.odb.keyset import KeySet
from objstore.odb.pending import PendingRows
from objstore.odb.remotedatabase import RemoteDatabase
from objstore.odb.segment import Location, Segment, rows_of
from objstore.odb.segmentwriter import publish_segment
from objstore.sync.receiving import Wanted, receive
from objstore.values.key import Key

_BATCH = 4096
_LARGE = 200_000
"""A segment with more rows gets one in its place, so that it isn't written anew each time that others are."""


def naming(database: RemoteDatabase, segments: Iterable[str], packs: Collection[str]) -> list[str]:
    """Those segments that name any of these packs."""
    return [name for name in segments if any(pack.hex() in packs for pack in database.read_segment(name).packs)]


def move(
    database: RemoteDatabase,
    blobs: BlobStore,
    superseded: Sequence[str],
    condemned: Collection[str],
    live: KeySet,
    draft: Draft,
    scratch: Path,
    progress: Progress,
) -> list[str]:
    """Makes the segments that take the place of those that name condemned packs; their ids.

    They list, in new packs, what is live and was in condemned ones; and all else that those said of other packs. Every record is verified
    on the way. Memory: as for receiving, and a few thousand rows. CorruptionError when something that is needed can't be read.
    """
    segments = [(name, database.read_segment(name)) for name in superseded]
    apart = []
    for _, segment in segments:
        staying = (_staying(database, rows, condemned, live) for rows in rows_of(segment))
        if _is_large(segment):
            apart.append(_listed_apart(blobs, staying, scratch))
        else:
            for rows in staying:
                draft.carry(rows)
    with Wanted(database, scratch) as wanted:
        for _, segment in segments:
            for rows in rows_of(segment):
                wanted.add(draft.claim(_to_move(database, rows, condemned, live)))
        progress.start("writing what stays", bytes_=wanted.bytes)
        receive(database, wanted, draft, progress)
    _check_moved(database, condemned, live, draft)
    return [name for name in apart if name] + draft.publish()


def _is_large(segment: Segment) -> bool:
    return sum(segment.counts.values()) > _LARGE


def _staying(database: RemoteDatabase, rows: dict[Key, Location], condemned: Collection[str], live: KeySet) -> dict[Key, Location]:
    """Of a segment's rows those that say where something is that stays.

    Of an object that several packs have, the index names one. Another may be damaged, and mustn't come to be the one that is named. But
    where the one that is named goes, and what it has isn't moved since nobody needs it, another takes its place: somebody may have come
    to rely on it, by the very segment that goes.
    """
    staying = {key: place for key, place in rows.items() if place.pack not in condemned}
    named = database.locate(list(staying))
    leaving = live.missing([key for key, place in named.items() if place.pack in condemned])
    return {key: staying[key] for key, place in named.items() if place == staying[key] or key in leaving}


def _listed_apart(blobs: BlobStore, staying: Iterable[dict[Key, Location]], scratch: Path) -> str | None:
    """These rows in a segment of their own; None if there are none."""
    slots: dict[str, int] = {}
    kept = PendingRows(scratch)
    try:
        for rows in staying:
            for place in rows.values():
                slots.setdefault(place.pack, len(slots))
            kept.put({key: _row(slots[place.pack], place) for key, place in rows.items()})
        return publish_segment(blobs, list(slots), kept) if kept else None
    finally:
        kept.close()


def _row(slot: int, place: Location) -> tuple[int, int, int, int]:
    return slot, place.offset, place.stored, place.raw


def _to_move(database: RemoteDatabase, rows: dict[Key, Location], condemned: Collection[str], live: KeySet) -> list[Key]:
    """What is live and, for all that the index says, only in condemned packs."""
    leaving = [key for key, place in rows.items() if place.pack in condemned]
    dead = live.missing(leaving)
    return [key for key, place in database.locate([key for key in leaving if key not in dead]).items() if place.pack in condemned]


def _check_moved(database: RemoteDatabase, condemned: Collection[str], live: KeySet, draft: Draft) -> None:
    """CorruptionError unless all that is live is outside condemned packs now.

    It can't happen. But whoever deletes looks at what is going to be left.
    """
    for batch in live.batches(_BATCH):
        leaving = [key for key, place in database.locate(batch).items() if place.pack in condemned]
        if any(key not in draft for key in leaving):
            raise CorruptionError("gc has found that it would lose something, so it has freed nothing; please report this")
