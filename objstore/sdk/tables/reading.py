"""Tables out of an artifact: from where it is stored, every byte verified."""

from collections.abc import Callable

from objstore.errors import EntryNotFoundError, InvalidInputError, NotFoundError
from objstore.manifest.entry import Entry
from objstore.odb.content import file_blocks
from objstore.sdk.content import Content
from objstore.sdk.tables import description, parquet
from objstore.sdk.tables.frame import Frame
from objstore.sdk.tables.partitioned import PartitionedTable
from objstore.sdk.tables.paths import PARTITIONED, TABLE, partitioned_path, table_path
from objstore.sdk.tables.table import Table
from objstore.values.paths import canonical


class StoredTables:
    """The tables of an artifact. Each call reads them as they are by then; of a version they don't change."""

    def __init__(self, content: Content, refresh: Callable[[], None]) -> None:
        """`refresh`: to be called when something isn't where it was."""
        self._content = content
        self._refresh = refresh

    def find(self, name: str) -> Table | PartitionedTable | None:
        """What was added under a name; the path that it is kept at does as well. None when it isn't a table, or there is none.

        Cost: the file and the table in memory. CorruptionError when it isn't what was stored, InvalidInputError when a file of another kind
        is at the path where the table would be.
        """
        asked = canonical(name)
        for path, found in ((table_path(name), self._table), (partitioned_path(name), self._partitioned)):
            if asked.endswith((TABLE, PARTITIONED)) and path != asked:
                continue
            entry = self._content.get(path.encode())
            if entry is not None and entry.reference is None:
                try:
                    return found(path, entry)
                except InvalidInputError:
                    if path == asked:  # somebody else's file, and it was asked for by its own path
                        return None
                    raise
        return None

    def paths(self, parts_path: str) -> list[str]:
        """Where the parts below a path are kept, ascending."""
        below = (path.decode() for path, _ in self._content.entries(parts_path.encode()))
        return [path for path in below if path.endswith(TABLE)]

    def read(self, path: str) -> Frame:
        """The table that is kept at a path; errors as of `find`."""
        entry = self._content.get(path.encode())
        if entry is None:
            raise EntryNotFoundError(f"the artifact has no {path!r} any more")
        return parquet.read(self._bytes(entry), path)

    def _table(self, path: str, entry: Entry) -> Table:
        return Table._of(parquet.read(self._bytes(entry), path))

    def _partitioned(self, path: str, entry: Entry) -> PartitionedTable:
        data = self._bytes(entry) if entry.size <= description.MAX_SIZE else b""
        return PartitionedTable._of(description.decode(data, path), self)

    def _bytes(self, entry: Entry) -> bytes:
        try:
            return self._read(entry)
        except NotFoundError:
            # A gc may have moved content into other packs meanwhile: look again where it is.
            self._refresh()
            return self._read(entry)

    def _read(self, entry: Entry) -> bytes:
        return b"".join(piece for block in file_blocks(self._content.database, entry.digest, entry.size) for piece in block)
