"""Rows that differ, brought beside each other where they have the same key."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from objstore.comparison.rows.alignment import side_by_side
from objstore.comparison.rows.differing import Differing
from objstore.comparison.rows.rowsfile import RowsFile, RowsWriter
from objstore.host import library

_CHUNK_ROWS = 32 * 1024
_CHUNK_BYTES = 64 * 1024 * 1024
_CHUNKS = 128  # files that are open at once
_SCATTERED_ROWS = 2048


class Paired:
    """Streams of batches; some MiB of each are in memory, and a few bytes for each row."""

    def __init__(self, differing: Differing, partners: Any, scratch: Path) -> None:
        """`partners` as of partners.partners; None if there is no key."""
        numpy = library.numpy()
        self._differing = differing
        self._matched_new = numpy.zeros(differing.new.rows, bool) if partners is None else partners >= 0
        order = numpy.empty(0, numpy.int64) if partners is None else partners[self._matched_new]
        self._matched_old = numpy.zeros(differing.old.rows, bool)
        self._matched_old[order] = True
        self.modified = len(order)
        self.removed = differing.old.rows - self.modified
        self.added = differing.new.rows - self.modified
        is_ordered = bool((order[1:] > order[:-1]).all())
        self._scattered = None if is_ordered else _Scattered(differing.old, order, scratch)

    def removed_rows(self) -> Iterator[Any]:
        """Of the old table, with its columns."""
        return self._differing.old.where(~self._matched_old)

    def added_rows(self) -> Iterator[Any]:
        """Of the new table, with its columns."""
        return self._differing.new.where(~self._matched_new)

    def modified_rows(self) -> Iterator[tuple[Any, Any]]:
        """Rows before and after, in the order of the new table."""
        before = self._scattered.batches() if self._scattered else self._differing.old.where(self._matched_old)
        return side_by_side(before, self._differing.new.where(self._matched_new))


class _Scattered:
    """Rows in another order than that of their file, without reading it more than once: each goes into the file of its chunk of that
    order first, and chunks are put in order in memory.
    """

    def __init__(self, rows: RowsFile, order: Any, scratch: Path) -> None:
        numpy = library.numpy()
        places = numpy.full(rows.rows, -1, numpy.int64)
        places[order] = numpy.arange(len(order))
        size = max(1, min(_CHUNK_ROWS, _CHUNK_BYTES // rows.row_bytes), -(-len(order) // _CHUNKS))
        count = -(-len(order) // size)
        held = _CHUNK_BYTES // count
        writers = [RowsWriter(scratch / f"before-{number}", rows.schema, _SCATTERED_ROWS, held) for number in range(count)]
        self._places: list[list[Any]] = [[] for _ in range(count)]
        start = 0
        for batch in rows.batches():
            self._scatter(batch, places[start : start + batch.num_rows], size, writers)
            start += batch.num_rows
        self._files = [writer.close() for writer in writers]

    def batches(self) -> Iterator[Any]:
        pyarrow, numpy = library.pyarrow(), library.numpy()
        for file, places in zip(self._files, self._places, strict=True):
            chunk = pyarrow.Table.from_batches(file.batches(), file.schema).combine_chunks()
            yield from chunk.take(pyarrow.array(numpy.argsort(numpy.concatenate(places)))).to_batches()

    def _scatter(self, batch: Any, places: Any, size: int, writers: list[RowsWriter]) -> None:
        numpy, pyarrow = library.numpy(), library.pyarrow()
        rows = numpy.flatnonzero(places >= 0)
        rows = rows[numpy.argsort(places[rows], kind="stable")]
        numbers = places[rows] // size
        begins = numpy.flatnonzero(numpy.diff(numbers, prepend=-1)).tolist()
        ordered = batch.take(pyarrow.array(rows))
        for begin, end in zip(begins, [*begins[1:], len(rows)], strict=True):
            number = int(numbers[begin])
            self._places[number].append(places[rows[begin:end]])
            writers[number].add(ordered.slice(begin, end - begin).columns, end - begin)
