"""An open project: its blobs, index, log and state, and the locks under which they are used."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from objstore.blobs.address import Address
from objstore.blobs.local import LocalBlobs
from objstore.blobs.protocol import BlobStore
from objstore.errors import ConflictError, InvalidInputError, NotFoundError, StorageError
from objstore.history.log import Log
from objstore.history.logbook import Decide, Logbook, OwnLogbook, is_clone
from objstore.history.records import Record
from objstore.history.state import State
from objstore.host import filesystem
from objstore.host.clock import file_clock
from objstore.host.locks import locked_exclusive, locked_shared
from objstore.host.progress import Progress
from objstore.host.publish import translated
from objstore.odb import lost
from objstore.odb.cache import Cache, discard
from objstore.odb.database import Database
from objstore.repository import remotes
from objstore.repository.cacheplace import open_cache
from objstore.repository.founding import found, located, make_project
from objstore.repository.indexing import load_following
from objstore.repository.settings import NAME, Settings
from objstore.values.digest import Digest
from objstore.values.key import Key

if TYPE_CHECKING:  # what has to do with remotes is loaded where there is one
    from objstore.history.clone import CloneLogbook
    from objstore.history.runbook import RunBook
    from objstore.odb.draft import Draft, Stored
    from objstore.repository.bucket import Bucket
    from objstore.repository.connection import Connection
    from objstore.worktree.ignore import Patterns
    from objstore.worktree.intake import Intake
    from objstore.worktree.scan import Source

_UPLOADS = 3
_KEPT = 1 << 30
LOST = "local/lost"
"""Where what a check has found damaged is written down."""


class Project:
    """A project on a local disk, or in a bucket. Not thread-safe but for reading; any number of processes may have it open."""

    def __init__(self, folder: Path, tree: Path | None = None, bucket: "Bucket | None" = None, *, is_fresh: bool = True) -> None:
        """Opens the project in `folder`: NotFoundError, UnsupportedFormatError or CorruptionError when that can't be.

        With a `bucket`, it is there, and `folder` is only where this machine keeps what it knows of it. Unless `is_fresh`, that is good
        enough, if there is any, until `refresh` is called.
        """
        self.folder = folder
        self.tree = tree
        """The folder whose `.objstore/` led here, which may have pins."""
        self.bucket = bucket
        self.blobs: BlobStore = LocalBlobs(folder) if bucket is None else bucket.blobs
        self.settings = Settings.decode(self.blobs.read(NAME)) if bucket is None else bucket.settings()
        self._seen: tuple[int, ...] = ()
        self._held = contextlib.ExitStack()
        self.keep_mode = filesystem.keeps_mode(folder)
        self._keeping_mode: dict[int, bool] = {}
        self.cache = open_cache(folder, self.settings.project, self._held)
        self.database = self._opened_database(self.cache)
        self._logbook: Logbook = OwnLogbook(Log(self.blobs, "main"), self.cache, checked=bucket is None)
        self._clone: CloneLogbook | None = None
        self._runbook: RunBook | None = None
        self._upstream: Connection | None = None
        self._connections: list[Connection] = []
        self._refreshing = threading.RLock()
        try:
            if is_fresh or bucket is None or not self.state.position:
                self.refresh()
            else:
                self._load_index(self.database)
        except BaseException:
            self.close()
            raise

    @classmethod
    def find(cls, start: Path, setting_up: Callable[[Path], None] | None = None) -> Self:
        """The project at or above a path; made if only an `objstore.toml` is there, after `setting_up` was told of the folder."""
        return cls(*located(start, setting_up))

    @classmethod
    def at(cls, address: Address, options: Mapping[str, Any] | None = None, *, is_fresh: bool = True) -> Self:
        """The project at an address: a folder's, or a bucket's, which is reached with fsspec's storage options."""
        if address.folder is not None:
            return cls.find(address.folder)
        from objstore.repository.bucket import Bucket

        bucket = Bucket(address, options or {})
        return cls(bucket.folder, bucket=bucket, is_fresh=is_fresh)

    @classmethod
    def create(cls, tree: Path, project: str | None = None, store: Path | None = None) -> Self:
        """Makes `.objstore/` with a new project in a folder, or (`store`) one that shares another root. ConflictError when there is one."""
        return cls(found(tree, project, store), tree)

    @classmethod
    def create_at(cls, project_folder: Path) -> Self:
        """Makes a new project whose folder is this one."""
        make_project(project_folder)
        return cls(project_folder)

    def reopened(self) -> Self:
        """The same project, for a process that was forked off. NotFoundError or ConflictError when it isn't there any more."""
        bucket = None
        if self.bucket is not None:
            from objstore.repository.bucket import Bucket

            bucket = Bucket(self.bucket.address, self.bucket.options)
        else:
            self.check_in_place()
        return type(self)(self.folder, self.tree, bucket)

    # -- reading -------------------------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The history: collections, versions, aliases."""
        return self._logbook.state

    @property
    def holdings(self) -> State:
        """Which index segments count here, and which packs are dead."""
        return self._logbook.holdings

    @property
    def clone(self) -> "CloneLogbook | None":
        """The logs, if this is a clone."""
        return self._clone

    @property
    def name(self) -> str:
        """`entity/project`."""
        return "/".join(self.folder.parts[-2:]) if self.bucket is None else self.bucket.name

    @property
    def location(self) -> str:
        """Where it is, for messages: its folder, or its URL."""
        return self.blobs.location

    @property
    def runbook(self) -> "RunBook":
        """The runs; as they were when this was last refreshed."""
        if self._runbook is None:
            from objstore.repository.runbooks import open_runbook

            self._runbook = open_runbook(self.blobs, self.cache, self.clone, self.local)
        return self._runbook

    def refresh(self) -> None:
        """Sees what other processes have logged since."""
        with self._refreshing:
            if self.bucket is None and self.clone is None and is_clone(self.blobs):
                self._become_clone()
            try:
                self._logbook.refresh()
            except ConflictError:
                if self.bucket is not None:
                    self.bucket.forget()
                raise
            if self.cache.is_forgotten:
                self._renew_cache()
            self._load_index(self.database)

    @contextlib.contextmanager
    def looking(self) -> Iterator[State]:
        """The state; while inside, no other thread brings it up to date, as one does that misses something while it reads."""
        with self._refreshing:
            yield self.state

    def _look_again(self) -> None:
        """What a bucket's index named isn't there: gc may have moved it, or somebody has put another project in the place of this one."""
        self._logbook.check()
        self.refresh()

    def _load_index(self, database: Database) -> None:
        """Makes the cached index, which all processes share, reflect the log.

        A process that slept since it read the log must not put back segments that gc has replaced meanwhile: a writer would then build
        on packs that are gone. So the index is changed only under a lock, and after another look at the log.
        """
        if database.cache.segments == set(self.holdings.segments):
            return
        with locked_exclusive(self.cache.path.with_suffix(".lock")):
            self._logbook.refresh()
            load_following(database, self.holdings, self._logbook.refresh)

    @property
    def has_upstream(self) -> bool:
        """Whether it is known where the upstream is; there may be nothing yet."""
        return remotes.UPSTREAM in remotes.read(self.remotes_file)

    @property
    def upstream(self) -> "Connection | None":
        """Where a clone's history is decided, and what isn't here may be; None where it isn't known."""
        if self._upstream is None and self.clone is not None and self.has_upstream:
            self._upstream = self.connect()
        return self._upstream

    def know_upstream(self) -> None:
        """For who relies on what a clone's upstream has: makes sure that this machine knows it. RemoteError when it can't be asked."""
        if self.clone is not None and self.upstream is not None:
            self.upstream.reflect(self.clone.mirror)

    def _become_clone(self) -> None:
        from objstore.history.clone import CloneLogbook

        self._logbook = self._clone = CloneLogbook(self.blobs, self.cache, self.local / "pending.lock")
        self._runbook = None
        self.database.follow(lambda: self.upstream.database if self.upstream else None)

    def connect(self, name: str | None = None) -> "Connection":
        """A remote, the upstream if no name is given. NotFoundError when there is none. Not to be closed: the project does that."""
        if self.bucket is not None and name is None and not self.has_upstream:
            raise InvalidInputError(f"{self.location} is the shared project itself: what is done there needs no push or pull")
        from objstore.repository.connection import Connection

        remote = remotes.find(self.remotes_file, name)
        for connection in self._connections:
            if connection.remote == remote:
                return connection
        connection = Connection(remote, self.local / "remotes" / remote.name, self.settings.project, self._mirror)
        self._connections.append(connection)
        return connection

    def _mirror(self) -> State:
        """The upstream's history as far as it is known here."""
        with self._refreshing:
            return self.clone.mirror.copy() if self.clone else State()

    def forget_cache(self) -> None:
        """Throws away what this machine remembers of the project, and reads it anew. Drafts, and threads that read, just go on."""
        with self._refreshing:
            discard(self.cache.path)
            self._logbook.forget()
            self.refresh()

    def _renew_cache(self) -> None:
        """Goes over to a new cache, filled before anybody looks into it."""
        fresh = Cache(self.cache.path, self.settings.project)
        try:
            self._load_index(self._opened_database(fresh))
        except BaseException:
            fresh.close()
            raise
        self.cache.go_over_to(fresh)
        self._logbook.remember()

    def close(self) -> None:
        """Lets go of files, and makes sure that the cache outlives a crash of the machine."""
        for connection in self._connections:
            connection.close()
        self.cache.close()
        self.blobs.close()
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- writing -------------------------------------------------------------------------------------------------------

    @property
    def scratch(self) -> Path:
        """A folder for temporary files: that of the store, or any when the store can't be written."""
        with contextlib.suppress(StorageError):
            folder = self.blobs.scratch
            if os.access(folder, os.W_OK):
                return folder
        import tempfile  # only here: it would take a tenth of every command's start-up

        return Path(tempfile.gettempdir())

    @property
    def local(self) -> Path:
        """What is this machine's own."""
        return self.folder / "local"

    @property
    def remotes_file(self) -> Path:
        return self.folder / remotes.FILE

    @property
    def drafts(self) -> Path:
        return self.local / "drafts"

    @property
    def clock(self) -> int:
        """What the store's file system takes for now, in nanoseconds."""
        return file_clock(self.scratch)

    def clock_for(self, paths: Iterable[Path]) -> int:
        """What tells files at these paths that changed just now, in nanoseconds of their file system's time.

        Only the store's own clock can be asked. On another file system's it may differ, and count in steps of up to two seconds (FAT);
        so then everything of the last three seconds counts as just now.
        """
        own = os.stat(self.scratch).st_dev
        elsewhere = any(os.stat(path).st_dev != own for path in paths if path.exists())
        return self.clock - (3 * 10**9 if elsewhere else 0)

    def keep_mode_for(self, paths: Iterable[Path]) -> bool:
        """Whether executable bits mean something in the store and at all of these paths."""
        places = (next(place for place in (path, *path.absolute().parents) if place.is_dir()) for path in paths)
        return self.keep_mode and all(self._keeps_mode(place) for place in places)

    def _keeps_mode(self, folder: Path) -> bool:
        """The same of a folder; tried out once for each file system, since scripts add a file at a time."""
        device = os.stat(folder).st_dev
        if device not in self._keeping_mode:
            self._keeping_mode[device] = device == os.stat(self.scratch).st_dev or filesystem.keeps_mode(folder)
        return self._keeping_mode[device]

    def intake(self, source: "Source", patterns: "Patterns", progress: "Progress", *, stores: bool = False) -> "Intake":
        """What takes a source in as the store and the source's own disk can have it; unless it `stores` that, what only looks at it."""
        from objstore.worktree.intake import Intake  # most of what opens a project needs none

        may_build_on = self.may_build_on if stores else lambda _: True
        return Intake(self.database, source, patterns, progress, self.keep_mode_for(source.places), may_build_on=may_build_on)

    @contextlib.contextmanager
    def writing(self, waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """While inside, gc isn't at work. Refused when a newer program has written what this one doesn't know.

        NotFoundError when the project isn't there any more, ConflictError when another one is in its place.
        """
        self.check_in_place()  # before the lock, whose file would be made anew
        with locked_shared(self._lock, waiting):
            if self.bucket is not None:
                self.bucket.check_still_there(self.settings)
            self.check_in_place()
            with self._refreshing:
                self._logbook.check()
                self.refresh()
                self._logbook.check_writable()
            yield

    @contextlib.contextmanager
    def keeping(self, waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """While inside, gc takes nothing, even of versions that are deleted meanwhile; in a store that can't be written nobody collects."""
        with contextlib.ExitStack() as held:
            with contextlib.suppress(StorageError):
                held.enter_context(locked_shared(self._lock, waiting))
            yield

    @contextlib.contextmanager
    def collecting(self, waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """While inside, nobody else writes, and the state is that of the log alone, whatever this machine remembered of it.

        CorruptionError when an entry of the log is missing: whoever deletes what the log doesn't need must know all of it.
        """
        self.check_in_place()
        with locked_exclusive(self._lock, waiting):
            self.check_in_place()
            self._logbook.read_anew()
            self.refresh()
            self._logbook.check_writable()
            yield

    def check_in_place(self) -> None:
        """As `Bucket.check_still_there`, of a project on a disk; one in a bucket isn't asked. Cost: a stat."""
        if self.bucket is not None:
            return
        with translated(self.folder):
            try:
                status = os.stat(self.folder / NAME)
            except (FileNotFoundError, NotADirectoryError):
                raise NotFoundError(
                    f"the project that was in {self.folder} isn't there any more; open the repository where it is now, "
                    "or make a new one with `objstore init`"
                ) from None
        seen = (status.st_dev, status.st_ino, status.st_mtime_ns)
        if seen != self._seen:
            if Settings.decode(self.blobs.read(NAME)) != self.settings:
                raise ConflictError(f"another project is in {self.folder} than when this program opened it; open the repository anew")
            self._seen = seen

    def open_draft(self, *, lasting: bool = False) -> "Draft":
        """A draft for new objects; to be used inside `writing`, and if it is `lasting`, inside another one later on.

        In a clone it stores what the upstream alone has: until it is pushed, nobody there knows that anybody needs it.
        """
        holdings, dead, at_once = self.holdings, self.holdings.dead_packs, 1
        stored: Stored = self.database.alone
        if self.bucket is not None:
            from objstore.odb.reliable import Reliable

            dead = dead | holdings.condemned
            stored, at_once = Reliable(self.database, dead), _UPLOADS
        elif holdings.condemned:
            from objstore.odb.reliable import Reliable

            dead = dead | holdings.condemned
            stored = Reliable(self.database.alone, holdings.condemned)
        return self.database.open_draft(
            self.drafts, holdings.generation, self.lost(), dead, lasting=lasting, stored=stored, at_once=at_once
        )

    def receiving_draft(self) -> "Draft":
        """A draft for what comes from a remote: all that isn't held in this very place."""
        return self.database.alone.open_draft(self.drafts, self.holdings.generation, self.lost(), self.holdings.dead_packs)

    def may_build_on(self, root: Digest) -> bool:
        """Whether what a root reaches is there as long as nobody says otherwise.

        A clone keeps the metadata of versions that were deleted upstream, but gc there has freed what only the upstream had.
        """
        known = self.state.with_root(root)
        return self.clone is None or not known or self.state.is_live(root)

    def lost(self) -> set[Key]:
        """Objects that the index lists but a check has found damaged."""
        return lost.still_lost(self.cache, lost.remembered(self.folder / LOST))

    def commit(self, decide: Decide) -> list[Record]:
        """Appends to the history (see history.commit); to be used inside `writing` or `collecting`.

        But in a clone, a `decide` whose records name segments, or roots of no version that is there, checks the fence (history.fence).
        """
        return self._committed(self._logbook.commit, decide)

    def account(self, decide: Decide) -> list[Record]:
        """Appends what is about this place alone (see Logbook.account); to be used as `commit` is."""
        return self._committed(self._logbook.account, decide)

    def _committed(self, append: Callable[[Decide], list[Record]], decide: Decide) -> list[Record]:
        with self._refreshing:
            records = append(decide)
            with contextlib.suppress(StorageError):  # the cache is only a cache, and the record is safe already
                self._logbook.remember()
                self._load_index(self.database)
        return records

    @property
    def _lock(self) -> Path:
        return self.local / "lock"

    def _opened_database(self, cache: Cache) -> Database:
        if self.bucket is None:
            return Database(self.blobs, cache, catch_up=self.refresh)
        from objstore.odb.blocks import Blocks
        from objstore.odb.keptsegments import KeptSegments
        from objstore.odb.remotedatabase import RemoteDatabase

        blocks, segments = Blocks(self.blobs, self.local / "blocks", _KEPT), KeptSegments(self.local / "index")
        return RemoteDatabase(self.blobs, cache, self._look_again, blocks, segments)


def open_project(start: Path, setting_up: Callable[[Path], None] | None = None) -> Project:
    """The project at or above a path (see `Project.find`). NotFoundError says how to make one."""
    if not start.exists():
        raise NotFoundError(f"{start} does not exist")
    return Project.find(start, setting_up)
