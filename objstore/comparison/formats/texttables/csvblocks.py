"""The rows of a block of CSV, as Arrow parses them."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from objstore.comparison.formats.texttables.csvheader import Header
from objstore.comparison.formats.texttables.quoting import Place, Quotes
from objstore.comparison.formats.texttables.source import TextSource
from objstore.errors import UnreadableFileError
from objstore.host import library

_SHOWN = 60


class CsvBlocks:
    """Parses blocks of whole rows."""

    def __init__(self, source: TextSource, header: Header) -> None:
        arrow = library.pyarrow()
        self._source, self._header = source, header
        self.schema = arrow.schema([(name, arrow.string()) for name in header.names])
        """All columns are text."""

    def table(self, offset: int, block: bytes, columns: Sequence[str]) -> Any:
        """These columns of a block that begins there: a pyarrow.Table. UnreadableFileError with the line that isn't right."""
        arrow = library.pyarrow()
        if not block.strip(b"\r\n"):
            return self.schema.empty_table().select(columns)
        try:
            return self._parsed(block, columns or self._header.names[:1]).select(columns)
        except arrow.ArrowInvalid as error:
            raise self._refused(offset, block, str(error)) from error

    def unclosed(self, offset: int, block: bytes) -> UnreadableFileError:
        """The error for a block that ends in quotes."""
        at = offset + int(Quotes(self._header.delimiter).row_starts(block)[-1])
        return self._source.unreadable(f"a quote in the row that begins at line {self._source.line(at):,} is never closed", "close it")

    def _parsed(self, block: bytes, columns: Sequence[str], refuse: Any = None) -> Any:
        csv = library.csv()
        return csv.read_csv(
            library.pyarrow().BufferReader(block),
            csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=self._header.names),
            csv.ParseOptions(delimiter=self._header.delimiter.decode(), newlines_in_values=b'"' in block, invalid_row_handler=refuse),
            csv.ConvertOptions(column_types=self.schema, null_values=[], strings_can_be_null=False, include_columns=columns),
        )

    def _first_wrong(self, block: bytes) -> Any:
        """The row that has too many values or too few, as Arrow describes it; None if none has. The block is UTF-8."""
        wrong: list[Any] = []

        def refuse(row: Any) -> str:
            wrong.append(row)
            return "error"

        with suppress(library.pyarrow().ArrowInvalid):
            self._parsed(block, self._header.names[:1], refuse)
        return wrong[0] if wrong else None

    def _refused(self, offset: int, block: bytes, reason: str) -> UnreadableFileError:
        # First, since Arrow prints a traceback when it would hand over a row that isn't UTF-8.
        if not_text := self._source.not_utf8(offset, block):
            return not_text
        row = self._first_wrong(block)
        if row is None:
            return self._source.unreadable(
                f"in the {len(block):,} bytes from line {self._source.line(offset):,} on, {reason}", "mend the file"
            )
        quotes = Quotes(self._header.delimiter)
        starts = quotes.row_starts(block)
        quotes.feed(block)
        if quotes.place is Place.QUOTED and row.number == len(starts):
            return self.unclosed(offset, block)
        line = self._source.line(offset + int(starts[row.number - 1]))
        text = row.text if len(row.text) <= _SHOWN else row.text[:_SHOWN] + "…"
        counts = f"line {line:,} has {_values(row.actual_columns)}, but the header has {row.expected_columns:,}: {text}"
        return self._source.unreadable(counts, "mend the row; a value that has the delimiter in it needs quotes around it")


def _values(count: int) -> str:
    return f"{count:,} value{'s' if count != 1 else ''}"
