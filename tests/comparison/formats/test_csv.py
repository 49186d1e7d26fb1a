"""CSV and TSV."""

import bz2
import csv
import gzip
import io
import random
import re
from functools import cache, partial

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.comparison.formats.csv import HANDLER, pair
from objstore.comparison.handlers import Kind
from objstore.comparison.rows.pair import TableFile, TablePair
from objstore.errors import UnreadableFileError
from tests.comparison.contents import InMemory
from tests.comparison.tables import EDITS, Edits, all_rows, assert_same_parts_are_equal, edited, rows

COMPRESS = {".gz": partial(gzip.compress, mtime=0), ".bz2": bz2.compress, ".zst": zstandard.ZstdCompressor(write_checksum=True).compress}


def file(data: bytes, path: str = "a.csv") -> TableFile:
    return pair(InMemory(b"a\n", "old.csv"), InMemory(data, path)).new


def table(data: bytes, path: str = "a.csv") -> tuple[list[str], list[tuple[str, ...]]]:
    found = file(data, path)
    return found.schema.names, all_rows(found)


def fault(data: bytes, path: str = "a.csv") -> str:
    with pytest.raises(UnreadableFileError) as error:
        table(data, path)
    assert path in str(error.value)
    return str(error.value)


def parsed(text: bytes) -> list[tuple[str, ...]]:
    """As the csv module has it; without the header and empty lines."""
    return [tuple(row) for row in csv.reader(io.StringIO(text.decode(), newline="")) if row][1:]


# What the parts are


def written(count: int, seed: int = 0) -> list[bytes]:
    """Rows of three values, some of them with anything in quotes."""
    chance = random.Random(seed)
    cells = ('"say ""no"""', '"two\r\nlines"', '"a\n\n,b"', "", '""', 'five"inch', '"x"y')
    found = []
    for number in range(count):
        cell = chance.choice(cells) if chance.random() < 0.3 else f"value {chance.random()}"
        found.append(f"{number},{cell},{chance.randrange(10**12)}{chance.choice((chr(10), chr(13) + chr(10)))}".encode())
    return found


BASE = written(10_000)
LONG = written(40_000)
OTHER = written(300, seed=1)


def joined(lines: list[bytes], *, newline: bool) -> bytes:
    text = b"".join((b"id,what,number\n", *lines))
    return text if newline else text.rstrip(b"\r\n")


@settings(max_examples=15)
@given(EDITS, EDITS, st.booleans(), st.booleans(), st.sampled_from([1, 30_000]), st.sampled_from([20_000, 10**9]))
def test_the_parts_of_both_have_all_rows_in_order(
    before: Edits,
    after: Edits,
    newline: bool,
    stored: bool,
    shortest: int,
    longest: int,
) -> None:
    old = joined(edited(BASE, OTHER, before), newline=newline)
    new = joined(edited(BASE, OTHER, after), newline=True)
    found = pair(InMemory(old, "a.csv", chunked=stored), InMemory(new, "a.csv"), shortest=shortest, longest=longest)
    assert all_rows(found.old) == parsed(old)
    assert all_rows(found.new) == parsed(new)
    assert_same_parts_are_equal(found)


@cache
def strewn(seed: int) -> bytes:
    """Lines with a few quotes at their ends and within them."""
    pieces = random.Random(seed).choices(("abcdefghi", '"', "\n", '\n"', '"\n'), (200, 1, 30, 1, 1), k=40_000)
    return b"head\n" + "".join(pieces).encode() + b"\n"


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(len(b"head\n"), 400_000), st.text('a"\n\r', max_size=3)), max_size=3), st.integers(0, 3))
def test_a_quote_that_opens_anywhere_moves_all_ends_of_rows_behind_it(edits: list[tuple[int, str]], seed: int) -> None:
    new = old = strewn(seed)
    for at, text in edits:
        new = new[:at] + text.encode() + new[at:]
    found = pair(InMemory(old, "a.csv"), InMemory(new, "a.csv"), shortest=1, longest=50_000)
    for text, side in ((old, found.old), (new, found.new)):
        if is_closed(text):
            assert all_rows(side) == parsed(text)
        else:
            with pytest.raises(UnreadableFileError, match="never closed"):
                all_rows(side)
    assert_same_parts_are_equal(found)


def test_rows_behind_a_quote_that_opens_are_not_the_same() -> None:
    lines = [b"value %d\n" % number for number in range(40_000)]
    old, new = (b"".join((b"head\n", *each)) for each in (lines, [*lines[:9000], b'"', *lines[9000:], b'"\n']))
    found = pair(InMemory(old, "a.csv"), InMemory(new, "a.csv"), shortest=1)
    assert all_rows(found.new) == [*parsed(b"head\n" + b"".join(lines[:9000])), (b"".join(lines[9000:]).decode(),)]
    assert_same_parts_are_equal(found)


def is_closed(text: bytes) -> bool:
    """Whether what follows is a row of its own."""
    return parsed(text.rstrip(b"\r\n") + b"\nlast\n")[-1:] == [("last",)]


def test_one_row_that_has_changed_is_parsed_and_the_rest_is_the_same() -> None:
    old, new = (joined(each, newline=True) for each in (LONG, [*LONG[:20_000], OTHER[0], *LONG[20_001:]]))
    before, after = InMemory(old, "a.csv"), InMemory(new, "a.csv")
    found = pair(before, after, shortest=1)
    assert len(found.same) == 2
    apart = [part for part in range(len(found.new.parts)) if part not in {new for _, new in found.same}]
    changed = [row for part in apart for row in rows(found.new, part)]
    assert parsed(b"head\n" + OTHER[0])[0] in changed
    assert len(changed) < len(LONG) // 4
    before.read_bytes = after.read_bytes = 0
    pair(before, after, shortest=1)
    assert before.read_bytes < len(old) // 3 < len(new) < after.read_bytes < 2 * len(new)


def test_moved_rows_are_the_same() -> None:
    old, new = (joined(each, newline=True) for each in (LONG, [*LONG[20_000:], *LONG[:20_000]]))
    found = pair(InMemory(old, "a.csv"), InMemory(new, "a.csv"), shortest=1)
    assert [old for old, _ in found.same] != sorted(old for old, _ in found.same)
    assert sum(len(rows(found.new, new)) for _, new in found.same) > 0.7 * len(LONG)
    assert_same_parts_are_equal(found)


def test_short_runs_are_no_parts() -> None:
    old = joined(BASE, newline=True)
    found = pair(InMemory(old, "a.csv"), InMemory(old, "a.csv"))
    assert (found.same, len(found.old.parts)) == ([], 1)
    assert pair(InMemory(old, "a.csv"), InMemory(old, "a.csv"), shortest=len(old) // 2).same == [(0, 0)]


@pytest.mark.parametrize("header", [b"id,other,number\n", b"number,what,id\n", b"id;what;number\n"])
def test_rows_under_another_header_are_not_the_same(header: bytes) -> None:
    old = joined(BASE, newline=True)
    new = old.replace(b"id,what,number\n", header, 1)
    assert pair(InMemory(old, "a.csv"), InMemory(new, "a.csv"), shortest=1).same == []


def test_rows_under_tabs_are_not_the_same_as_under_commas() -> None:
    text = b"one\n" + b"a b\n" * 200_000
    assert pair(InMemory(text, "a.csv"), InMemory(text, "a.tsv"), shortest=1).same == []


# What is read


CELLS = st.from_regex(r'(?:"(?:[^"\0]|"")*")?(?:[^"\0,;|\t\r\n][^\0,;|\t\r\n]*)?', fullmatch=True)


@settings(max_examples=50)
@given(
    st.integers(2, 4).flatmap(lambda count: st.lists(st.lists(CELLS, min_size=count, max_size=count), max_size=5)),
    st.sampled_from(["\n", "\r\n"]),
)
def test_rows_are_those_of_the_csv_module(cells: list[list[str]], end: str) -> None:
    count = len(cells[0]) if cells else 2
    text = end.join((",".join("abcd"[:count]), *(",".join(row) for row in cells))).encode(errors="ignore")
    assert table(text) == (list("abcd"[:count]), parsed(text))


def test_cells_are_as_they_are_written() -> None:
    assert table(b'a,b,c\n1.0,1,"1"\n,"",NA\nnull, x ,"p,q"\n')[1] == [("1.0", "1", "1"), ("", "", "NA"), ("null", " x ", "p,q")]


@pytest.mark.parametrize(
    ("data", "path", "names"),
    [
        (b"a;b,c;d\n", "x.csv", ["a", "b,c", "d"]),
        (b"a|b\n", "x.csv", ["a", "b"]),
        (b"a\tb\n", "x.CSV", ["a", "b"]),
        (b"a,b\tc,d\n", "x.tsv", ["a,b", "c,d"]),
        (b"a,b\tc,d\n", "x.tab", ["a,b", "c,d"]),
        (b'"a;b;c",d\n', "x.csv", ["a;b;c", "d"]),
        (b'"a\n;""b",c\n', "x.csv", ['a\n;"b', "c"]),
        (b"alone\n", "x.csv", ["alone"]),
        (b"a,b", "x.csv", ["a", "b"]),
        (b"\r\n\na,b\r\n", "x.csv", ["a", "b"]),
        (b"\xef\xbb\xbfa,b\n", "x.csv", ["a", "b"]),
        (b"1,2\n", "x.csv", ["1", "2"]),
        ("Größe,价格\n".encode(), "x.csv", ["Größe", "价格"]),
    ],
)
def test_the_header_names_the_columns_and_tells_the_delimiter(data: bytes, path: str, names: list[str]) -> None:
    assert table(data, path) == (names, [])


def test_lines_may_end_in_any_way_and_the_last_may_not_end() -> None:
    rows = [("1", "2"), ("3", "4")]
    for text in (b"a,b\n1,2\n3,4\n", b"a,b\r\n1,2\r\n3,4\r\n", b"a,b\n1,2\n3,4", b"a,b\n\n1,2\r\n\n\n3,4\r\n\r\n"):
        assert table(text)[1] == rows


def test_of_one_column_a_quoted_empty_cell_is_a_row_and_an_empty_line_is_none() -> None:
    assert table(b'a\nx\n\n""\n')[1] == [("x",), ("",)]


def test_nul_bytes_are_kept() -> None:
    assert table(b"a,b\n1\x00,\x00\n")[1] == [("1\x00", "\x00")]


def test_columns_are_read_alone_and_in_any_order() -> None:
    found = file(b"a,b,c\n1,2,3\n4,5,6\n")
    (batch,) = found.read(0, ["c", "a"])
    assert batch.to_pylist() == [{"c": "3", "a": "1"}, {"c": "6", "a": "4"}]
    assert sum(batch.num_rows for batch in found.read(0, [])) == 2


def test_batches_have_some_thousands_of_rows() -> None:
    found = file(b"a\n" + b"1\n" * 50_000)
    assert max(batch.num_rows for batch in found.read(0, ["a"])) <= 10_000


def test_types_are_known_as_far_as_rows_were_read() -> None:
    found = file(b"i,f,b,d,t,e\n1,1,true,2024-01-01,x,\n2,2.5,false,2024-12-31,1,\n")
    assert set(found.types.values()) == {"unread"}
    list(found.read(0, ["i"]))
    assert (found.types["i"], found.types["f"]) == ("int", "unread")
    all_rows(found)
    assert found.types == {"i": "int", "f": "float", "b": "bool", "d": "date", "t": "text", "e": "empty"}


# What is wrong


def test_a_row_with_too_many_or_too_few_values_is_named_by_its_line() -> None:
    assert "line 6 has 3 values, but the header has 2: 1,2,3" in fault(b'a,b\n"x\ny",2\n\n3,4\n1,2,3\n')
    assert "line 3 has 1 value, but the header has 2: 9" in fault(b"a,b\r\n1,2\r\n9\r\n")


def test_the_line_is_right_in_every_part_and_block() -> None:
    lines = [*BASE, b"1,2\n", *BASE]
    number = joined(BASE, newline=True).count(b"\n") + 1
    found = pair(InMemory(b"a,b\n", "a.csv"), InMemory(joined(lines, newline=True), "a.csv"), longest=20_000)
    with pytest.raises(UnreadableFileError, match=f"line {number:,} has 2 values, but the header has 3: 1,2;"):
        all_rows(found.new)
    packed = gzip.compress(joined(BASE * 12 + lines, newline=True))
    with pytest.raises(UnreadableFileError, match=f"line {(number - 2) * 13 + 2:,} has 2 values"):
        all_rows(file(packed, "a.csv.gz"))


def test_text_that_is_not_utf8_is_named_by_line_and_byte() -> None:
    assert re.search(r"line 3 isn't UTF-8 at byte 11 .*0xe4.*convert", fault(b"a,b\n1,2\nK\xc3\xa4\xe4se,4\n"))
    assert re.search(r"line 1 isn't UTF-8 at byte 2 .*0xfc", fault(b"M,\xfc\n1,2\n"))
    assert re.search(r"line 3 isn't UTF-8 at byte 8 ", fault(b"a,b\n1,2\n\xe4,2,3\n"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_utf16_is_told_by_its_mark(encoding: str) -> None:
    assert "UTF-16; convert it to UTF-8" in fault("a,b\n1,2\n".encode(encoding))


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"", "is empty"),
        (b"\n\r\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (
            b"a,b,a\n",
            "first line, which is taken for the header, calls columns 1 and 3 both 'a'; rename one of them, or put a header above",
        ),
        (b"a,,\n", "calls columns 2 and 3 both ''"),
        ("a,b\n1,2\n".encode("utf-16-le"), "NUL bytes, as text in UTF-16"),
        (b"a,b\r1,2\r", "carriage returns alone"),
        (b'a,"b\n1,2\n', "quote in its header is never closed"),
        (b'a,b\n1,2\n1,"2\n3,4\n', "row that begins at line 3 is never closed"),
        (b'a,b\n1,2\n"1,2\n3,4\n', "row that begins at line 3 is never closed"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, wrong: str) -> None:
    assert wrong in fault(data)


def test_a_row_without_end_is_refused_before_it_fills_the_memory() -> None:
    assert "line 3 is longer than 64 MiB" in fault(b"a,b\n1,2\n" + bytes(65 << 20))
    assert "line 1 is longer than 64 MiB" in fault(b"a" * (65 << 20))


# Compressed


@pytest.mark.parametrize("suffix", COMPRESS)
def test_compressed_files_are_read_as_one_part_each(suffix: str) -> None:
    old, new = (joined(lines, newline=True) for lines in (BASE, [*BASE, *OTHER]))

    def packed(text: bytes) -> InMemory:
        return InMemory(COMPRESS[suffix](b"\xef\xbb\xbf" + text), f"a.csv{suffix}")

    found = pair(packed(old), packed(new))
    assert (len(found.old.parts), len(found.new.parts), found.same) == (1, 1, [])
    assert (all_rows(found.old), all_rows(found.new)) == (parsed(old), parsed(new))
    assert pair(packed(old), packed(old)).same == [(0, 0)]
    beside_plain = pair(InMemory(old, "a.csv"), packed(old))
    assert (beside_plain.same, all_rows(beside_plain.old)) == ([], all_rows(beside_plain.new))


@pytest.mark.parametrize("suffix", COMPRESS)
def test_compressed_files_that_are_cut_or_damaged_are_refused(suffix: str) -> None:
    packed = COMPRESS[suffix](joined(BASE[:2000], newline=True))
    for end in (1, 10, len(packed) // 2, len(packed) - 1):
        assert "can't be decompressed" in fault(packed[:end], f"a.tsv{suffix}")
    damaged = bytearray(packed)
    damaged[len(packed) // 2] ^= 4
    assert "can't be decompressed" in fault(bytes(damaged), f"a.csv{suffix}")
    assert "is empty" in fault(b"", f"a.csv{suffix}")


def test_the_handler_knows_its_names() -> None:
    assert (HANDLER.name, HANDLER.kind) == ("csv", Kind.ROWS)
    assert {".csv", ".tsv", ".tab", ".csv.gz", ".tsv.zst", ".tab.bz2"} < set(HANDLER.suffixes)
    assert isinstance(HANDLER.pair(InMemory(b"a\n", "a.csv"), InMemory(b"a\n", "a.csv")), TablePair)
