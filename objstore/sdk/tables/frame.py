"""A table as it is stored: Arrow columns, some of which hold JSON text."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from objstore.errors import InvalidInputError
from objstore.host import library

_ROWS_AT_A_TIME = 10_000

Row = list[Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """Immutable, so it may be shared."""

    table: Any
    """A pyarrow.Table."""
    json: frozenset[str] = frozenset()
    """The columns whose values are kept as JSON text."""

    @property
    def columns(self) -> list[str]:
        return list(self.table.column_names)

    def rows(self, limit: int | None = None) -> Iterator[Row]:
        """The rows as Python values, some thousands in memory at a time. InvalidInputError for a value that Python can't have."""
        shown = self.table if limit is None else self.table.slice(0, limit)
        at = 0
        for batch in shown.to_batches(max_chunksize=_ROWS_AT_A_TIME):
            columns = [self._values(name, column, at) for name, column in zip(self.columns, batch.columns, strict=True)]
            yield from map(list, zip(*columns, strict=True))
            at += batch.num_rows

    def column(self, name: str) -> list[Any]:
        """The values of one column."""
        return self._values(name, self.table.column(name), 0)

    def dataframe(self) -> Any:
        """A pandas DataFrame."""
        library.pandas()
        try:
            made = self.table.to_pandas()
        except (library.pyarrow().ArrowException, ValueError) as error:
            raise InvalidInputError(f"pandas can't hold this table: {error}") from error
        for name in self.json:
            made[name] = library.pandas().Series(self.column(name), dtype=object, index=made.index)
        return made

    def renamed(self, columns: list[str]) -> "Frame":
        names = dict(zip(self.columns, columns, strict=True))
        return Frame(self.table.rename_columns(columns), frozenset(names[name] for name in self.json))

    def _values(self, name: str, column: Any, first: int) -> list[Any]:
        pyarrow = library.pyarrow()
        try:
            if column.type == pyarrow.time64("ns"):
                column = column.cast(pyarrow.time64("us"))  # to_pylist cuts where this fails
            values: list[Any] = column.to_pylist()
        except (pyarrow.ArrowException, ValueError, OverflowError) as error:
            raise InvalidInputError(
                f"column {name!r} holds a value of type {column.type} that Python can't have ({error}); read the file with another library"
            ) from error
        return [self._decoded(name, row, text) for row, text in enumerate(values, first)] if name in self.json else values

    def _decoded(self, name: str, row: int, text: str | None) -> Any:
        try:
            return None if text is None else json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidInputError(f"column {name!r}, row {row}: this isn't the JSON that it should be ({error})") from error
