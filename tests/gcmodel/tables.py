"""What a program remembers, in memory."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path


class MemoryTables:
    """As objstore.odb.table.Tables, for one process and one thread."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self.path = path
        self.is_closed = self.is_forgotten = False
        self.stamp: object = None
        self._tables: dict[str, dict[bytes, bytes]] = {name: {} for name in names}

    def get(self, table: str, key: bytes) -> bytes | None:
        return self._tables[table].get(key)

    def get_many(self, table: str, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        rows = self._tables[table]
        return {key: rows[key] for key in sorted(keys) if key in rows}

    def rows_from(self, table: str, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        rows = self._tables[table]
        return iter([(key, rows[key]) for key in sorted(rows) if key.startswith(prefix)])

    def put(self, table: str, rows: Iterable[tuple[bytes, bytes]], *, stamp: bool = True) -> None:
        self._tables[table].update(rows)

    def swap(
        self, table: str, key: bytes, old: bytes | None, new: bytes, rows: Iterable[tuple[bytes, bytes]], gone: Iterable[bytes]
    ) -> bool:
        there = self._tables[table]
        if there.get(key) != old:
            there.pop(key, None)
            return False
        for other in gone:
            there.pop(other, None)
        there.update(rows)
        there[key] = new
        return True

    def clear(self, tables: Sequence[str]) -> None:
        for table in tables:
            self._tables[table].clear()

    def count(self, table: str) -> int:
        return len(self._tables[table])

    def sync(self) -> None:
        pass

    def close(self) -> None:
        self.is_closed = True
