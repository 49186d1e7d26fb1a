"""Rebuilding index segments from packs."""

import contextlib
from collections.abc import Collection, Mapping, Sequence

from objstore.blobs.protocol import BlobStore
from objstore.errors import BlobExistsError, CorruptionError
from objstore.graph.gaps import beyond_use
from objstore.history.commit import commit
from objstore.history.log import Log
from objstore.history.records import GcRecord, GcVerdictRecord, Record
from objstore.history.state import State
from objstore.odb.database import Database
from objstore.odb.keyset import KeySet
from objstore.odb.lost import found_elsewhere
from objstore.odb.rebuild import segment_of
from objstore.odb.segment import Segment, segment_name
from objstore.values.digest import Digest
from objstore.values.key import Key


def rebuild_index(
    log: Log,
    scratch: BlobStore,
    database: Database,
    state: State,
    roots: Collection[Digest],
    replaced: Collection[str],
    *,
    sound: Sequence[str],
    lost: Mapping[str, set[Key]],
    publish: bool,
) -> list[str]:
    """Makes the database's index list what packs hold, in place of some segments; the ids of the segments that count then.

    `log` and `state`: the log that says which segments count, and its fold. `roots`: what versions need.

    The segment that does is written to `scratch`, and with `publish` to the store. It lists the packs that no other segment names, and
    depends on nothing but them (and the log), so usually it is the very one that was damaged; otherwise the log says that it takes the
    others' place. Packs that gc has declared dead, or whose trailer is damaged, are left out; so is what leads to something that is
    missing, unless a version needs it. Those of the replaced segments that are `sound` keep their say on where objects are; of an
    object that is `lost` in one pack another copy is listed, if there is one.
    """
    blobs = log.blobs
    kept = [name for name in state.segments if name not in replaced]
    listed = {pack.hex() for name in kept for pack in database.read_segment(name).packs}
    packs = {name.rpartition("/")[2] for name, _ in blobs.list("packs/")} - listed - state.dead_packs
    database.load(kept, state.dead_packs)
    healed = found_elsewhere(database.cache, lost)
    with KeySet(scratch.scratch) as left_out:
        left_out.add_new(healed)
        rebuilt = segment_of(packs, database, scratch, left_out, sound, lost)
    _load(database, kept, state, scratch, rebuilt)
    with beyond_use(database, roots, scratch.scratch) as useless:
        if useless:
            useless.add_new(healed)
            rebuilt = segment_of(packs, database, scratch, useless, sound, lost)
            _load(database, kept, state, scratch, rebuilt)
    if publish:
        _publish(log, database, state, replaced, scratch, rebuilt)
    return [*kept, rebuilt] if rebuilt else kept


def _load(database: Database, kept: list[str], state: State, scratch: BlobStore, rebuilt: str | None) -> None:
    database.load(kept, state.dead_packs)
    if rebuilt:
        database.cache.add_segment(rebuilt, Segment.of(scratch.read(segment_name(rebuilt))))


def _publish(log: Log, database: Database, state: State, replaced: Collection[str], scratch: BlobStore, rebuilt: str | None) -> None:
    blobs = log.blobs
    _clear(blobs, database, [*replaced, rebuilt] if rebuilt else replaced)
    if rebuilt:
        with contextlib.suppress(BlobExistsError):  # an interrupted repair has written it already; the name fixes the bytes
            blobs.create(segment_name(rebuilt), scratch.read(segment_name(rebuilt)))
    superseded = sorted(name for name in replaced if name != rebuilt)
    if superseded or rebuilt not in replaced:
        _log(log, state, superseded, (rebuilt,) if rebuilt else ())


def _clear(blobs: BlobStore, database: Database, replaced: Collection[str]) -> None:
    """Removes segments that can't be read: under their names the right bytes may be wanted, now or after some gc."""
    for name in replaced:
        try:
            database.read_segment(name)
        except CorruptionError:
            blobs.delete(segment_name(name))


def _log(log: Log, state: State, superseded: list[str], segments: tuple[str, ...]) -> None:
    def decide(state: State) -> list[Record]:
        gc = GcRecord(condemned=())
        return [gc, GcVerdictRecord(gc=state.position + 1, deleted=(), superseded=tuple(superseded), segments=segments)]

    commit(log, state, decide)
