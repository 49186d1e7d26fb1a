"""Rows in a scratch file, read again batch by batch."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from objstore.host import library
from objstore.host.publish import translated

_BATCH_ROWS = 32 * 1024
_BATCH_BYTES = 16 * 1024 * 1024


class RowsWriter:
    """Writes rows of one schema. Close it; then they can be read. StorageError when the disk is full.

    Small batches are joined, until they have so many rows or bytes: that much is in memory.
    """

    def __init__(self, path: Path, schema: Any, batch_rows: int = _BATCH_ROWS, batch_bytes: int = _BATCH_BYTES) -> None:
        self.rows = 0
        self._batch_rows = batch_rows
        self._batch_bytes = batch_bytes
        self._path = path
        self._schema = schema
        self._pending: list[Any] = []
        self._pending_rows = self._pending_bytes = 0
        with translated(path):
            self._writer = library.pyarrow().ipc.new_file(str(path), schema)

    def add(self, arrays: Sequence[Any], length: int) -> None:
        """The columns of some rows, with the types of the schema."""
        if length:
            batch = library.pyarrow().RecordBatch.from_arrays(list(arrays), schema=self._schema) if arrays else _empty(length)
            self._pending.append(batch)
            self._pending_rows += length
            self._pending_bytes += batch.nbytes
            self.rows += length
            if self._pending_rows >= self._batch_rows or self._pending_bytes >= self._batch_bytes:
                self._flush()

    def close(self) -> "RowsFile":
        self._flush()
        with translated(self._path):
            self._writer.close()
        return RowsFile(self._path, self._schema, self.rows)

    def _flush(self) -> None:
        if self._pending:
            batches = [library.pyarrow().concat_batches(self._pending)] if len(self._schema) else self._pending
            self._pending, self._pending_rows, self._pending_bytes = [], 0, 0
            with translated(self._path):
                for batch in batches:
                    self._writer.write_batch(batch)


class RowsFile:
    """What a RowsWriter wrote. A batch is in memory at a time."""

    def __init__(self, path: Path, schema: Any, rows: int) -> None:
        self.path = path
        self.schema = schema
        self.rows = rows

    @property
    def row_bytes(self) -> int:
        """About how large a row is."""
        return max(1, self.path.stat().st_size // max(1, self.rows))

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Any]:
        """All rows in order; of these columns, in this order, alone, if given."""
        pyarrow = library.pyarrow()
        options = pyarrow.ipc.IpcReadOptions()
        if columns:
            options.included_fields = sorted(self.schema.get_field_index(name) for name in columns)
        with translated(self.path), pyarrow.OSFile(str(self.path)) as file:
            reader = pyarrow.ipc.open_file(file, options=options)
            for number in range(reader.num_record_batches):
                batch = reader.get_batch(number)
                yield batch if columns is None else batch.select(list(columns))

    def where(self, mask: Any) -> Iterator[Any]:
        """The rows for which a mask, of all rows, is true."""
        pyarrow = library.pyarrow()
        start = 0
        for batch in self.batches():
            chosen = mask[start : start + batch.num_rows]
            start += batch.num_rows
            if chosen.all():
                yield batch
            elif chosen.any():
                yield batch.filter(pyarrow.array(chosen))


def _empty(length: int) -> Any:
    """Rows without columns."""
    pyarrow = library.pyarrow()
    return pyarrow.RecordBatch.from_struct_array(pyarrow.array([{}] * length, pyarrow.struct([])))
