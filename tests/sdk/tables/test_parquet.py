"""The file of a table: as the document has it, equal for equal tables, and other bytes refused."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore import InvalidInputError, InvalidTypeError, ObjstoreError, Table, UnsupportedFormatError
from objstore.sdk.tables import parquet
from objstore.sdk.tables.frame import Frame
from objstore.sdk.tables.frames import frame_of
from tests.spec_examples import example, example_bytes


def written(table: Any, folder: Path) -> bytes:
    file = folder / "file"
    parquet.write(table._stored() if isinstance(table, Table) else frame_of(table), file)
    return file.read_bytes()


NO_TEXT = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")])


def parquet_with(note: bytes | None, table: pa.Table | None = None) -> bytes:
    """A Parquet file that somebody else might have made."""
    file = io.BytesIO()
    table = pa.table({"a": ["x"]}) if table is None else table
    pq.write_table(table.replace_schema_metadata({} if note is None else {parquet.KEY: note}), file)
    return file.getvalue()


def test_the_table_of_the_document_is_what_we_write_and_read(tmp_path: Path) -> None:
    data = example_bytes("tables.md", "table")
    assert written(Table(columns=["n", "word"], data=[[1, "one"], [2, None]]), tmp_path) == data
    assert list(parquet.read(data, "x").rows()) == [[1, "one"], [2, None]]


def test_the_note_is_that_of_the_document(tmp_path: Path) -> None:
    table = Table(columns=["labels", "n", "answers"], data=[[{"a": 1}, 1, ["x", 1]], [{"b": 1}, 2, []]])
    metadata = pq.read_metadata(io.BytesIO(written(table, tmp_path)))
    assert metadata.metadata[parquet.KEY].decode() + "\n" == example("tables.md", "note")
    assert metadata.created_by == "objstore table version 1"


def test_the_file_is_written_as_the_document_says(tmp_path: Path) -> None:
    metadata = pq.read_metadata(io.BytesIO(written(pa.table({"a": range(1_100_000)}), tmp_path)))
    assert [metadata.row_group(at).num_rows for at in range(2)] == [1_048_576, 1_100_000 - 1_048_576]
    column = metadata.row_group(0).column(0)
    assert (column.compression, column.statistics, column.has_offset_index) == ("UNCOMPRESSED", None, False)
    assert "PLAIN" in column.encodings
    assert not {"RLE_DICTIONARY", "PLAIN_DICTIONARY"} & set(column.encodings)


def test_equal_tables_make_equal_files_whichever_library_they_come_from(tmp_path: Path) -> None:
    rows = [[n, n / 7, f"word {n}", [n, n + 1], n % 3 == 0] for n in range(5000)]
    columns = ["i", "f", "s", "l", "b"]
    table = pa.table(dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)))
    cut = pa.concat_tables([table.slice(0, 1), table.slice(1, 1777), table.slice(1778)])
    large = table.cast(
        pa.schema([(f.name, {"s": pa.large_string(), "l": pa.large_list(pa.int64())}.get(f.name, f.type)) for f in table.schema])
    )
    categories = table.set_column(2, "s", table["s"].dictionary_encode())
    arrow = [table, cut, large, categories, table.replace_schema_metadata({"pandas": "{}"})]
    frame = pd.DataFrame({name: table[name].to_pylist() for name in columns})
    tables = [*arrow, frame, frame.astype({"s": "category"}), pl.from_arrow(table), pl.from_arrow(categories), table.to_reader()]
    assert {written(one, tmp_path) for one in [Table(columns=columns, data=rows), *tables]} == {written(table, tmp_path)}


def test_a_table_that_was_read_makes_the_same_file_again(tmp_path: Path) -> None:
    table = pa.table(
        {
            "t": pa.array([1, None], pa.timestamp("ns", "Europe/Oslo")),
            "d": pa.array([1, None], pa.duration("ms")),
            "u": pa.array([1, None], pa.uint8()),
            "h": pa.array([np.float16(1.5), None]),
            "l": pa.array([[{"k": [1]}], None], pa.list_(pa.struct([("k", pa.large_list(pa.int32()))]))),
            "v": pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float32(), 2)),
            "m": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
            "n": pa.nulls(2),
        },
    ).replace_schema_metadata({"whose": "ours"})
    data = written(table, tmp_path)
    read = parquet.read(data, "x")
    assert read.table.schema.metadata == {b"whose": b"ours"}
    for name in set(table.column_names) - {"l"}:
        assert read.table[name].type == table[name].type
    assert written(read.table, tmp_path) == data
    again = Table._of(Frame(read.table.drop_columns(["t", "m"]).replace_schema_metadata()))
    before = written(again, tmp_path)
    again.data  # noqa: B018
    assert again._frame is None
    assert written(again, tmp_path) == before


def test_a_type_that_is_one_librarys_own_is_refused_with_its_column(tmp_path: Path) -> None:
    with pytest.raises(InvalidTypeError, match=r"column 'p' is of the type pandas.period"):
        written(pd.DataFrame({"p": pd.period_range("2026", periods=2, freq="M")}), tmp_path)
    for odd in (
        pa.nulls(2, pa.month_day_nano_interval()),
        pa.nulls(2, pa.dense_union([pa.field("x", pa.int8())])),
        pa.nulls(2, pa.struct([])),
    ):
        with pytest.raises(InvalidTypeError, match=r"column 'odd' is of the type"):
            written(pa.table({"fine": [1, 2], "odd": odd}), tmp_path)
    with pytest.raises(InvalidTypeError, match="column 'c' is of the type complex128"):
        written(pd.DataFrame({"c": [1j]}), tmp_path)


def test_objects_in_a_dataframe_follow_the_rules_of_tables(tmp_path: Path) -> None:
    frame = pd.DataFrame({"o": pd.Series(["a", None, float("nan")], dtype=object), "d": [{"a": 1}, {"b": 2}, None]})
    read = parquet.read(written(frame, tmp_path), "x")
    assert list(read.rows()) == [["a", {"a": 1}], [None, {"b": 2}], [None, None]]
    mixed = pd.DataFrame({"o": [1, "a"]})
    with pytest.raises(TypeError, match=r"column 'o', row 1: str in a column that has int in row 0"):
        written(mixed, tmp_path)
    assert Table(dataframe=mixed, allow_mixed_types=True).data == [[1], ["a"]]


def test_whole_numbers_as_column_names_become_text(tmp_path: Path) -> None:
    read = parquet.read(written(pd.DataFrame([[1, 2]]), tmp_path), "x")
    assert read.columns == ["0", "1"]
    assert written(Table(columns=[0, 1], data=[[1, 2]]), tmp_path) == written(pd.DataFrame([[1, 2]]), tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PAR1",
        b"not a table at all",
        b"PAR1" + b"\xff" * 100 + b"\xff\xff\xff\x7fPAR1",
        parquet_with(None),
        parquet_with(b""),
        parquet_with(b"{"),
        parquet_with(b"[" * 100_000),
        parquet_with(b"[]"),
        parquet_with(b'{"format":1}'),
        parquet_with(b'{"format":0,"json":[]}'),
        parquet_with(b'{"format":"1","json":[]}'),
        parquet_with(b'{"format":1,"json":[1]}'),
        parquet_with(b'{"format":1,"json":["b"]}'),
        parquet_with(b'{"format":1,"json":["n"]}', pa.table({"n": [1]})),
        parquet_with(b'{"format":1,"json":[]}', pa.table({"s": NO_TEXT})),
    ],
)  # fmt: skip
def test_what_is_no_table_of_ours_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"a/b\.table\.parquet (isn't a table|can't be read)") as caught:
        parquet.read(data, "a/b.table.parquet")
    assert "get_entry('a/b.table.parquet') gives the file" in str(caught.value)


def test_a_later_format_is_refused_by_its_number() -> None:
    with pytest.raises(UnsupportedFormatError, match="x is a table of format 2; this objstore knows 1: upgrade"):
        parquet.read(parquet_with(b'{"format":2,"other":true}'), "x")


def test_a_table_by_another_writer_is_read(tmp_path: Path) -> None:
    data = parquet_with(b'{"format":1,"json":["a"]}', pa.table({"a": ['{"k":1}', None], "b": [1, 2]}))
    assert list(parquet.read(data, "x").rows()) == [[{"k": 1}, 1], [None, 2]]


def test_text_that_should_be_json_and_is_not_is_named_by_column_and_row() -> None:
    for text in ("{", "[" * 100_000):
        read = parquet.read(parquet_with(b'{"format":1,"json":["a"]}', pa.table({"a": ["1", text]})), "x")
        with pytest.raises(InvalidInputError, match=r"column 'a', row 1: this isn't the JSON"):
            list(read.rows())


DAMAGED = example_bytes("tables.md", "table")


@given(at=st.integers(0, len(DAMAGED) - 1), byte=st.integers(0, 255))
def test_a_changed_byte_is_an_error_or_another_table(at: int, byte: int) -> None:
    _read_or_refuse(DAMAGED[:at] + bytes([byte]) + DAMAGED[at + 1 :])


@given(end=st.integers(0, len(DAMAGED)), start=st.integers(0, len(DAMAGED)), more=st.binary(max_size=20))
def test_a_piece_is_an_error(end: int, start: int, more: bytes) -> None:
    _read_or_refuse(DAMAGED[:end] + more + DAMAGED[start:])


def _read_or_refuse(data: bytes) -> None:
    try:
        frame = parquet.read(data, "x")
        json.dumps(list(frame.rows(10)), default=str)
    except ObjstoreError as error:
        assert str(error)


def test_a_full_disk_is_a_storage_error(small_disk: Path) -> None:
    from objstore import StorageError

    with pytest.raises(StorageError, match="no space left"):
        written(pa.table({"a": range(2_000_000)}), small_disk)
