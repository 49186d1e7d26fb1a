"""Dropping local data that the upstream is checked to hold."""

from objstore.graph.reachability import mark, mark_whole
from objstore.history.clone import CloneLogbook
from objstore.history.records import PartRecord, RestoreRecord, VersionRecord
from objstore.host.batches import batches
from objstore.host.progress import Progress
from objstore.odb.database import Database
from objstore.odb.keyset import KeySet
from objstore.repository.connection import Connection
from objstore.repository.fetching import Waiting, fetch_now, synchronizing
from objstore.repository.localgc import Freed, drop
from objstore.repository.project import Project
from objstore.sync.soundness import whole_packs
from objstore.values.digest import Digest
from objstore.values.key import Key, Kind

_BATCH = 4096


def prune(project: Project, progress: Progress, *, dry_run: bool = False, waiting: Waiting = None) -> Freed:
    """Drops chunks that live versions of the upstream reach and that lie there in packs found whole just now.

    What a version needs that isn't pushed yet, or a draft, stays; so does all metadata. Afterwards the data is read from the upstream,
    or pulled again. NotFoundError or RemoteError when the upstream can't be asked; then nothing is dropped.
    """
    connection = project.connect()
    with synchronizing(project, connection, waiting):
        fetch_now(project, connection, progress, waiting)
        clone = project.clone
        assert clone is not None
        packs = set(connection.cache.pack_ids()) - clone.mirror.condemned
        whole = whole_packs(connection.database, connection.blobs, packs, progress)

        def needed(database: Database, live: KeySet) -> None:
            progress.start("looking for what is upstream")
            with KeySet(project.scratch) as shared, KeySet(project.scratch) as own:
                mark(database, clone.mirror.roots(), shared)
                _mark_pending(project, database, clone, own)
                for keys in batches((key for key, _ in database.cache.locate_from(b"")), _BATCH):
                    droppable = _droppable(keys, shared, own, connection, whole)
                    live.add_new([key for key in keys if key not in droppable])

        return drop(project, needed, progress, dry_run=dry_run, waiting=waiting)


def _droppable(keys: list[Key], shared: KeySet, own: KeySet, connection: Connection, whole: set[str]) -> set[Key]:
    chunks = [key for key in keys if key[0] == Kind.CHUNK]
    reached = set(chunks) - shared.missing(chunks)
    places = connection.database.locate(sorted(reached & own.missing(chunks)))
    return {key for key, place in places.items() if place.pack in whole}


def _mark_pending(project: Project, database: Database, clone: CloneLogbook, own: KeySet) -> None:
    """Adds what versions reach that the upstream may not have, deleted or not; but for deleted ones that gc has freed."""
    kinds = VersionRecord | RestoreRecord | PartRecord
    roots = dict.fromkeys(Digest.from_hex(record.root) for record in clone.replay.outgoing if isinstance(record, kinds))
    live = set(clone.state.roots())
    mark(database, (root for root in roots if root in live), own)
    mark_whole(database, (root for root in roots if root not in live), own, project.scratch)
