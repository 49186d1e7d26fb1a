"""One of two tables that are compared, and those of its rows that are kept on the way."""

from pathlib import Path
from typing import Any

from objstore.comparison.rows.chosen import chosen_rows
from objstore.comparison.rows.conversion import Conversion
from objstore.comparison.rows.pair import TableFile
from objstore.comparison.rows.places import parts_of, places_of, rows_in_parts
from objstore.comparison.rows.rowsfile import RowsFile, RowsWriter
from objstore.comparison.rows.types import plain_schema
from objstore.host import library


class TableSide:
    """One of the tables, and its rows that are kept on the way."""

    def __init__(self, file: TableFile, number: int, path: Path) -> None:
        self.file = file
        self.number = number
        self.schema = plain_schema(file.schema)
        self._path = path
        self._whole = Conversion(self.schema.names, self.schema.types)
        self._kept: RowsWriter | None = None

    def keep(self, batch: Any) -> Any:
        """Keeps rows, and gives their places, in a part beyond those of the table."""
        if self._kept is None:
            self._kept = self._writer("kept")
        start = self._kept.rows
        self._kept.add(self._whole.arrays(batch), batch.num_rows)
        return places_of(len(self.file.parts), start + library.numpy().arange(batch.num_rows))

    def extracted(self, wanted: Any) -> RowsFile:
        """The rows at these places, which ascend."""
        numpy = library.numpy()
        kept = self._kept.close() if self._kept else None
        parts = parts_of(wanted)
        if kept and kept.rows == len(wanted) and parts[0] == len(self.file.parts):
            return kept
        writer = self._writer("rows")
        for part in numpy.unique(parts).tolist():
            begin, end = numpy.searchsorted(parts, [part, part + 1])
            batches = kept.batches() if kept and part == len(self.file.parts) else self.file.read(part, self.schema.names)
            for chosen in chosen_rows(batches, rows_in_parts(wanted[begin:end])):
                writer.add(self._whole.arrays(chosen), chosen.num_rows)
        if kept:
            kept.path.unlink()
        return writer.close()

    def _writer(self, name: str) -> RowsWriter:
        return RowsWriter(self._path.with_suffix(f".{name}"), self.schema)
