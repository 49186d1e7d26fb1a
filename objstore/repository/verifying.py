"""Finding holes in the upstream, and filling them from here."""

import contextlib
import tempfile
from collections.abc import Collection, Container
from dataclasses import dataclass, field
from pathlib import Path

from objstore.errors import InvalidInputError
from objstore.graph.reachability import mark_whole
from objstore.history.clone import CloneLogbook
from objstore.history.fence import OvertakenError
from objstore.host.progress import Progress
from objstore.odb.draft import Draft
from objstore.odb.keyset import KeySet
from objstore.odb.pack import PackClass, pack_name
from objstore.repository.appending import append
from objstore.repository.checking import Report, check
from objstore.repository.connection import Connection
from objstore.repository.fetching import Fetched, Waiting, fetch_now, follow, synchronizing
from objstore.repository.project import Project
from objstore.repository.remotes import UPSTREAM
from objstore.sync.sending import copy_records
from objstore.sync.soundness import listed_in, whole_packs
from objstore.values.key import Key, Kind, describe


@dataclass
class Verified:
    """What a check of the upstream found."""

    packs: int = 0
    broken: list[str] = field(default_factory=list)
    """Packs that are missing there, cut short or damaged."""
    restored: int = 0
    """Objects of those that were sent again."""
    lost: list[str] = field(default_factory=list)
    """Objects of those that versions need and that aren't here either."""
    fetched: Fetched = field(default_factory=Fetched)
    """What came of looking at the upstream before."""


def verify(project: Project, progress: Progress, waiting: Waiting = None, damaged: Collection[str] = ()) -> Verified:
    """Checks that every pack of the upstream is there, complete, and sends again what is missing and is here.

    Records aren't read: `damaged` names packs in which some were found damaged (`check_remote`).
    """
    connection = project.connect()
    fetched = Fetched()
    with synchronizing(project, connection, waiting):
        while True:
            fetched.add(fetch_now(project, connection, progress, waiting))
            with contextlib.suppress(OvertakenError):
                return _verify(project, connection, progress, waiting, set(damaged), fetched)


def _verify(
    project: Project, connection: Connection, progress: Progress, waiting: Waiting, damaged: set[str], fetched: Fetched
) -> Verified:
    """The same, from what was just fetched. OvertakenError when a gc has begun or ended since, which may have taken what is missing."""
    clone = project.clone
    assert clone is not None
    looked = clone.mirror.gc_stage
    packs = set(connection.cache.pack_ids())
    broken = packs - whole_packs(connection.database, connection.blobs, packs - damaged, progress)
    if broken:
        broken &= {place.pack for _, place in connection.cache.locate_from(b"")}  # what others have as well is no hole
    found = Verified(len(packs), sorted(broken), fetched=fetched)
    if broken:
        follow(project, connection)
        if clone.mirror.gc_stage != looked:
            raise OvertakenError
        with project.keeping(waiting), KeySet(project.scratch) as needed:
            mark_whole(project.database, clone.mirror.roots(deleted=True), needed, project.scratch)
            still = broken - whole_packs(connection.database, connection.blobs, broken - damaged, progress)
            _fill(project, clone, connection, broken, still, needed, found, progress)
    return found


def check_remote(project: Project, name: str, progress: Progress, *, repair: bool = False, waiting: Waiting = None) -> Report:
    """Reads everything that is in a remote (see `checking.check`). NotFoundError when there is no such remote, or nothing there.

    `repair`: what is damaged or missing in the upstream, and is here, is sent there again. InvalidInputError for another remote.
    """
    if repair and name != UPSTREAM:
        raise InvalidInputError(f"only the upstream is repaired from here; `objstore push --remote {name}` brings what {name} lacks")
    report = _checked(project, name, progress)
    if repair and report.damaged_packs:
        verify(project, progress, waiting, report.damaged_packs)
        return _checked(project, name, progress)
    return report


def _checked(project: Project, name: str, progress: Progress) -> Report:
    connection = project.connect(name)
    connection.check_there()
    with tempfile.TemporaryDirectory(prefix="objstore-fsck-") as nothing:
        return check(Path(nothing), progress, blobs=connection.blobs)


def _fill(
    project: Project,
    clone: CloneLogbook,
    connection: Connection,
    broken: set[str],
    still: set[str],
    needed: KeySet,
    found: Verified,
    progress: Progress,
) -> None:
    draft = connection.open_draft(clone.mirror, broken)
    try:
        progress.start("sending what is missing")
        for pack in still - _packs_of_what_stays(project, connection, broken, needed):
            connection.blobs.delete(pack_name(pack))  # what is sent instead may have the same name
        with draft.storing():
            for batch in listed_in(connection.database, broken):
                unneeded = needed.missing(batch)
                found.lost += map(describe, project.database.alone.missing([key for key in batch if key not in unneeded]))
                _send(project, draft, [key for key in batch if _may_be_sent(key, unneeded)], found)
        segments = draft.publish()
        while segments and not append(clone, connection, draft, segments):
            follow(project, connection)
        draft.finish()
    finally:
        draft.close()


def _may_be_sent(key: Key, unneeded: Container[Key]) -> bool:
    """Chunks lead nowhere. Of other things that nobody needs it isn't known whether what they lead to is there, or will be."""
    return key[0] == Kind.CHUNK or key not in unneeded


def _packs_of_what_stays(project: Project, connection: Connection, broken: set[str], needed: KeySet) -> set[str]:
    """Those of which something isn't sent again: what is left of them may be all that there is."""
    found: set[str] = set()
    for batch in listed_in(connection.database, broken):
        unneeded, lacking = needed.missing(batch), set(project.database.alone.missing(batch))
        staying = [key for key in batch if key in lacking or not _may_be_sent(key, unneeded)]
        found.update(place.pack for place in connection.database.locate(staying).values())
    return found


def _send(project: Project, draft: Draft, keys: list[Key], found: Verified) -> None:
    here = project.database.alone
    lacking = set(here.missing(keys))
    for pack_class in PackClass:
        wanted = draft.claim([key for key in keys if key not in lacking and PackClass.of(key) is pack_class])
        found.restored += copy_records(here, wanted, draft)
