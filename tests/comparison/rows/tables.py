"""Tables in memory."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa


class InParts:
    """A table; with parts of these lengths, and batches of at most so many rows. Tells which parts were read, and of which columns."""

    def __init__(self, table: pa.Table, lengths: Sequence[int] | None = None, *, batch: int = 1000, known: bool = True) -> None:
        lengths = [table.num_rows] if lengths is None else lengths
        assert sum(lengths) == table.num_rows
        self.schema = table.schema
        self.parts: list[int | None] = list(lengths) if known else [None] * len(lengths)
        self.reads: list[tuple[int, tuple[str, ...]]] = []
        starts = [sum(lengths[:part]) for part in range(len(lengths))]
        self._tables = [table.slice(start, length) for start, length in zip(starts, lengths, strict=True)]
        self._batch = batch

    @property
    def types(self) -> Mapping[str, str]:
        return {field.name: str(field.type) for field in self.schema}

    def read(self, part: int, columns: Sequence[str]) -> Iterator[Any]:
        self.reads.append((part, tuple(columns)))
        table = self._tables[part]
        if not columns:
            yield pa.RecordBatch.from_struct_array(pa.array([{}] * table.num_rows, pa.struct([])))
            return
        yield from table.select(list(columns)).to_batches(max_chunksize=self._batch)
