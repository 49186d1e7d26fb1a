"""A log together with what it adds up to, which a cache remembers from one process to the next."""

import contextlib

from objstore.errors import CorruptionError, StorageError
from objstore.history.commit import refresh
from objstore.history.log import Log
from objstore.history.state import State
from objstore.odb.cache import Cache
from objstore.values.digest import plain


class Folded:
    """A log of the kind of `main` and its fold. One call at a time may change it."""

    def __init__(self, log: Log, cache: Cache, name: str) -> None:
        """`name`: under which the cache remembers the fold."""
        self.log = log
        self._cache = cache
        self._name = name
        self.state = self._remembered()

    def refresh(self) -> bool:
        """Folds in what has been appended since; whether there was anything."""
        is_new = refresh(self.log, self.state)
        if is_new:
            self.remember()
        return is_new

    def remember(self) -> None:
        """Has the cache remember the fold as it is. A cache that can't is no harm."""
        with contextlib.suppress(StorageError):
            self._cache.remember(self._name, self._last_entry(self.state) + self.state.encode())

    def forget(self) -> None:
        """Goes back to before the first entry."""
        self.state = State()

    def read_anew(self) -> None:
        """Folds the log itself, whatever was remembered. CorruptionError when an entry of it is missing. Lists the log."""
        state = State()
        refresh(self.log, state)
        self.log.check_ends_at(state.position)
        self.state = state
        self.remember()

    def _remembered(self) -> State:
        snapshot = self._cache.remembered(self._name)
        if snapshot is not None:
            with contextlib.suppress(CorruptionError, ValueError):
                state = State.decode(snapshot[32:])
                if state.position and snapshot[:32] == self._last_entry(state) != bytes(32):
                    return state
        return State()

    def _last_entry(self, state: State) -> bytes:
        """What tells that the log still is the one that was folded: a store may have been restored from a backup meanwhile."""
        data = self.log.read_entry(state.position) if state.position else None
        return bytes(32) if data is None else plain(data)
