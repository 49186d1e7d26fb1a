"""The first push to an empty place: the project goes there as it is, and this one becomes its clone."""

import os
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from objstore.errors import BlobExistsError
from objstore.history.log import EntryTakenError, Log
from objstore.history.replay import Numbered
from objstore.host.ahead import ahead
from objstore.host.progress import Progress
from objstore.odb.pack import pack_name
from objstore.odb.segment import segment_name
from objstore.repository.connection import Connection
from objstore.repository.joining import become_clone
from objstore.repository.project import Project
from objstore.repository.settings import NAME
from objstore.sync.following import common_entries

_AT_ONCE = 3


@dataclass
class First:
    """What went there, or would."""

    versions: list[Numbered] = field(default_factory=list)
    records: int = 0
    bytes: int = 0


def push_all(project: Project, connection: Connection, progress: Progress, *, dry_run: bool) -> First | None:
    """Copies packs, index and log as they are, and becomes a clone; None when the place has a log of its own already.

    Cut off, it goes on where it was. Nobody is kept from writing here meanwhile.
    """
    there = _entries_there(project, connection)
    if there is None:
        return None
    if dry_run:
        return First(_versions(project), _records(project, there), sum(_missing(connection, _packs(project)).values()))
    _create(project, connection)
    done = First()
    while True:
        with project.keeping():
            project.refresh()
            for files in (_packs(project), _index(project)):  # the index last, since it names packs
                done.bytes += _upload(project, connection, files, progress)
            done.records += _records(project, there)
            last = _append(project, connection, there)
        if last is None:
            return None
        with project.collecting():
            if project.state.position == last:
                done.versions = _versions(project)
                become_clone(project)
                return done
        there = last  # somebody has logged something meanwhile


def _entries_there(project: Project, connection: Connection) -> int | None:
    """How many log entries an interrupted push has brought there; None if there are others."""
    settings = connection.settings()
    if settings is None:
        return 0
    connection.check_is_ours(settings)
    common = common_entries(Log(project.blobs, "main"), connection.log)
    return common if connection.log.read_entry(common + 1) is None else None


def _create(project: Project, connection: Connection) -> None:
    try:
        connection.blobs.create(NAME, project.settings.encode())
    except BlobExistsError:
        settings = connection.settings()
        assert settings is not None
        connection.check_is_ours(settings)


def _packs(project: Project) -> dict[str, int]:
    """The packs that the index names, with their sizes."""
    named = {pack_name(pack) for pack in project.cache.pack_ids()}
    return {name: size for name, size in project.blobs.list("packs/") if name in named}


def _index(project: Project) -> dict[str, int]:
    return {name: project.blobs.size(name) for name in map(segment_name, project.holdings.segments)}


def _missing(connection: Connection, files: Mapping[str, int]) -> dict[str, int]:
    """Those files that aren't there whole."""
    folders = {name.partition("/")[0] + "/" for name in files}
    there = {name: size for folder in folders for name, size in connection.blobs.list(folder)}
    return {name: size for name, size in files.items() if there.get(name) != size}


def _upload(project: Project, connection: Connection, files: Mapping[str, int], progress: Progress) -> int:
    """Copies files that aren't there; how many bytes that took. Memory: three files."""
    missing = _missing(connection, files)
    progress.start(f"pushing to {connection}", bytes_=sum(missing.values()))

    def copy(name: str) -> None:
        _copy(project, connection, name)
        progress.advance(bytes_=missing[name])

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="objstore-push") as pool:
        for _ in ahead(pool, copy, sorted(missing), _AT_ONCE):
            pass
    return sum(missing.values())


def _copy(project: Project, connection: Connection, name: str) -> None:
    temporary = connection.blobs.scratch / f"copy-{os.getpid()}-{os.urandom(8).hex()}.tmp"
    try:
        shutil.copyfile(project.folder / name, temporary)
        connection.blobs.adopt(name, temporary)
    except BlobExistsError:  # of another size, since it was missing: half of what was there before
        shutil.copyfile(project.folder / name, temporary)
        connection.blobs.replace(name, temporary)
    finally:
        temporary.unlink(missing_ok=True)


def _append(project: Project, connection: Connection, there: int) -> int | None:
    """Appends our entries after those that are there; the number of the last, None when somebody else has appended others."""
    last = there
    for number, data in Log(project.blobs, "main").read_bytes_from(there + 1):
        try:
            connection.log.append_bytes(number, data)
        except EntryTakenError:
            return None
        last = number
    return last


def _records(project: Project, after: int) -> int:
    return sum(len(records) for _, records in Log(project.blobs, "main").read_from(after + 1))


def _versions(project: Project) -> list[Numbered]:
    return [Numbered(item.name, version.number) for item in project.state.collections.values() for version in item.live()]
