"""The header of a CSV file."""

import re
from dataclasses import dataclass

from objstore.comparison.formats.texttables.quoting import Place, Quotes
from objstore.comparison.formats.texttables.rowblocks import Ends, Span, row_blocks
from objstore.comparison.formats.texttables.source import TextSource
from objstore.host import library

_TABBED = (".tsv", ".tab")
_DELIMITERS = (b",", b";", b"\t", b"|")
_SAMPLE = 64 * 1024
_LINE = re.compile(rb'(?:[^"\r\n]|"(?:[^"]|"")*")*')
_QUOTED = re.compile(rb'"(?:[^"]|"")*"')


@dataclass(frozen=True, slots=True)
class Header:
    """What the first line says that isn't empty."""

    names: tuple[str, ...]
    delimiter: bytes
    end: int
    """Where the rows begin."""


def read_header(source: TextSource) -> Header:
    """UnreadableFileError for a file without one, or one whose columns can't be told apart."""
    start = _begin(source)
    delimiter = b"\t" if source.name.endswith(_TABBED) else _most_frequent(source, start)
    _, text = next(row_blocks(source, Span(start, source.end), _First(delimiter), _SAMPLE))
    quotes = Quotes(delimiter)
    quotes.feed(text)
    if quotes.place is Place.QUOTED:
        raise source.unreadable("a quote in its header is never closed", "close it")
    if len(Quotes(delimiter).row_starts(text)) > 1:
        raise source.unreadable("its lines end in carriage returns alone", "convert them to line feeds")
    return Header(_names(source, start, text, delimiter), delimiter, start + len(text))


def _begin(source: TextSource) -> int:
    """Where the first line begins that isn't empty."""
    at = source.start
    for piece in source.pieces(at, None, _SAMPLE):
        if text := piece.lstrip(b"\r\n"):
            return at + len(piece) - len(text)
        at += len(piece)
    raise source.unreadable("it is empty", "give it a header that names its columns")


def _most_frequent(source: TextSource, start: int) -> bytes:
    """Of the delimiters, outside of quotes."""
    line = _LINE.match(next(source.pieces(start, None, _SAMPLE)))
    assert line is not None  # it matches nothing too
    return max(_DELIMITERS, key=_QUOTED.sub(b"", line.group()).count)


class _First:
    """Makes a block of the first row."""

    def __init__(self, delimiter: bytes) -> None:
        self._quotes = Quotes(delimiter)

    def feed(self, piece: bytes) -> Ends:
        first = self._quotes.feed(piece).first
        return Ends(first, first)


def _names(source: TextSource, start: int, text: bytes, delimiter: bytes) -> tuple[str, ...]:
    if wrong := source.not_utf8(start, text):
        raise wrong
    if b"\0" in text:
        raise source.unreadable("its header has NUL bytes, as text in UTF-16 has", "convert it to UTF-8")
    csv, arrow = library.csv(), library.pyarrow()
    parsing = csv.ParseOptions(delimiter=delimiter.decode(), newlines_in_values=True)
    reading = csv.ReadOptions(use_threads=False, block_size=len(text) + 2)
    names = tuple(csv.read_csv(arrow.BufferReader(text + b"\n"), reading, parsing).column_names)
    numbers: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        if numbers.setdefault(name, number) != number:
            problem = f"its first line, which is taken for the header, calls columns {numbers[name]:,} and {number:,} both {name!r}"
            raise source.unreadable(problem, "rename one of them, or put a header above the rows if it has none")
    return names
