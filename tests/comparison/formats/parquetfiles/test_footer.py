"""Column chunks as the footer of a Parquet file places them."""

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.comparison.formats.parquetfiles.footer import column_chunks
from tests.comparison.contents import InMemory

TABLE = pa.table(
    {
        "id": range(300),
        "text": [f"text {number}" for number in range(300)],
        "list": [[number, None] for number in range(300)],
        "map": pa.array([[("a", 1)]] * 300, pa.map_(pa.string(), pa.int8())),
        "flag": [True, False, None] * 100,
    }
).replace_schema_metadata({"note": "x" * 200})


def written(**options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(TABLE, file, row_group_size=100, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"use_dictionary": False, "compression": "zstd"},
        {"version": "1.0", "data_page_version": "2.0"},
        {"write_statistics": False, "store_schema": False},
        {"write_page_index": True, "sorting_columns": [pq.SortingColumn(0)]},
        {"write_page_checksum": True, "column_encoding": {"id": "DELTA_BINARY_PACKED"}, "use_dictionary": False},
    ],
    ids=str,
)
def test_they_are_those_that_pyarrow_reads(options: dict[str, Any]) -> None:
    data = written(**options)
    metadata = pq.ParquetFile(io.BytesIO(data)).metadata
    found = column_chunks(InMemory(data))
    assert len(found) == metadata.num_row_groups == 3
    for number, chunks in enumerate(found):
        columns = [metadata.row_group(number).column(at) for at in range(metadata.num_columns)]
        assert [chunk.length for chunk in chunks] == [column.total_compressed_size for column in columns]
        assert [chunk.values for chunk in chunks] == [column.num_values for column in columns]
        assert [chunk.start for chunk in chunks] == [column.dictionary_page_offset or column.data_page_offset for column in columns]


DATA = written()


@settings(deadline=None)
@given(st.binary(max_size=300) | st.integers(0, 4000).map(lambda at: DATA[-at - 8 : -8]))
def test_any_bytes_are_a_footer_or_refused(footer: bytes) -> None:
    try:
        column_chunks(InMemory(b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1", chunked=False))
    except ValueError as error:
        assert str(error)


def test_deep_nesting_and_endless_numbers_are_refused() -> None:
    for footer in (
        b"\x1c" * 10_000,
        b"\x1b" + b"\xff" * 100,
        b"\x49" * 10_000,
        b"\x19\xfc\xff\xff\xff\xff\x0f",
        b"\x19\xf3\xff\xff\xff\xff\x0f",
    ):
        with pytest.raises(ValueError):
            column_chunks(InMemory(b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1", chunked=False))
