"""The first push to an empty place: the project goes there as it is, and this one becomes its clone."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from objstore.errors import CorruptionError
from objstore.history.log import Log
from objstore.history.replay import Numbered
from objstore.host.progress import Progress
from objstore.odb.pack import pack_name
from objstore.odb.segment import segment_name
from objstore.repository.connection import Connection
from objstore.repository.fetching import Waiting
from objstore.repository.joining import become_clone
from objstore.repository.project import Project
from objstore.repository.syncingruns import push_runs, rejoin_runs
from objstore.sync.copying import absent, copy_files, copy_log
from objstore.sync.following import entries_there


@dataclass
class First:
    """What went there, or would."""

    versions: list[Numbered] = field(default_factory=list)
    records: int = 0
    bytes: int = 0


def push_all(project: Project, connection: Connection, progress: Progress, waiting: Waiting, *, dry_run: bool) -> First | None:
    """Copies packs, index and the log `main` as they are, and becomes a clone; None when the place has a log of its own already.

    Runs follow as a clone's do, since there they take a few large entries, however many they have here. Cut off, it goes on where it
    was. Nobody is kept from writing here meanwhile.
    """
    there = _entries_there(project, connection)
    if there is None:
        return None
    if dry_run:
        size = sum(sum(absent(connection.blobs, files).values()) for files in (_packs(project), _index(project)))
        project.runbook.refresh()
        runs = sum(len(records) for _, records in Log(project.blobs, "runs").read_from(1))
        return First(_versions(project), _records(project, there, project.state.position) + runs, size)
    connection.make(project.settings)
    with connection.in_use(waiting):  # from before the first pack, which nothing names yet
        return _push(project, connection, progress, waiting, there)


def _push(project: Project, connection: Connection, progress: Progress, waiting: Waiting, there: int) -> First | None:
    done = First()
    while True:
        with project.keeping(waiting):
            project.refresh()
            last = project.state.position  # whatever is logged from now on comes another time, after what it needs
            for files in (_packs(project), _index(project)):  # the index last, since it names packs
                done.bytes += _copy(project, connection, files, progress)
            if not copy_log(Log(project.blobs, "main"), connection.log, there, last):
                return None
            done.records += _records(project, there, last)
        with project.collecting(waiting):
            if project.state.position == last:
                done.versions = _versions(project)
                become_clone(project)
                rejoin_runs(project, connection)
                break
        there = last  # somebody has logged something meanwhile
    done.records += push_runs(project, connection)
    return done


def _entries_there(project: Project, connection: Connection) -> int | None:
    """How many log entries an interrupted push has brought there; None if there are others."""
    settings = connection.settings()
    if settings is None:
        connection.check_place()
        return 0
    connection.check_is_ours(settings)
    return entries_there(Log(project.blobs, "main"), connection.log)


def _packs(project: Project) -> dict[str, int]:
    """The packs that the index names, with their sizes. CorruptionError when one is missing, since the log would be sent all the same."""
    named = {pack_name(pack) for pack in project.cache.pack_ids()}
    found = {name: size for name, size in project.blobs.list("packs/") if name in named}
    if named - found.keys():
        raise CorruptionError(
            f"{min(named - found.keys())} is missing in {project.location}; run `objstore fsck --repair`, then push again"
        )
    return found


def _index(project: Project) -> dict[str, int]:
    return {name: project.blobs.size(name) for name in map(segment_name, project.holdings.segments)}


def _copy(project: Project, connection: Connection, files: Mapping[str, int], progress: Progress) -> int:
    """Copies files that aren't there; how many bytes that took."""
    missing = absent(connection.blobs, files)
    progress.start(f"pushing to {connection}", bytes_=sum(missing.values()))
    copy_files(project.blobs, connection.blobs, missing, progress)
    return sum(missing.values())


def _records(project: Project, there: int, last: int) -> int:
    return sum(len(records) for number, records in Log(project.blobs, "main").read_from(there + 1) if number <= last)


def _versions(project: Project) -> list[Numbered]:
    return [Numbered(item.name, version.number) for item in project.state.collections.values() for version in item.live()]
