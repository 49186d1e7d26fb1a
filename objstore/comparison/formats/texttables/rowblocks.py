"""Whole rows of a text, some MiB at a time."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from objstore.comparison.formats.texttables.source import PIECE, TextSource

LONGEST_ROW = 64 * 1024 * 1024


class Span(NamedTuple):
    """The rows of a text from one byte to before another; to its end when that is None."""

    start: int
    end: int | None


class Ends(NamedTuple):
    """Of the rows that end in a piece of text: behind the first and the last of these ends. Zero: none does."""

    first: int
    last: int


class RowEnds(Protocol):
    """Finds where rows end in a text that it is fed piece by piece."""

    def feed(self, piece: bytes) -> Ends: ...


class LineEnds:
    """That of a format whose rows end where lines do."""

    def feed(self, piece: bytes) -> Ends:
        return Ends(piece.find(b"\n") + 1, piece.rfind(b"\n") + 1)


def row_blocks(source: TextSource, span: Span, ends: RowEnds, size: int = PIECE) -> Iterator[tuple[int, bytes]]:
    """Blocks of whole rows, each with its offset; together they are the span. About `size` bytes each, unless rows are longer.

    Memory: some blocks and the longest row. UnreadableFileError for one that is longer than 64 MiB.
    """
    at, waiting, held = span.start, list[bytes](), 0
    for piece in source.pieces(span.start, span.end, size):
        last = ends.feed(piece).last
        if last:
            block = b"".join((*waiting, piece[:last]))
            yield at, block
            at += len(block)
            waiting, held = [], 0
        waiting.append(piece[last:])
        held += len(piece) - last
        if held > LONGEST_ROW:
            raise source.unreadable(
                f"the row that begins at line {source.line(at):,} is longer than {LONGEST_ROW >> 20} MiB",
                "see whether a line break or a closing quote is missing",
            )
    if rest := b"".join(waiting):
        yield at, rest
