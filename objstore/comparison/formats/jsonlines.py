"""JSON Lines: a table whose rows are objects and whose columns are their keys."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from objstore.comparison.content import Content
from objstore.comparison.formats.texttables.celltypes import MIXED, CellTypes, of_json
from objstore.comparison.formats.texttables.jsonkeys import columns_of
from objstore.comparison.formats.texttables.jsonobjects import ValueReader
from objstore.comparison.formats.texttables.jsontext import texts
from objstore.comparison.formats.texttables.lineparts import line_parts
from objstore.comparison.formats.texttables.parts import LONGEST_PART, SHORTEST_RUN
from objstore.comparison.formats.texttables.rowblocks import LineEnds, Span, row_blocks
from objstore.comparison.formats.texttables.source import TextSource, compressed_too
from objstore.comparison.handlers import Handler, Kind
from objstore.comparison.rows.pair import HOLDS_JSON, TablePair
from objstore.host import library

_BATCH = 8192


def pair(old: Content, new: Content, *, shortest: int = SHORTEST_RUN, longest: int = LONGEST_PART) -> TablePair:
    """Both, cut into parts. Reads what isn't the same in both, for its keys, and little else (of files on a disk everything, for chunks).

    What is the same is made a part from `shortest` bytes on; what has to be parsed is cut into parts of about `longest` bytes.
    """
    before, after = TextSource(old), TextSource(new)
    found = line_parts(before, after, shortest, longest)
    old_keys, new_keys = columns_of(before, after, found)
    return TablePair(JsonLinesFile(before, old_keys, found.old), JsonLinesFile(after, new_keys, found.new), found.same)


class JsonLinesFile:
    """One file. Each cell is the JSON of its value (see `jsontext`), null where the object has no such key."""

    def __init__(self, source: TextSource, columns: Sequence[str], spans: Sequence[Span]) -> None:
        arrow = library.pyarrow()
        self._source, self._spans = source, spans
        self._types = CellTypes(columns, MIXED)
        self.schema = arrow.schema([arrow.field(name, arrow.string(), metadata=HOLDS_JSON) for name in columns])
        self.parts: Sequence[int | None] = [None] * len(spans)

    @property
    def types(self) -> Mapping[str, str]:
        """Of the cells read so far: `int`, `float`, `text`, `bool`, `object`, `list`, or else `mixed`; `empty` or `unread` without any."""
        return self._types.seen

    def read(self, part: int, columns: Sequence[str]) -> Iterator[Any]:
        arrow = library.pyarrow()
        wanted = ValueReader(columns)
        schema = arrow.schema([self.schema.field(name) for name in columns])
        for offset, block in row_blocks(self._source, self._spans[part], LineEnds()):
            rows, values = wanted.values(self._source, offset, block)
            if columns:
                table = arrow.table([self._column(name, each) for name, each in zip(columns, values, strict=True)], schema)
                yield from table.to_batches(max_chunksize=_BATCH)
            else:
                yield from _without_columns(rows)

    def _column(self, name: str, values: list[Any]) -> Any:
        classes = set(map(type, values))
        self._types.add(name, of_json(classes))
        return texts(values, classes)


def _without_columns(rows: int) -> Iterator[Any]:
    arrow = library.pyarrow()
    column = arrow.nulls(rows)
    yield arrow.record_batch([column], [""]).select([])


HANDLER = Handler("jsonlines", Kind.ROWS, compressed_too(".jsonl", ".ndjson", ".jsonlines"), pair)
