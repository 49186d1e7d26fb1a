"""Parts of texts, from chunks that are cut anywhere."""

import csv
import io
from collections.abc import Iterator

import pytest
from blake3 import blake3
from hypothesis import example, given
from hypothesis import strategies as st

from objstore.comparison.formats.csv import pair
from objstore.comparison.formats.texttables.lineparts import line_parts
from objstore.comparison.formats.texttables.parts import Body, parts
from objstore.comparison.formats.texttables.quoting import Place, Quotes
from objstore.comparison.formats.texttables.rowblocks import Span
from objstore.comparison.formats.texttables.source import TextSource
from objstore.comparison.stretches import Run
from objstore.errors import UnreadableFileError
from objstore.odb.recipe import ChunkRow
from tests.comparison.contents import InMemory
from tests.comparison.tables import all_rows, assert_same_parts_are_equal

PIECES = st.lists(st.text('a"\n\r', min_size=1, max_size=6), min_size=1, max_size=5)
ORDER = st.lists(st.integers(0, 4), max_size=6)


class Cut(InMemory):
    """A content whose chunks are these."""

    def __init__(self, chunks: list[bytes], path: str) -> None:
        super().__init__(b"".join(chunks), path, chunked=False)
        self._cut = chunks

    def chunks(self, start: int, end: int) -> Iterator[tuple[int, ChunkRow]]:
        at = 0
        for chunk in self._cut:
            if at < end and at + len(chunk) > start:
                yield at, (blake3(chunk).digest(), len(chunk))
            at += len(chunk)


def chosen(pieces: list[str], order: list[int]) -> list[bytes]:
    return [pieces[index % len(pieces)].encode() for index in order]


@given(PIECES, ORDER, ORDER, st.integers(1, 20))
@example(['a\n"', "a\n", "b\n"], [1, 2], [0, 1, 2], 20)
@example(["a", "a\nb\n", "c\n"], [0, 1], [2, 1], 20)
def test_rows_of_csv_are_whole_in_their_parts(pieces: list[str], before: list[int], after: list[int], longest: int) -> None:
    chunks = [[b"head\n", *chosen(pieces, order)] for order in (before, after)]
    found = pair(Cut(chunks[0], "a.csv"), Cut(chunks[1], "a.csv"), shortest=1, longest=longest)
    for each, file in zip(chunks, (found.old, found.new), strict=True):
        quotes = Quotes(b",")
        quotes.feed(b"".join(each))
        if quotes.place is Place.QUOTED:
            with pytest.raises(UnreadableFileError, match="never closed"):
                all_rows(file)
        else:
            assert all_rows(file) == [tuple(row) for row in csv.reader(io.StringIO(b"".join(each).decode(), newline="")) if row][1:]
    assert_same_parts_are_equal(found)


@given(PIECES, ORDER, ORDER, st.integers(1, 20))
@example(["x", "a\nb\n", "c\n"], [0, 1], [2, 1], 20)
@example(["x", "a\nb", "c\n"], [0, 1], [2, 1, 2], 20)
def test_lines_are_whole_in_their_parts(pieces: list[str], before: list[int], after: list[int], longest: int) -> None:
    old, new = Cut(chosen(pieces, before), "a.jsonl"), Cut(chosen(pieces, after), "a.jsonl")
    found = line_parts(TextSource(old), TextSource(new), shortest=1, longest=longest)
    for content, spans in ((old, found.old), (new, found.new)):
        ends = [0, *(span.end for span in spans)]
        assert ends[-1] == content.size
        assert [span.start for span in spans] == ends[:-1]
        assert all(content.data[: span.start].endswith(b"\n") for span in spans[1:])
    for before_part, after_part in found.same:
        assert old.data[slice(*found.old[before_part])] == new.data[slice(*found.new[after_part])] != b""


def test_what_is_between_runs_is_cut_where_rows_end() -> None:
    old, new = (Body(start, 100, lambda at: -(-at // 7) * 7) for start in (0, 3))
    found = parts(old, new, [Run(70, 3, 14), Run(0, 21, 7)], longest=25)
    assert found.old == [Span(0, 7), Span(7, 35), Span(35, 63), Span(63, 70), Span(70, 84), Span(84, 100)]
    assert found.new == [Span(3, 17), Span(17, 21), Span(21, 28), Span(28, 56), Span(56, 84), Span(84, 100)]
    assert list(found.same) == [(4, 0), (0, 2)]
