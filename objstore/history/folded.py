"""A log together with what it adds up to, which a cache remembers from one process to the next."""

import contextlib
from collections.abc import Callable, Sequence

from objstore.errors import ConflictError, CorruptionError, StorageError
from objstore.history.commit import commit
from objstore.history.encoding import encode_entry
from objstore.history.log import Log
from objstore.history.records import Record
from objstore.history.state import State
from objstore.odb.cache import Cache
from objstore.values.digest import plain

_NONE = bytes(32)


class Folded:
    """A log of the kind of `main` and its fold. One call at a time may change it."""

    def __init__(self, log: Log, cache: Cache, name: str, *, checked: bool = True) -> None:
        """`name`: under which the cache remembers the fold.

        `checked`: whether to ask at once if the log still is the one that was folded, which a store restored from a backup isn't.
        Where that would cost a request, it is asked before anything is appended, or folded in.
        """
        self.log = log
        self._cache = cache
        self._name = name
        self._last: bytes | None = None
        """The digest of the last entry that was folded in, where it is known."""
        self.state = self._remembered()
        self._is_checked = not self.state.position
        if checked and not self._is_same():
            self.forget()

    def refresh(self) -> bool:
        """Folds in what has been appended since; whether there was anything. ConflictError where that follows something else."""
        before = self.state.position
        for number, data, records in self.log.read_both_from(before + 1):
            self.check()
            self.state.apply(number, records)
            self._last = plain(data)
        if self.state.position != before:
            self.remember()
        return self.state.position != before

    def commit(self, decide: Callable[[State], Sequence[Record]]) -> list[Record]:
        """Appends what `decide` wants (see history.commit)."""
        self.check()
        before, last = self.state.position, self._last
        self._last = None  # `decide` may raise after entries of others were folded in
        records = commit(self.log, self.state, decide)
        self._last = plain(encode_entry(records)) if records else last if self.state.position == before else None
        return records

    def check(self) -> None:
        """ConflictError if the log isn't the one that was folded any more, so that nothing is appended to another one."""
        if not self._is_same():
            self._cache.remember(self._name, b"")
            raise ConflictError(
                f"the log in {self.log.blobs.location} isn't what it was when this program last read it: it was restored or replaced; "
                "open the repository anew"
            )

    def remember(self) -> None:
        """Has the cache remember the fold as it is. A cache that can't is no harm."""
        with contextlib.suppress(StorageError):
            self._cache.remember(self._name, self._last_digest() + self.state.encode())

    def forget(self) -> None:
        """Goes back to before the first entry."""
        self.state, self._last, self._is_checked = State(), None, True

    def read_anew(self) -> None:
        """Folds the log itself, whatever was remembered. CorruptionError when an entry of it is missing. Lists the log."""
        newest = self.log.newest()  # before reading: in a clone others may append to the mirror at any time
        self.forget()
        self.refresh()
        self.log.check_ends_at(self.state.position, newest)

    def _remembered(self) -> State:
        snapshot = self._cache.remembered(self._name)
        if snapshot is not None:
            with contextlib.suppress(CorruptionError, ValueError):
                state = State.decode(snapshot[32:])
                if snapshot[:32] != _NONE:
                    self._last = snapshot[:32]
                    return state
        return State()

    def _is_same(self) -> bool:
        if not self._is_checked:
            data = self.log.read_entry(self.state.position)
            self._is_checked = data is not None and plain(data) == self._last
        return self._is_checked

    def _last_digest(self) -> bytes:
        """What tells later that the log still is the one that was folded."""
        if self._last is None and self.state.position:
            data = self.log.read_entry(self.state.position)
            self._last = None if data is None else plain(data)
        return self._last or _NONE
