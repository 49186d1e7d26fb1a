"""The logs of a project, as those see them who read its history and add to it."""

from collections.abc import Callable, Sequence
from typing import Protocol

from objstore.blobs.protocol import BlobStore
from objstore.history.commit import check_writable
from objstore.history.folded import Folded
from objstore.history.log import Log
from objstore.history.records import Record
from objstore.history.state import State
from objstore.odb.cache import Cache

Decide = Callable[[State], Sequence[Record]]


def is_clone(blobs: BlobStore) -> bool:
    """Whether a project has become a clone."""
    return blobs.has(Log(blobs, "holdings").entry_name(1))


class Logbook(Protocol):
    """What a project's history is, what is stored of it in this place, and how either changes. One call at a time may use it."""

    @property
    def state(self) -> State:
        """The history: collections, versions, aliases."""

    @property
    def holdings(self) -> State:
        """Which segments count in this place, which packs are dead here, and its generation."""

    def refresh(self) -> bool:
        """Sees what others have appended since; whether there was anything."""

    def commit(self, decide: Decide) -> list[Record]:
        """Appends to the history (see history.commit); segments that the records name count from then on."""

    def account(self, decide: Decide) -> list[Record]:
        """Appends `segments`, `gc` and `gc-verdict` records, which are about this place alone; `decide` is given the holdings."""

    def check(self) -> None:
        """ConflictError if a log isn't the one that was folded any more."""

    def check_writable(self) -> None:
        """UnsupportedFormatError if a newer program has written what this one doesn't know."""

    def read_anew(self) -> None:
        """Folds the logs themselves, whatever was remembered. CorruptionError when an entry is missing."""

    def remember(self) -> None:
        """Has the cache remember all of it."""

    def forget(self) -> None:
        """Goes back to before the first entry."""


class OwnLogbook:
    """Of a project that has no upstream, or is one: its log `main` tells everything."""

    def __init__(self, log: Log, cache: Cache, *, checked: bool = True) -> None:
        """`checked`: see Folded."""
        self._main = Folded(log, cache, "state", checked=checked)

    @property
    def state(self) -> State:
        return self._main.state

    @property
    def holdings(self) -> State:
        return self._main.state

    def refresh(self) -> bool:
        return self._main.refresh()

    def commit(self, decide: Decide) -> list[Record]:
        return self._main.commit(decide)

    def account(self, decide: Decide) -> list[Record]:
        return self.commit(decide)

    def check(self) -> None:
        self._main.check()

    def check_writable(self) -> None:
        check_writable(self._main.state)

    def read_anew(self) -> None:
        self._main.read_anew()

    def remember(self) -> None:
        self._main.remember()

    def forget(self) -> None:
        self._main.forget()
