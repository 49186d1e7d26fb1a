"""JSON Lines."""

import gzip
import json
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.comparison.formats.jsonlines import HANDLER, pair
from objstore.comparison.handlers import Kind
from objstore.comparison.rows.pair import TableFile, TablePair
from objstore.errors import UnreadableFileError
from tests.comparison.contents import InMemory
from tests.comparison.tables import EDITS, Edits, all_rows, assert_same_parts_are_equal, edited, rows

PATH = "a.jsonl"


def file(data: bytes, path: str = PATH) -> TableFile:
    return pair(InMemory(b"", path), InMemory(data, path)).new


def objects(file: TableFile) -> list[dict[str, Any]]:
    """The rows as they were written."""
    return [named(file, row) for row in all_rows(file)]


def named(file: TableFile, row: tuple[Any, ...]) -> dict[str, Any]:
    return {name: msgspec.json.decode(cell) for name, cell in zip(file.schema.names, row, strict=True) if cell is not None}


def parsed(text: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.split(b"\n") if line.strip()]


def fault(data: bytes, path: str = PATH) -> str:
    with pytest.raises(UnreadableFileError) as error:
        all_rows(file(data, path))
    assert path in str(error.value)
    return str(error.value)


# What the parts are


def written(count: int, seed: int = 0) -> list[bytes]:
    chance = random.Random(seed)
    found = []
    for number in range(count):
        row: dict[str, Any] = {"id": number, "score": round(chance.random() * 10, 1), "text": 'a "b"\nc' * chance.randrange(4)}
        if number == 0 or chance.random() < 0.001:
            row[chance.choice(("rare", 'with "quotes"', "\u00e4"))] = None
        line = json.dumps(row)
        found.append((line + chance.choice(("\n", "\n", "\r\n", "\n\n"))).encode())
    return found


BASE = written(6000)
OTHER = [b'{"id": %d, "added": [1.0, {"z": 1, "a": 2}]}\n' % number for number in range(2000)]


@settings(max_examples=12)
@given(EDITS, EDITS, st.booleans(), st.booleans(), st.sampled_from([1, 30_000]), st.sampled_from([20_000, 10**9]))
def test_the_parts_of_both_have_all_rows_in_order(
    before: Edits,
    after: Edits,
    newline: bool,
    stored: bool,
    shortest: int,
    longest: int,
) -> None:
    old, new = (b"".join(edited(BASE, OTHER, edits)) for edits in (before, after))
    old = old if newline else old.rstrip(b"\r\n")
    found = pair(InMemory(old, PATH, chunked=stored), InMemory(new, PATH), shortest=shortest, longest=longest)
    known = set(found.old.schema.names) | set(found.new.schema.names)
    for text, side in ((old, found.old), (new, found.new)):
        wanted = [{key: value for key, value in row.items() if key in known} for row in parsed(text)]
        assert objects(side) == wanted
        assert set(side.schema.names) == {key for row in wanted for key in row}
    if len(found.same) == 0:
        assert known == {key for row in parsed(old) + parsed(new) for key in row}
    assert_same_parts_are_equal(found)


def test_one_row_that_has_changed_is_read_and_little_else() -> None:
    old, new = b"".join(BASE * 10), b"".join([*BASE * 5, b'{"id": 0}\n', *BASE * 5])
    before, after = InMemory(old, PATH), InMemory(new, PATH)
    found = pair(before, after, shortest=300_000)
    assert len(found.same) == 2
    assert before.read_bytes + after.read_bytes < len(new) // 2
    apart = [part for part in range(len(found.new.parts)) if part not in {new for _, new in found.same}]
    assert {"id": 0} in [named(found.new, row) for part in apart for row in rows(found.new, part)]
    assert before.read_bytes + after.read_bytes < len(new) // 2


def test_a_column_only_in_rows_that_are_the_same_is_neither_added_nor_removed() -> None:
    deep = [b'{"id": %d}\n' % number for number in range(100_000)]
    deep[50_000] = b'{"id": 50000, "\\u0064eep": 1}\n'
    old, new = b"".join(deep), b"".join([*deep, b'{"id": 0, "deep": 2, "new": 0}\n'])
    found = pair(InMemory(old, PATH), InMemory(new, PATH), shortest=10_000)
    assert found.same
    assert found.old.schema.names == ["id", "deep"]
    assert found.new.schema.names == ["id", "deep", "new"]
    untold = pair(InMemory(old, PATH), InMemory(b"".join([*deep, b'{"id": 0}\n']), PATH), shortest=10_000)
    assert untold.old.schema.names == untold.new.schema.names == ["id"]


def test_a_row_without_an_end_is_the_same_only_where_both_files_end() -> None:
    text = b"\n".join([b'{"a": %d}' % number for number in range(20_000)])
    both = pair(InMemory(text, PATH), InMemory(text, PATH), shortest=1)
    assert (both.same, len(both.old.parts)) == ([(0, 0)], 1)
    longer = pair(InMemory(text, PATH), InMemory(text + b"\n" + b'{"a": 1}', PATH), shortest=1)
    assert objects(longer.old) == parsed(text)
    assert objects(longer.new) == [*parsed(text), {"a": 1}]
    assert_same_parts_are_equal(longer)


# What is read


def test_columns_are_the_keys_in_order_of_appearance() -> None:
    found = file(b'{"b": 1, "a": null}\n{"c": true}\n\n  \n{"a": "x", "": {}}')
    assert found.schema.names == ["b", "a", "c", ""]
    assert all_rows(found) == [("1", "null", None, None), (None, None, "true", None), (None, '"x"', None, "{}")]


def test_cells_are_equal_where_values_are() -> None:
    one, other = file(b'{"a":1.0,"b":{"y":[1,2],"x":"\\u00e4"}}'), file('{"b": {"x": "ä", "y": [1.0, 2e0]}, "a": 1}'.encode())
    read = [[each.to_pylist() for each in side.read(0, ["a", "b"])] for side in (one, other)]
    assert read[0] == read[1] == [[{"a": "1", "b": '{"x":"ä","y":[1,2]}'}]]


def test_large_integers_are_exact() -> None:
    assert all_rows(file(b'{"a":9007199254740993}\n{"a":9007199254740992}')) == [("9007199254740993",), ("9007199254740992",)]


@pytest.mark.parametrize("key", ['"', "\\", "\n", "\x00", "a.b", "column_0", "class", "__init__", "ä", "type"])
def test_any_text_may_be_a_key(key: str) -> None:
    text = "\n".join(json.dumps(each) for each in ({key: 1, "other": 2}, {"other": 3}, {key: None})).encode()
    assert objects(file(text)) == parsed(text)


def test_the_last_of_equal_keys_counts() -> None:
    assert objects(file(b'{"a": 1, "a": 2}\n')) == [{"a": 2}]


@pytest.mark.parametrize("text", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_a_file_without_rows_has_no_columns(text: bytes) -> None:
    found = file(text)
    assert (found.schema.names, all_rows(found)) == ([], [])


def test_columns_are_read_alone_and_in_any_order() -> None:
    found = file(b'{"a": 1, "b": 2}\n{"b": 3}\n')
    (batch,) = found.read(0, ["b"])
    assert batch.to_pylist() == [{"b": "2"}, {"b": "3"}]
    assert sum(batch.num_rows for batch in found.read(0, [])) == 2


def test_batches_have_some_thousands_of_rows() -> None:
    found = file(b'{"a":1}\n' * 50_000)
    sizes = [batch.num_rows for batch in found.read(0, ["a"])]
    assert sum(sizes) == 50_000
    assert max(sizes) <= 10_000


def test_types_are_known_as_far_as_rows_were_read() -> None:
    found = file(b'{"i":1,"f":1,"t":"1","b":true,"o":{},"l":[],"m":1,"e":null}\n{"f":1.5,"m":"x"}')
    assert set(found.types.values()) == {"unread"}
    all_rows(found)
    assert found.types == {"i": "int", "f": "float", "t": "text", "b": "bool", "o": "object", "l": "list", "m": "mixed", "e": "empty"}


def test_compressed_files_are_read() -> None:
    text = b"\xef\xbb\xbf" + b"".join(BASE)
    one, other = (InMemory(gzip.compress(each, mtime=0), "a.ndjson.gz") for each in (text, text + OTHER[0]))
    found = pair(one, other)
    assert (objects(found.old), objects(found.new)) == (parsed(text[3:]), parsed(text[3:] + OTHER[0]))
    assert (found.same, pair(one, one).same) == ([], [(0, 0)])
    assert "can't be decompressed" in fault(gzip.compress(text)[:-1], "a.jsonl.gz")


# What is wrong


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (b"[1]", "Expected `object`, got `array`"),
        (b"null", "Expected `object`, got `null`"),
        (b'{"a": 1', "truncated"),
        (b'{"a": 1} x', "trailing characters"),
        (b'{"a": 1} {"b": 2}', "trailing characters"),
        (b'{"a": 1}{"b": 2}', "trailing characters"),
        (b'{"a": NaN}', "invalid character"),
        (b'{"a": 1e999}', "out of range"),
        (b'{"a":\n1}', "truncated"),
        (b'{"a": {}\n, "b": {}}', "truncated"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"a": "\x00"}', "invalid character"),
        (b"x", "invalid character"),
    ],
)
def test_a_line_that_is_not_one_object_is_named(line: bytes, wrong: str) -> None:
    message = fault(b'{"a": 1}\n\n{"a": 2}\n' + line + b'\n{"a": 3}\n')
    assert "line 4 isn't one JSON object" in message
    assert wrong in message


def test_two_objects_in_a_line_are_not_made_good_by_one_in_two_lines() -> None:
    assert "line 1 " in fault(b'{"a":1}{"a":2}\n{"a":\n3}\n')
    assert "line 2 " in fault(b'\r\n{"a":1}{"a":2}\n')
    assert "line 3 " in fault(b'{"a":1}\n\n{"a":1}{"a":2}\n')


def test_text_that_is_not_utf8_is_named_by_line_and_byte() -> None:
    assert "line 2 isn't UTF-8 at byte 15 of the text (0xe4)" in fault(b'{"a":1}\n{"a":"\xc3\xe4"}\n'.replace(b"\xc3", b"x"))
    assert "UTF-16; convert it to UTF-8" in fault('{"a":1}\n'.encode("utf-16"))


def test_a_row_without_end_is_refused_before_it_fills_the_memory() -> None:
    assert "line 2 is longer than 64 MiB" in fault(b'{"a":1}\n{"a":"' + b"x" * (65 << 20))


def test_the_handler_knows_its_names() -> None:
    assert (HANDLER.name, HANDLER.kind) == ("jsonlines", Kind.ROWS)
    assert {".jsonl", ".ndjson", ".jsonlines", ".jsonl.gz", ".ndjson.zst", ".jsonlines.bz2"} < set(HANDLER.suffixes)
    assert isinstance(HANDLER.pair(InMemory(b"", PATH), InMemory(b"", PATH)), TablePair)
