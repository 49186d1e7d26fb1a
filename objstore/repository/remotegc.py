"""Collecting garbage in a remote, or in a bucket that is opened directly."""

from objstore.errors import InvalidInputError
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
    waiting: Waiting = None,
) -> FreedThere:
    """Frees in a remote what no version there needs, while others may write there and read (see Collector).

    `min_age`, in seconds: packs that nobody names, and versions deleted, less long ago are left alone. In a mirror only that is deleted
    which its upstream has freed. NotFoundError when there is no such remote; RemoteError when it can't be reached, or not be written.
    """
    connection = project.connect(name)
    with synchronizing(project, connection, waiting):
        if name != UPSTREAM:
            return _sweep_mirror(project, connection, progress, dry_run)
        fetch_now(project, connection, progress, waiting)
        assert project.clone is not None
        place = Place(connection.blobs, project.settings.project, connection.folder, project.scratch, project.database.alone)
        try:
            with Collector(place, project.clone.mirror.copy(), progress, min_age) as collector:
                return collector.dry_run() if dry_run else collector.run()
        finally:
            if not dry_run:
                fetch_now(project, connection, progress, waiting)


def collect_bucket(project: Project, progress: Progress, *, min_age: float = MIN_AGE, dry_run: bool = False) -> FreedThere:
    """The same in a bucket that is opened directly."""
    if project.bucket is None:
        raise InvalidInputError(f"{project.location} isn't a bucket")
    with project.writing():
        place = Place(project.blobs, project.settings.project, project.local, project.scratch, project.database)
        try:
            with Collector(place, project.state.copy(), progress, min_age) as collector:
                return collector.dry_run() if dry_run else collector.run()
        finally:
            project.refresh()


def _sweep_mirror(project: Project, connection: Connection, progress: Progress, dry_run: bool) -> FreedThere:
    connection.check_there()
    state = State()
    for number, records in Log(connection.blobs, "main").read_from(1):
        state.apply(number, records)
    place = Place(connection.blobs, project.settings.project, connection.folder, project.scratch)
    with Collector(place, state, progress, 0) as collector:
        return collector.sweep(dry_run=dry_run)
