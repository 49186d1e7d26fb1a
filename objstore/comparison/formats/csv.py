"""CSV, and TSV, which is CSV with tabs: a table of texts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from objstore.comparison.content import Content
from objstore.comparison.formats.texttables.celltypes import TEXT, CellTypes, of_texts
from objstore.comparison.formats.texttables.csvblocks import CsvBlocks
from objstore.comparison.formats.texttables.csvheader import Header, read_header
from objstore.comparison.formats.texttables.parts import LONGEST_PART, SHORTEST_RUN
from objstore.comparison.formats.texttables.quotedparts import QuotedText, quoted_parts
from objstore.comparison.formats.texttables.quoting import Place, Quotes
from objstore.comparison.formats.texttables.rowblocks import Span, row_blocks
from objstore.comparison.formats.texttables.source import TextSource, compressed_too
from objstore.comparison.handlers import Handler, Kind
from objstore.comparison.rows.pair import TablePair

_BATCH = 8192


def pair(old: Content, new: Content, *, shortest: int = SHORTEST_RUN, longest: int = LONGEST_PART) -> TablePair:
    """Both, cut into parts. Reads all bytes, since each quote counts, but those in both files once only; parses nothing but the headers.

    What is the same is made a part from `shortest` bytes on; what has to be parsed is cut into parts of about `longest` bytes.
    """
    before, after = TextSource(old), TextSource(new)
    old_header, new_header = read_header(before), read_header(after)
    alike = (old_header.names, old_header.delimiter) == (new_header.names, new_header.delimiter)
    old_text = QuotedText(before, old_header.end, before.end, old_header.delimiter)
    new_text = QuotedText(after, new_header.end, after.end, new_header.delimiter)
    found = quoted_parts(old_text, new_text, alike=alike, shortest=shortest, longest=longest)
    return TablePair(CsvFile(before, old_header, found.old), CsvFile(after, new_header, found.new), found.same)


class CsvFile:
    """One file. Each cell is the text that is written there, without the quotes around it; none is null. An empty line is no row."""

    def __init__(self, source: TextSource, header: Header, spans: Sequence[Span]) -> None:
        self._source, self._header, self._spans = source, header, spans
        self._blocks = CsvBlocks(source, header)
        self._types = CellTypes(header.names, TEXT)
        self._typed: set[tuple[int, str]] = set()
        self.schema = self._blocks.schema
        self.parts: Sequence[int | None] = [None] * len(spans)

    @property
    def types(self) -> Mapping[str, str]:
        """Of the cells read so far: `int`, `float`, `bool`, `date`, `datetime`, `time`, or else `text`; `empty` or `unread` without any."""
        return self._types.seen

    def read(self, part: int, columns: Sequence[str]) -> Iterator[Any]:
        quotes = Quotes(self._header.delimiter)
        offset, block = 0, b""
        for offset, block in row_blocks(self._source, self._spans[part], quotes):
            table = self._blocks.table(offset, block, columns)
            self._note(part, table)
            yield from table.to_batches(max_chunksize=_BATCH)
        if quotes.place is Place.QUOTED:
            raise self._blocks.unclosed(offset, block)
        self._typed.update((part, name) for name in columns)

    def _note(self, part: int, table: Any) -> None:
        """The types of its cells, unless the part has been read before."""
        for name, column in zip(table.column_names, table.columns, strict=True):
            if (part, name) not in self._typed:
                for cells in column.chunks:
                    self._types.add(name, of_texts(cells, self._types.seen[name]))


HANDLER = Handler("csv", Kind.ROWS, compressed_too(".csv", ".tsv", ".tab"), pair)
