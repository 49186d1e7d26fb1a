"""A remote of a project, ready to be used."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from objstore.blobs.opening import open_blobs
from objstore.blobs.protocol import BlobStore
from objstore.errors import ConflictError, CorruptionError, NotFoundError, StorageError
from objstore.history.clone import is_clone
from objstore.history.log import Log
from objstore.host.locks import locked_shared
from objstore.odb.cache import Cache
from objstore.odb.remotedatabase import RemoteDatabase
from objstore.repository.remotes import Remote
from objstore.repository.settings import NAME, Settings


class Connection:
    """A remote, with what this machine remembers of its index. Nothing is asked of it before it is used."""

    def __init__(self, remote: Remote, folder: Path, project: str, catch_up: Callable[[], None] = lambda: None) -> None:
        """`folder`: where this machine may keep things for it; `project`: the id of the project that must be there."""
        self.remote = remote
        self._project = project
        self.blobs = open_blobs(remote.address, folder / "staging", remote.options)
        self.log = Log(self.blobs, "main")
        self.cache = Cache(folder / "cache", project)
        self.database = RemoteDatabase(self.blobs, self.cache, catch_up=catch_up)
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

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """While inside, no gc of this machine works there: a folder may be somebody's own project."""
        with contextlib.ExitStack() as held:
            if self.blobs.root is not None and self.blobs.root.is_dir():
                with contextlib.suppress(StorageError):  # where nobody can write nobody collects
                    held.enter_context(locked_shared(self.blobs.root / "local" / "lock"))
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
