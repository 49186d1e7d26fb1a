"""A remote of a project, ready to be used."""

import contextlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path

from objstore.blobs.opening import open_blobs
from objstore.blobs.protocol import BlobStore
from objstore.errors import BlobExistsError, ConflictError, CorruptionError, InvalidInputError, NotFoundError, RemoteError, StorageError
from objstore.history.commit import refresh
from objstore.history.log import Log
from objstore.history.logbook import is_clone
from objstore.history.state import State
from objstore.host.locks import locked_exclusive, locked_shared
from objstore.host.publish import translated
from objstore.odb.cache import Cache
from objstore.odb.database import SegmentMissingError
from objstore.odb.draft import Draft, Stored
from objstore.odb.keptsegments import KeptSegments
from objstore.odb.reliable import Reliable
from objstore.odb.remotedatabase import RemoteDatabase
from objstore.odb.segment import Segment
from objstore.repository.indexing import load_following
from objstore.repository.places import ROOT
from objstore.repository.remotes import Remote
from objstore.repository.settings import NAME, Settings

_COMPLETE = "complete"
_UPLOADS = 3
_OF_A_PROJECT = {NAME, "index", "local", "log", "packs", "probe"}
"""What a check or a first push that was cut off may have left."""


class Connection:
    """A remote, with what this machine remembers of its index. Nothing is asked of it before it is used."""

    def __init__(self, remote: Remote, folder: Path, project: str, known: Callable[[], State] | None = None) -> None:
        """`folder`: where this machine may keep things for it; `project`: the id of the project that must be there.

        `known`: gives a fold of the log there to go on from, when something isn't where the index says.
        """
        self.remote = remote
        self._project = project
        self._known = known
        self.folder = folder
        self._indexing = folder / "index.lock"
        self.blobs = open_blobs(remote.address, folder / "staging", remote.options)
        self.log = Log(self.blobs, "main")
        self.runs = Log(self.blobs, "runs")
        self.cache = Cache(folder / "cache", project)
        self.database = RemoteDatabase(self.blobs, self.cache, self._catch_up, kept=KeptSegments(folder / "index"))
        self.drafts = folder / "drafts"

    def __str__(self) -> str:
        return self.remote.address.url

    def settings(self) -> Settings | None:
        """What the project there says of itself; None where there is none. Cost: one request."""
        try:
            return read_settings(self.blobs)
        except NotFoundError:
            return None

    def check_is_ours(self, settings: Settings) -> None:
        """ConflictError for another project, or for one that follows somebody else's log itself."""
        if settings.project != self._project:
            raise ConflictError(f"{self} holds another project than this one; `objstore clone {self}` makes a clone of that")
        if self.blobs.root is not None and is_clone(self.blobs):
            raise ConflictError(f"{self} is a clone itself; name its upstream as the remote instead")

    def make(self, settings: Settings) -> None:
        """Makes the project there, if there is none. ConflictError when there is another one."""
        try:
            self.blobs.create(NAME, settings.encode())
        except BlobExistsError:
            self.check_is_ours(read_settings(self.blobs))

    def check_there(self) -> None:
        """NotFoundError when there is no project, ConflictError when it is another one."""
        settings = self.settings()
        if settings is None:
            raise NotFoundError(f"there is no project at {self} yet; correct the address, or put this project there with `objstore push`")
        self.check_is_ours(settings)

    def check_still_there(self) -> None:
        """The same for one that was there before: RemoteError when it isn't."""
        try:
            self.check_there()
        except NotFoundError as error:
            disk = ", and is the disk mounted" if self.remote.address.folder else ""
            raise RemoteError(
                f"there is no project at {self}; is the address right{disk}? What is here can still be used; "
                "`objstore remote --help` says how to move an upstream"
            ) from error

    def check_place(self) -> None:
        """For a place that holds no project yet: InvalidInputError for a file, ConflictError for a folder with other things in it.

        In a folder with a `.objstore/` of its own, the project would hide that one.
        """
        folder = self.remote.address.folder
        if folder is None or not folder.exists():
            return
        if not folder.is_dir():
            raise InvalidInputError(f"{folder} is a file; name a folder")
        with translated(folder):
            others = sorted(name for name in os.listdir(folder) if name not in _OF_A_PROJECT and not _is_of_the_system(name))
        if others:
            raise ConflictError(
                f"{folder} holds no project, but other things ({others[0]}); name a new or empty folder, such as {folder / 'NAME'}"
            )

    # -- what of it is here --------------------------------------------------------------------------------------------

    def knows(self, segments: Sequence[str]) -> bool:
        """Whether the index reflects exactly these segments, and all metadata that they list was brought here."""
        return self.is_complete and self.cache.remembered(_COMPLETE) == _named(segments)

    @property
    def is_complete(self) -> bool:
        """Whether all metadata was brought here that the index has listed so far."""
        return self.cache.remembered(_COMPLETE) == _named(self.cache.segments)

    def note_complete(self, segments: Sequence[str]) -> None:
        """Remembers that it was."""
        self.cache.remember(_COMPLETE, _named(segments))

    def take_in(self, upstream: State, read: Callable[[str], Segment] | None = None) -> None:
        """Has the index reflect what was just sent from here: if nothing was missing here before, nothing is now.

        `read`: gives a segment that needn't be asked for there.
        """
        with self.indexing():
            is_complete = self.is_complete
            with contextlib.suppress(SegmentMissingError):  # gc was faster; whoever needs the index next looks again
                self.database.load(upstream.segments, upstream.dead_packs, read)
                if is_complete:
                    self.note_complete(upstream.segments)

    @contextlib.contextmanager
    def indexing(self) -> Iterator[None]:
        """While inside, nobody else changes the index.

        Who reads the log only to know what the index should reflect does both inside: otherwise, having slept in between, it would
        put back segments that a gc has replaced, while another process builds on what is listed.
        """
        with locked_exclusive(self._indexing):
            yield

    def reflect(self, mirror: State) -> None:
        """Makes sure that the index reflects the log there, at least as far as a mirror of it goes. Costs nothing when it does just that.

        RemoteError when it doesn't, and the remote can't be reached.
        """
        if self.cache.segments != set(mirror.segments):
            self._read_on(mirror.copy())

    def _catch_up(self) -> None:
        if self._known is not None:
            self._read_on(self._known())

    def _read_on(self, state: State) -> None:
        """Has the index reflect the log there as it is now: what a mirror names, a gc may have deleted since."""
        with self.indexing():
            self.check_still_there()
            refresh(self.log, state)
            load_following(self.database, state, lambda: refresh(self.log, state))

    # -- writing there ---------------------------------------------------------------------------------------------------

    def reliable(self, upstream: State, broken: Collection[str] = ()) -> Stored:
        """What a writer may build on: what is listed there, but not in packs that a gc has deleted, or may be about to.

        `upstream`: the fold of the log there; `broken`: packs there that are of no use any more.
        """
        return Reliable(self.database, {*upstream.condemned, *upstream.dead_packs, *broken})

    def open_draft(self, upstream: State, broken: Collection[str] = ()) -> Draft:
        """A draft for objects that go there, and rely on what is reliable; it takes over what an interrupted one has brought."""
        return self.database.open_draft(
            self.drafts,
            upstream.generation,
            dead={*upstream.dead_packs, *upstream.condemned, *broken},
            stored=self.reliable(upstream, broken),
            at_once=_UPLOADS,
        )

    @contextlib.contextmanager
    def in_use(self, waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """While inside, no gc of this machine works there: a folder may be somebody's own project."""
        with contextlib.ExitStack() as held:
            if self.blobs.root is not None and self.blobs.root.is_dir():
                with contextlib.suppress(StorageError):  # where nobody can write nobody collects
                    held.enter_context(locked_shared(self.blobs.root / "local" / "lock", waiting))
            yield

    def close(self) -> None:
        self.cache.close()
        self.blobs.close()


def read_settings(blobs: BlobStore) -> Settings:
    """The settings of the project at a place elsewhere; what arrives damaged is read again. NotFoundError where there is none."""
    for _ in range(2):
        with contextlib.suppress(CorruptionError):
            return Settings.decode(blobs.read(NAME))
    return Settings.decode(blobs.read(NAME))


def _is_of_the_system(name: str) -> bool:
    """Whether a folder that nobody has used may have this."""
    return name == "lost+found" or (name.startswith(".") and name not in (ROOT, ".git"))


def _named(segments: Iterable[str]) -> bytes:
    return "\n".join(sorted(segments)).encode()
