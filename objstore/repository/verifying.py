"""Finding holes in the upstream, and filling them from here."""

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from objstore.errors import CorruptionError
from objstore.graph.reachability import mark
from objstore.history.clone import CloneLogbook
from objstore.history.fence import OvertakenError
from objstore.history.state import State
from objstore.host.progress import Progress
from objstore.odb.draft import Draft
from objstore.odb.keyset import KeySet
from objstore.odb.pack import PackClass, pack_name
from objstore.repository.appending import append
from objstore.repository.checking import Report, check
from objstore.repository.connection import Connection
from objstore.repository.fetching import Waiting, fetch_now, follow, synchronizing
from objstore.repository.project import Project
from objstore.sync.sending import copy_records
from objstore.sync.soundness import listed_in, whole_packs
from objstore.values.key import Key, describe

_BATCH = 4096


@dataclass
class Verified:
    """What a check of the upstream found."""

    packs: int = 0
    broken: list[str] = field(default_factory=list)
    """Packs that are missing or cut short there."""
    restored: int = 0
    """Objects of those that were sent again."""
    lost: list[str] = field(default_factory=list)
    """Objects of those that aren't here either."""


def verify(project: Project, progress: Progress, waiting: Waiting = None) -> Verified:
    """Checks that every pack of the upstream is there, whole, and sends again what is missing and is here.

    A pack's records aren't read: for that, `fsck` the upstream itself.
    """
    connection = project.connect()
    with synchronizing(project, connection, waiting):
        while True:
            fetch_now(project, connection, progress, waiting)
            with contextlib.suppress(OvertakenError):
                return _verify(project, connection, progress, waiting)


def _verify(project: Project, connection: Connection, progress: Progress, waiting: Waiting) -> Verified:
    """The same, from what was just fetched. OvertakenError when a gc has begun or ended since, which may have taken what is missing."""
    clone = project.clone
    assert clone is not None
    looked = clone.mirror.gc_stage
    packs = set(connection.cache.pack_ids())
    broken = packs - whole_packs(connection.database, connection.blobs, packs, progress)
    found = Verified(len(packs), sorted(broken))
    if broken:
        follow(project, connection)
        if clone.mirror.gc_stage != looked:
            raise OvertakenError
        with project.keeping(waiting), KeySet(project.scratch) as needed:
            _mark(project, clone.mirror, needed)
            _fill(project, clone, connection, broken, needed, found, progress)
    return found


def check_remote(project: Project, name: str, progress: Progress) -> Report:
    """Reads everything that is in a remote (see `checking.check`). NotFoundError when there is no such remote, or nothing there."""
    connection = project.connect(name)
    connection.check_there()
    with tempfile.TemporaryDirectory(prefix="objstore-fsck-") as nothing:
        return check(Path(nothing), progress, blobs=connection.blobs)


def _mark(project: Project, upstream: State, needed: KeySet) -> None:
    """Adds what versions of the upstream reach, as far as that can be told.

    Only that is sent: of anything else nobody knows whether what it leads to is there, or will be (spec/gc.md).
    """
    with contextlib.suppress(CorruptionError), KeySet(project.scratch) as all_:
        mark(project.database, upstream.roots(deleted=True), all_)
        _add(all_, needed)
        return
    for root in dict.fromkeys(upstream.roots(deleted=True)):
        # In a set of its own: what was gone into in vain would be taken for done where another leads there.
        with contextlib.suppress(CorruptionError), KeySet(project.scratch) as one:
            mark(project.database, [root], one)
            _add(one, needed)


def _add(keys: KeySet, needed: KeySet) -> None:
    for batch in keys.batches(_BATCH):
        needed.add_new(batch)


def _fill(
    project: Project,
    clone: CloneLogbook,
    connection: Connection,
    broken: set[str],
    needed: KeySet,
    found: Verified,
    progress: Progress,
) -> None:
    draft = connection.open_draft(clone.mirror, broken)
    try:
        progress.start("sending what is missing")
        still = broken - whole_packs(connection.database, connection.blobs, broken, progress)
        for pack in still - _packs_of_lost(project, connection, broken, needed):
            connection.blobs.delete(pack_name(pack))  # what is sent instead may have the same name
        with draft.storing():
            for batch in _needed_in(connection, broken, needed):
                _send(project, draft, batch, found)
        segments = draft.publish()
        while segments and not append(clone, connection, draft, segments):
            follow(project, connection)
        draft.finish()
    finally:
        draft.close()


def _needed_in(connection: Connection, packs: set[str], needed: KeySet) -> Iterator[list[Key]]:
    for batch in listed_in(connection.database, packs):
        unneeded = needed.missing(batch)
        yield [key for key in batch if key not in unneeded]


def _packs_of_lost(project: Project, connection: Connection, broken: set[str], needed: KeySet) -> set[str]:
    """Those of which something isn't here: what is left of them may be all that there is."""
    found: set[str] = set()
    for batch in _needed_in(connection, broken, needed):
        lacking = project.database.alone.missing(batch)
        found.update(place.pack for place in connection.database.locate(lacking).values())
    return found


def _send(project: Project, draft: Draft, keys: list[Key], found: Verified) -> None:
    here = project.database.alone
    lacking = here.missing(keys)
    found.lost += [describe(key) for key in lacking]
    for pack_class in PackClass:
        wanted = draft.claim([key for key in keys if key not in set(lacking) and PackClass.of(key) is pack_class])
        found.restored += copy_records(here, wanted, draft)
