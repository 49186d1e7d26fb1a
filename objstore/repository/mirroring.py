"""Copying a project to a mirror: the upstream as it is, or what has none."""

from dataclasses import dataclass

from objstore.blobs.protocol import BlobStore
from objstore.errors import ConflictError, CorruptionError, NotFoundError
from objstore.history.log import Log
from objstore.history.state import State
from objstore.host.progress import Progress
from objstore.odb.cache import Cache
from objstore.odb.pack import pack_name
from objstore.odb.segment import segment_name
from objstore.repository.connection import Connection
from objstore.repository.fetching import Waiting, fetch_now, follow, synchronizing
from objstore.repository.project import Project
from objstore.repository.remotes import UPSTREAM
from objstore.sync.copying import absent, copy_files, copy_log
from objstore.sync.following import entries_there


@dataclass
class Mirrored:
    """What a mirror has got, or would get."""

    entries: int = 0
    bytes: int = 0
    dry_run: bool = False
    lacking: int = 0
    """How many files the mirror's log and index name, and neither it nor the source has: such a mirror isn't whole."""


@dataclass(frozen=True)
class _Source:
    """Where a mirror's content comes from: a project, and what is known of its log and index."""

    blobs: BlobStore
    log: Log
    runs: Log
    state: State
    index: Cache


def mirror(project: Project, name: str, progress: Progress, *, dry_run: bool = False, waiting: Waiting = None) -> Mirrored:
    """Copies the upstream's log, and the packs and index that it needs, to another remote; of a project that never had one, its own.

    NotFoundError in a clone that doesn't know its upstream: it holds other packs than the upstream's log names. ConflictError when the
    mirror's log isn't a beginning of it, or it is another project. CorruptionError when something that it needs is missing or damaged in
    its source: then the log isn't copied. What is there already isn't sent again.
    """
    target = project.connect(name)
    upstream = project.connect() if project.has_upstream else None
    if upstream is None and project.clone is not None:
        raise NotFoundError(f"only the upstream can be copied, and it isn't known here; `objstore remote add {UPSTREAM} URL` names it")
    with synchronizing(project, upstream, waiting):
        while True:
            if upstream is not None:
                fetch_now(project, upstream, progress, waiting)
            with project.keeping(waiting):
                project.refresh()  # from here on no gc of this machine takes what the log and the index name
                source = _source(project, upstream)
                there = _entries_there(source, target)
                if not dry_run:
                    target.make(project.settings)  # before it is locked, since there may have been no folder to lock
                try:
                    with target.in_use(waiting):
                        return _copy(source, target, there, progress, dry_run)
                except (NotFoundError, CorruptionError):
                    if not _has_been_collected(project, upstream):
                        raise


def _has_been_collected(project: Project, upstream: Connection | None) -> bool:
    """Whether a gc was at work in the source meanwhile."""
    if upstream is None or project.clone is None:
        return False
    before = project.clone.mirror.gc_stage
    follow(project, upstream)
    return project.clone.mirror.gc_stage != before


def _copy(source: _Source, target: Connection, there: int, progress: Progress, dry_run: bool) -> Mirrored:
    needed = {pack_name(pack) for pack in source.index.pack_ids()} | {segment_name(item) for item in source.state.segments}
    files = {item: size for folder in ("packs/", "index/") for item, size in source.blobs.list(folder) if item in needed}
    missing = absent(target.blobs, files)
    done = Mirrored(source.state.position - there, sum(missing.values()), dry_run)
    if not dry_run:
        progress.start(f"pushing to {target}", bytes_=done.bytes)
        for folder in ("packs/", "index/"):  # the index last, since it names packs
            copy_files(source.blobs, target.blobs, {item: size for item, size in missing.items() if item.startswith(folder)}, progress)
    lost = sorted(item for item in needed - files.keys() if not target.blobs.has(item))
    if lost:
        raise CorruptionError(
            f"{source.blobs.location} lacks {lost[0]}, so its log isn't copied; `objstore push --verify` fills what is here"
        )
    if not dry_run and not copy_log(source.log, target.log, there, source.state.position):
        raise _written_to(target)
    if not dry_run:
        _copy_runs(source, target)
    return done


def _copy_runs(source: _Source, target: Connection) -> None:
    last, there = source.runs.newest(), entries_there(source.runs, target.runs)
    if there is None or not copy_log(source.runs, target.runs, there, last):
        raise _written_to(target)


def _written_to(target: Connection) -> ConflictError:
    return ConflictError(f"somebody else has written to {target}, which is to be a mirror; nothing there was replaced")


def _source(project: Project, upstream: Connection | None) -> _Source:
    if upstream is None:
        return _Source(project.blobs, Log(project.blobs, "main"), Log(project.blobs, "runs"), project.state, project.cache)
    assert project.clone is not None
    return _Source(upstream.blobs, project.clone.log, Log(project.blobs, "runs"), project.clone.mirror, upstream.cache)


def _entries_there(source: _Source, target: Connection) -> int:
    """How many of the log's entries the mirror has."""
    settings = target.settings()
    if settings is None:
        target.check_place()
        return 0
    target.check_is_ours(settings)
    there = entries_there(source.log, target.log)
    if there is None:
        raise ConflictError(f"{target} has entries in its log that the upstream hasn't got, so it is no mirror of it; nothing was changed")
    return there
