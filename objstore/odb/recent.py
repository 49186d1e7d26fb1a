"""What was read lately from an object database, kept in memory."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType

from objstore.errors import CorruptionError, InvalidInputError, NotFoundError
from objstore.odb.content import check_length
from objstore.odb.database import Database
from objstore.values.digest import Digest
from objstore.values.key import Key, node_key

_UNKNOWN: Mapping[Key, int] = MappingProxyType({})


class Recent:
    """A database, of which the objects used last are kept, verified and unpacked, up to a number of bytes. Thread-safe.

    Two threads that miss the same object at once both read it.
    """

    def __init__(self, database: Database, capacity: int) -> None:
        if capacity < 0:
            raise InvalidInputError(f"a cache can't have {capacity} bytes")
        self.capacity = capacity
        self._database = database
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        self._size = 0

    @property
    def size(self) -> int:
        """The bytes that are kept now."""
        return self._size

    def read(self, key: Key) -> bytes:
        return self.read_many([key])[key]

    def read_node(self, digest: Digest, /) -> bytes:
        return self.read(node_key(digest))

    def read_many(
        self, keys: Sequence[Key], ahead: Callable[[], Sequence[Key]] = tuple, lengths: Mapping[Key, int] = _UNKNOWN
    ) -> dict[Key, bytes]:
        """Objects, by key. If any of them has to be read, those that `ahead` gives are read with them, to be kept.

        The caller bounds how much that is; `lengths`: what it takes theirs for, so that the first object of another one is
        CorruptionError. Errors as of `Database.read`, but none for what is read ahead.
        """
        found = self._take(keys)
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        if missing:
            try:
                found.update(self._read([*missing, *ahead()], missing, lengths))
            except (CorruptionError, NotFoundError):  # perhaps only of what nobody has asked for yet
                found.update(self._read(missing, missing, lengths))
        return found

    def _read(self, keys: Sequence[Key], wanted: Collection[Key], lengths: Mapping[Key, int]) -> dict[Key, bytes]:
        """Those that are wanted, of these; all are kept."""
        found = {}
        for key, data in self._database.read_many([key for key in keys if key in wanted or key not in self._kept]):
            # A copy, since it may be a view that would keep in memory all that was read at once.
            whole = bytes(data)
            if key in wanted:
                check_length(whole, lengths.get(key, len(whole)))
                found[key] = whole
            self._keep(key, whole)
        return found

    def _take(self, keys: Sequence[Key]) -> dict[Key, bytes]:
        found = {}
        with self._lock:
            for key in keys:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    found[key] = self._kept[key]
        return found

    def _keep(self, key: Key, data: bytes) -> None:
        if len(data) > self.capacity:
            return
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = data
            self._size += len(data)
            while self._size > self.capacity:
                self._size -= len(self._kept.popitem(last=False)[1])
