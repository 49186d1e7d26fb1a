"""Some rows of a stream of batches, by their numbers."""

from collections.abc import Iterator, Sequence
from typing import Any

from objstore.comparison.rows.pair import TableFile
from objstore.host import library


def chosen_rows(batches: Iterator[Any], rows: Any) -> Iterator[Any]:
    """The rows with these numbers, which ascend. Reads no further than the last of them."""
    numpy, pyarrow = library.numpy(), library.pyarrow()
    start = at = 0
    for batch in batches:
        end = int(numpy.searchsorted(rows, start + batch.num_rows))
        if end - at == batch.num_rows:
            yield batch
        elif end > at:
            yield batch.take(pyarrow.array(rows[at:end] - start))
        start, at = start + batch.num_rows, end
        if at == len(rows):
            return


class Later:
    """Columns of a part that are read only as far as rows of them are asked for, in ascending order. A batch is in memory."""

    def __init__(self, table: TableFile, part: int, columns: Sequence[str]) -> None:
        self._table = table
        self._part = part
        self._columns = columns
        self._batches: Iterator[Any] | None = None
        self._batch: Any = None
        self._start = 0

    def rows(self, numbers: Any) -> dict[str, Any]:
        """The columns, by name, of rows that come after all those asked for before."""
        if not self._columns:
            return {}
        numpy, pyarrow = library.numpy(), library.pyarrow()
        pieces, at = [], 0
        while at < len(numbers):
            end = self._start + (self._batch.num_rows if self._batch is not None else 0)
            upto = int(numpy.searchsorted(numbers, end))
            if upto > at:
                pieces.append(self._batch.take(pyarrow.array(numbers[at:upto] - self._start)))
                at = upto
            else:
                self._start = end
                self._batch = self._next()
        joined = pieces[0] if len(pieces) == 1 else pyarrow.concat_batches(pieces)
        return dict(zip(self._columns, joined.columns, strict=True))

    def _next(self) -> Any:
        if self._batches is None:
            self._batches = self._table.read(self._part, self._columns)
        return next(self._batches)
