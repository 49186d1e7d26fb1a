"""Rows that this machine keeps in a table of its cache: a fold of a log that is too large to be one value."""

from collections.abc import Iterable, Iterator

from objstore.odb.cache import Cache


class KeptRows:
    """One table of a cache. Like all of the cache it may be empty at any time."""

    def __init__(self, cache: Cache, table: str) -> None:
        self._cache = cache
        self._table = table

    def get(self, key: bytes) -> bytes | None:
        return self._cache.tables.get(self._table, key)

    def rows_from(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The rows whose keys begin with `prefix`, ascending, as they were when this was asked for."""
        return self._cache.tables.rows_from(self._table, prefix)

    def put_if(self, key: bytes, value: bytes | None, rows: Iterable[tuple[bytes, bytes]]) -> bool:
        """Puts rows if `key` has this value (None: isn't there), all or none; whether it had."""
        return self._cache.tables.put_if(self._table, key, value, rows)

    def clear(self) -> None:
        self._cache.tables.clear([self._table])
