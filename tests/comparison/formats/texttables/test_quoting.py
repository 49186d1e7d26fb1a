"""Ends of rows between quotes."""

import csv
import io

from hypothesis import example, given
from hypothesis import strategies as st

from objstore.comparison.formats.texttables.quoting import Place, Quotes

TEXTS = st.text('a,"\n\r', max_size=40).map(str.encode)


def ends(text: bytes) -> tuple[list[int], bool]:
    """Where rows end, letter by letter as the csv module does it; and whether the text ends in quotes."""
    found = []
    begins, quoted, closed = True, False, False
    for at, letter in enumerate(text):
        if quoted:
            quoted, closed = letter != ord('"'), letter == ord('"')
            begins = False
        elif letter == ord('"') and (begins or closed):
            quoted, begins, closed = True, False, False
        else:
            if letter == ord("\n"):
                found.append(at + 1)
            begins, closed = letter in b",\r\n", False
    return found, quoted


@given(TEXTS, st.integers(1, 40))
@example(b'a"b\n"c\nd"\n', 3)
@example(b'"a""\n"\n', 4)
@example(b'"a""\n"\n', 3)
def test_ends_are_those_outside_of_quotes_however_the_text_is_cut(text: bytes, size: int) -> None:
    expected, quoted = ends(text)
    quotes = Quotes(b",")
    for at in range(0, len(text), size):
        found = [end for end in expected if at < end <= at + size]
        first, last = quotes.feed(text[at : at + size])
        assert (first, last) == ((found[0] - at, found[-1] - at) if found else (0, 0))
    assert (quotes.place is Place.QUOTED) is quoted


@given(TEXTS)
def test_cutting_where_a_row_ends_changes_no_row(text: bytes) -> None:
    def parsed(part: bytes) -> list[list[str]]:
        return list(csv.reader(io.StringIO(part.decode(), newline="")))

    for end in Quotes(b",").feed(text):
        assert parsed(text[:end]) + parsed(text[end:]) == parsed(text)


@given(TEXTS)
def test_rows_start_where_the_csv_module_starts_them(text: bytes) -> None:
    starts = Quotes(b",").row_starts(text).tolist() if text else []
    assert len(starts) == sum(1 for row in csv.reader(io.StringIO(text.decode(), newline="")) if row)
    assert all(text[start] not in b"\r\n" for start in starts)
