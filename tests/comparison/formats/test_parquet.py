"""Parquet files as tables to be compared."""

import io
import os
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.comparison.content import OnDisk
from objstore.comparison.formats.parquet import HANDLER
from objstore.comparison.rows.changes import AddedRow, Cell, ModifiedRow, RemovedRow
from objstore.comparison.rows.compare import compare_rows
from objstore.comparison.rows.diff import RowDiff
from objstore.errors import SourceFileError, UnreadableFileError
from tests.comparison.contents import InMemory

DICE = numpy.random.default_rng(1)
ROWS = 20_000


def written(table: pa.Table, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def stored(table: pa.Table, *, chunked: bool = True, **options: Any) -> InMemory:
    return InMemory(written(table, **options), "t.parquet", chunked=chunked)


def compared(tmp_path: Path, old: pa.Table, new: pa.Table, *key: str, **options: Any) -> RowDiff:
    return compare_rows(HANDLER.pair(stored(old, **options), stored(new, **options)), key, tmp_path)


def made(rows: int = ROWS) -> pa.Table:
    return pa.table(
        {
            "id": numpy.arange(rows),
            "value": DICE.normal(size=rows),
            "text": [f"reading {number}" for number in DICE.integers(0, 10**6, rows)],
        }
    )


TABLE = made()


def with_value(at: int, value: float = 9.5) -> pa.Table:
    values = TABLE["value"].to_numpy().copy()
    values[at] = value
    return TABLE.set_column(1, "value", pa.array(values))


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("row_group_size", [ROWS, 1000])
def test_a_changed_cell_is_found(tmp_path: Path, row_group_size: int, chunked: bool) -> None:
    old, new = (stored(table, chunked=chunked, row_group_size=row_group_size) for table in (TABLE, with_value(1234)))
    pair = HANDLER.pair(old, new)
    assert pair.old.parts == [row_group_size] * (ROWS // row_group_size)
    assert list(pair.same) == [(part, part) for part in range(ROWS // row_group_size) if part != 1234 // row_group_size]
    found = compare_rows(pair, ["id"], tmp_path)
    assert list(found.changes()) == [ModifiedRow({"id": 1234}, [Cell("value", TABLE["value"][1234].as_py(), 9.5)])]
    assert (found.old_rows, found.new_rows) == (ROWS, ROWS)


def test_row_groups_that_moved_are_the_same(tmp_path: Path) -> None:
    new = pa.concat_tables([TABLE.slice(5000), made(1000), TABLE.slice(0, 5000)])
    pair = HANDLER.pair(*(stored(table, row_group_size=1000, compression="none") for table in (TABLE, new)))
    assert len(pair.same) == 20
    assert {(new, old) for old, new in pair.same} == {(part, part + 5) for part in range(15)} | {(part + 16, part) for part in range(5)}
    assert compare_rows(pair, (), tmp_path).added == 1000


def test_of_equal_files_little_is_read() -> None:
    old, new = (stored(TABLE, compression="none", use_dictionary=False) for _ in range(2))
    old.data = new.data
    pair = HANDLER.pair(old, new)
    assert list(pair.same) == [(0, 0)]
    assert old.read_bytes < old.size / 2


def test_a_column_whose_bytes_are_the_same_is_known_to_be_equal() -> None:
    pair = HANDLER.pair(stored(TABLE), stored(with_value(3)))
    assert sorted(pair.same_columns(0, 0)) == ["id", "text"]


def test_other_types_of_the_same_bytes_are_not_the_same(tmp_path: Path) -> None:
    numbers = pa.array([1, 2**40], pa.int64())
    pair = HANDLER.pair(stored(pa.table({"x": numbers})), stored(pa.table({"x": numbers.cast(pa.timestamp("us"))})))
    assert not pair.same
    found = compare_rows(pair, (), tmp_path)
    assert [tuple(column) for column in found.columns.type_changed] == [("x", "int64", "timestamp[us]")]
    assert found.removed == 2


@pytest.mark.parametrize("codec", ["none", "zstd", "gzip"])
def test_other_compression_makes_no_row_differ(tmp_path: Path, codec: str) -> None:
    pair = HANDLER.pair(stored(TABLE), stored(TABLE, compression=codec, row_group_size=7000, use_dictionary=False))
    assert not compare_rows(pair, (), tmp_path)


VALUES: dict[str, tuple[pa.DataType, list[Any]]] = {
    "struct": (pa.struct([("a", pa.int64()), ("b", pa.list_(pa.string()))]), [{"a": 1, "b": ["x"]}, None, {"a": None, "b": []}]),
    "list": (pa.list_(pa.float64()), [[1.0, None], None, []]),
    "map": (pa.map_(pa.string(), pa.int64()), [[("k", 1)], None, []]),
    "category": (pa.dictionary(pa.int32(), pa.string()), ["a", None, "b"]),
    "decimal": (pa.decimal128(12, 3), [Decimal("1.250"), None, Decimal("-7.000")]),
    "nothing": (pa.null(), [None, None, None]),
    "nanoseconds": (pa.timestamp("ns", "UTC"), [1, None, 2**60]),
    "fixed": (pa.binary(3), [b"abc", None, b"\0\0\0"]),
    "half": (pa.float16(), [1.5, None, 0.0]),
    "bytes": (pa.binary(), [b"\xff", None, b""]),
    "date": (pa.date32(), [1, None, 2]),
    "time": (pa.time32("ms"), [1, None, 2]),
    "a.b": (pa.int64(), [1, None, 2]),
}


@pytest.mark.parametrize("kind", VALUES)
def test_values_of_every_type_are_compared(tmp_path: Path, kind: str) -> None:
    type_, values = VALUES[kind]
    table = pa.table({"id": [1, 2, 3], kind: pa.array(values, type_), "a": [{"b": 1}, {"b": 2}, None]})
    other = table.set_column(1, kind, pa.array([values[1], values[0], values[2]], type_))
    assert not compared(tmp_path, table, table.take([2, 0, 1]))
    found = compared(tmp_path, table, other, "id")
    assert found.modified == (0 if kind == "nothing" else 2)
    shown = table[kind].to_pylist()
    changes = (
        []
        if kind == "nothing"
        else [ModifiedRow({"id": 1}, [Cell(kind, shown[0], None)]), ModifiedRow({"id": 2}, [Cell(kind, None, shown[0])])]
    )
    assert list(found.changes()) == changes
    assert found.to_dict()["modified_rows"] == found.modified
    found.write_parquet(tmp_path / "changes.parquet")
    assert pq.read_table(tmp_path / "changes.parquet").num_rows == 2 * found.modified


VIEWS: list[tuple[pa.DataType, list[Any]]] = [
    (pa.string_view(), ["a", "b", None]),
    (pa.binary_view(), [b"a", b"b", None]),
    (pa.list_(pa.string_view()), [["a"], ["b"], None]),
    (pa.list_(pa.string_view(), 1), [["a"], ["b"], ["c"]]),  # older PyArrow doesn't read back the null ones that it wrote
    (pa.large_list(pa.string_view()), [["a"], ["b"], None]),
    (pa.struct([("x", pa.string_view())]), [{"x": "a"}, {"x": "b"}, None]),
    (pa.map_(pa.string_view(), pa.binary_view()), [[("a", b"a")], [("b", b"b")], None]),
]


@pytest.mark.parametrize(("type_", "values"), VIEWS, ids=[str(type_) for type_, _ in VIEWS])
def test_views_of_text_are_compared_like_text(tmp_path: Path, type_: pa.DataType, values: list[Any]) -> None:
    old, new = (pa.table({"id": [1, 2, 3], "x": pa.array(each, type_)}) for each in (values, [values[1], *values[1:]]))
    found = compared(tmp_path, old, new, "id")
    assert list(found.changes()) == [ModifiedRow({"id": 1}, [Cell("x", values[0], values[1])])]
    assert not found.columns


def test_without_rows_or_columns_there_is_nothing_to_differ(tmp_path: Path) -> None:
    empty = pa.table({"x": pa.array([], pa.int64())})
    assert not compared(tmp_path, empty, empty)
    assert list(compared(tmp_path, empty, pa.table({"x": [1]})).changes()) == [AddedRow({"x": 1})]
    assert list(compared(tmp_path, pa.table({"x": [1]}), empty).changes()) == [RemovedRow({"x": 1})]
    assert not compared(tmp_path, pa.table({}), pa.table({}))
    assert [column.name for column in compared(tmp_path, pa.table({}), empty).columns.added] == ["x"]


def test_the_index_of_pandas_is_a_column_like_any(tmp_path: Path) -> None:
    import pandas

    frames = [pandas.DataFrame({"x": [1.5, 2.5]}, index=["a", "b"]), pandas.DataFrame({"x": [1.5, 3.5]}, index=["a", "b"])]
    found = compared(tmp_path, *(pa.Table.from_pandas(frame) for frame in frames))
    assert list(found.changes()) == [ModifiedRow({"__index_level_0__": "b"}, [Cell("x", 2.5, 3.5)])]


def test_two_columns_of_one_name_are_refused() -> None:
    twice = pa.table([pa.array([1]), pa.array(["x"])], names=["a", "a"])
    with pytest.raises(UnreadableFileError, match="two columns are called 'a'"):
        HANDLER.pair(stored(twice), stored(twice))


DATA = written(TABLE.slice(0, 500), row_group_size=100)


@pytest.mark.parametrize("size", [0, 3, 4, 8, 11, 100, len(DATA) // 2, len(DATA) - 1])
def test_a_file_that_was_cut_off_is_refused(size: int) -> None:
    with pytest.raises(UnreadableFileError, match=r"t\.parquet can't be compared: "):
        HANDLER.pair(InMemory(DATA, "t.parquet"), InMemory(DATA[:size], "t.parquet"))


def test_a_footer_that_claims_more_than_there_is_is_refused() -> None:
    for claimed in (0, 1, len(DATA), 2**31 - 1, 2**32 - 1):
        with pytest.raises(UnreadableFileError):
            HANDLER.pair(InMemory(DATA), InMemory(DATA[:-8] + claimed.to_bytes(4, "little") + b"PAR1"))


def test_an_encrypted_file_is_named_as_such() -> None:
    with pytest.raises(UnreadableFileError, match="encrypted"):
        HANDLER.pair(InMemory(DATA), InMemory(b"PARE" + DATA[4:-4] + b"PARE"))


def test_row_groups_that_lie_elsewhere_are_refused() -> None:
    """The bytes of the first row group are gone, though the footer is whole."""
    with pytest.raises(UnreadableFileError):
        HANDLER.pair(InMemory(DATA), InMemory(DATA[:4] + DATA[-4000:]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.integers(1, 255)), min_size=1, max_size=3))
def test_damaged_bytes_are_refused_or_read(tmp_path_factory: pytest.TempPathFactory, damage: list[tuple[int, int]]) -> None:
    broken = bytearray(DATA)
    for at, bits in damage:
        broken[at] ^= bits
    try:
        with compare_rows(HANDLER.pair(InMemory(DATA), InMemory(bytes(broken))), (), tmp_path_factory.getbasetemp()) as found:
            list(found.changes())
    except UnreadableFileError as error:
        assert "\n" not in str(error)


def test_a_file_that_shrinks_meanwhile_is_no_bad_parquet(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(DATA)
    content = OnDisk("t.parquet", path)
    pair = HANDLER.pair(InMemory(DATA), content)
    path.write_bytes(DATA[: len(DATA) // 2])
    with pytest.raises(SourceFileError, match="has changed while it was compared"):
        list(pair.new.read(4, ["id"]))


def test_a_file_that_is_written_to_meanwhile_has_no_differences(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(DATA)
    content = OnDisk("t.parquet", path)
    pair = HANDLER.pair(InMemory(DATA), content)
    path.write_bytes(DATA)
    os.utime(path, (1, 1))
    with pytest.raises(SourceFileError, match="has changed while it was compared"):
        list(pair.new.read(4, ["id"]))


def test_batches_of_wide_tables_have_fewer_rows() -> None:
    wide = pa.table({f"c{number}": pa.array(numpy.zeros(3000)) for number in range(600)})
    pair = HANDLER.pair(stored(wide), stored(wide))
    assert max(batch.num_rows for batch in pair.old.read(0, wide.schema.names)) <= 2000
    assert next(pair.old.read(0, ["c7", "c3"])).schema.names == ["c7", "c3"]


def test_random_files_differ_as_their_tables_do(tmp_path: Path) -> None:
    dice = random.Random(9)
    for _ in range(10):
        rows = dice.randrange(1, 400)
        old = pa.table({"id": range(rows), "x": [dice.randrange(3) for _ in range(rows)], "y": [dice.choice("ab") for _ in range(rows)]})
        gone, changed = set(dice.sample(range(rows), rows // 10)), set(dice.sample(range(rows), rows // 10))
        kept = [{**row, "x": row["x"] + 3 if row["id"] in changed else row["x"]} for row in old.to_pylist() if row["id"] not in gone]
        new = pa.Table.from_pylist(kept, old.schema)
        pair = HANDLER.pair(stored(old, row_group_size=dice.randrange(10, 100)), stored(new, row_group_size=dice.randrange(10, 100)))
        found = compare_rows(pair, ["id"], tmp_path)
        assert (found.removed, found.modified, found.added) == (len(gone), len(changed - gone), 0)


def test_batches_of_large_values_have_fewer_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("objstore.comparison.formats.parquet._BATCH_BYTES", 1_000_000)
    images = pa.table({"id": range(40), "image": [random.Random(number).randbytes(100_000) for number in range(40)]})
    pair = HANDLER.pair(stored(images, chunked=False), stored(images.slice(0, 1), chunked=False))
    assert max(batch.nbytes for batch in pair.old.read(0, ["id", "image"])) < 1_100_000
