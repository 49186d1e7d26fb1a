"""Collecting garbage in a remote, or in a bucket that is opened directly."""

from dataclasses import replace
from datetime import datetime

from objstore.errors import ConflictError, InvalidInputError
from objstore.history.clone import CloneLogbook
from objstore.history.commit import refresh
from objstore.history.expiry import Expiry, expires_at, plan_expiry
from objstore.history.log import Log
from objstore.history.state import State
from objstore.host.progress import Progress
from objstore.repository.collector import Collector, FreedThere, Place
from objstore.repository.connection import Connection
from objstore.repository.fetching import Waiting, fetch_now, synchronizing
from objstore.repository.project import Project
from objstore.repository.remotes import UPSTREAM

MIN_AGE = 24 * 3600.0
"""Seconds."""


def collect_remote(
    project: Project,
    progress: Progress,
    name: str = UPSTREAM,
    *,
    min_age: float = MIN_AGE,
    dry_run: bool = False,
    now: datetime | None = None,
    waiting: Waiting = None,
) -> FreedThere:
    """Deletes what has expired in a remote, and frees there what no version needs, while others may write and read (see Collector).

    `min_age`, in seconds: packs that nobody names, and versions deleted, less long ago are left alone. In a mirror only that is deleted
    which its upstream has freed, and nothing expires. NotFoundError when there is no such remote; RemoteError when it can't be reached, or
    not be written; ConflictError when a version that is deleted there is back here, or one that would expire there lives on here.
    """
    if project.bucket is not None:
        raise InvalidInputError(f"{project.location} is the bucket itself: leave the remote out")
    connection = project.connect(name)
    with synchronizing(project, connection, waiting):
        if name != UPSTREAM:
            return _sweep_mirror(project, connection, progress, dry_run)
        fetched = fetch_now(project, connection, progress, waiting)
        clone = project.clone
        assert clone is not None
        _check_nothing_has_come_back(clone)

        def expiring(there: State, now: datetime) -> Expiry:
            expiry = plan_expiry(there, now)
            _check_does_not_live_on(clone.state, expiry)
            _check_parts_are_as_here(clone.state, expiry)
            return expiry

        place = Place(connection.blobs, project.settings.project, connection.folder, project.scratch, project.database.alone)
        with Collector(place, clone.mirror.copy(), progress, min_age, now=now, expiring=expiring) as collector:
            freed = collector.dry_run() if dry_run else collector.run()
        if not dry_run:
            fetched.add(fetch_now(project, connection, progress, waiting))
        return replace(freed, fetched=fetched)


def collect_bucket(
    project: Project, progress: Progress, *, min_age: float = MIN_AGE, dry_run: bool = False, now: datetime | None = None
) -> FreedThere:
    """The same in a bucket that is opened directly."""
    if project.bucket is None:
        raise InvalidInputError(f"{project.location} isn't a bucket")
    with project.writing():
        place = Place(project.blobs, project.settings.project, project.local, project.scratch, project.database)
        with Collector(place, project.state.copy(), progress, min_age, now=now) as collector:
            freed = collector.dry_run() if dry_run else collector.run()
        project.refresh()
        return freed


def _check_nothing_has_come_back(clone: CloneLogbook) -> None:
    """ConflictError when a version that is deleted upstream is here again, restored or added, and the upstream hasn't been told yet."""
    for there in clone.mirror.collections.values():
        here = clone.state.collections.get(there.id)
        for version in here.live() if here else ():
            known = there.find_root(version.root)
            if known is not None and known.deleted and not known.purged:
                raise ConflictError(
                    f"{there.name}:{known.name} is deleted upstream, but is here again; gc would put it beyond recall: "
                    "`objstore push` first"
                )


def _check_does_not_live_on(here: State, expiry: Expiry) -> None:
    """ConflictError when a version that is about to expire upstream was given longer here, and the upstream hasn't been told yet."""
    for item in expiry.overdue:
        collection = here.collections.get(item.collection.id)
        version = collection.find_root(item.version.root) if collection else None
        if collection is None or version is None or version.deleted:
            continue
        end = expires_at(here, collection, version, expiry.now)
        if end is None or end > expiry.now:
            raise ConflictError(f"{item} has expired upstream, but was given longer to live here: `objstore push` first")


def _check_parts_are_as_here(here: State, expiry: Expiry) -> None:
    """ConflictError when parts that are about to be given up upstream have changed here, and the upstream hasn't been told yet."""
    for there in expiry.stale:
        known = here.pendings.get(there.id)
        if known is None or known.parts != there.parts:
            raise ConflictError(f"the parts of {there.id} would be given up upstream, but have changed here: `objstore push` first")


def _sweep_mirror(project: Project, connection: Connection, progress: Progress, dry_run: bool) -> FreedThere:
    connection.check_there()
    state = State()
    refresh(Log(connection.blobs, "main"), state)
    place = Place(connection.blobs, project.settings.project, connection.folder, project.scratch)
    with Collector(place, state, progress, 0) as collector:
        return collector.sweep(dry_run=dry_run)
