"""Finding holes in the upstream, and filling them from here."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from objstore.host.progress import Progress
from objstore.odb.draft import Draft
from objstore.odb.pack import PackClass, pack_name
from objstore.repository.appending import append
from objstore.repository.checking import Report, check
from objstore.repository.connection import Connection
from objstore.repository.fetching import Waiting, fetch_now, follow, synchronizing
from objstore.repository.project import Project
from objstore.sync.sending import copy_records
from objstore.sync.soundness import listed_in, whole_packs
from objstore.values.key import Key, describe


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
        fetch_now(project, connection, progress, waiting)
        packs = set(connection.cache.pack_ids())
        broken = packs - whole_packs(connection.database, connection.blobs, packs, progress)
        found = Verified(len(packs), sorted(broken))
        if broken:
            with project.keeping(waiting):
                _fill(project, connection, broken, found, progress)
        return found


def check_remote(project: Project, name: str, progress: Progress) -> Report:
    """Reads everything that is in a remote (see `checking.check`). NotFoundError when there is no such remote, or nothing there."""
    connection = project.connect(name)
    connection.check_there()
    with tempfile.TemporaryDirectory(prefix="objstore-fsck-") as nothing:
        return check(Path(nothing), progress, blobs=connection.blobs)


def _fill(project: Project, connection: Connection, broken: set[str], found: Verified, progress: Progress) -> None:
    clone = project.clone
    assert clone is not None
    draft = connection.open_draft(clone.mirror, broken)
    try:
        progress.start("sending what is missing")
        for pack in broken - _packs_of_lost(project, connection, broken):
            connection.blobs.delete(pack_name(pack))  # what is sent instead may have the same name
        with draft.storing():
            for batch in listed_in(connection.database, broken):
                _send(project, draft, batch, found)
        segments = draft.publish()
        while segments and not append(clone, connection, draft, segments):
            follow(project, connection)
        draft.finish()
    finally:
        draft.close()


def _packs_of_lost(project: Project, connection: Connection, broken: set[str]) -> set[str]:
    """Those of which something isn't here: what is left of them may be all that there is."""
    found: set[str] = set()
    for batch in listed_in(connection.database, broken):
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
