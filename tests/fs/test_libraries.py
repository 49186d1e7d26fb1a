"""Other programs' libraries reading versions."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import objstore
from objstore.fs.filesystem import ObjstoreFileSystem
from tests.fs.conftest import add

ROWS = 50_000


@pytest.fixture
def table() -> pa.Table:
    return pa.table({"n": range(ROWS), "square": [n * n for n in range(ROWS)], "year": [2020 + n % 3 for n in range(ROWS)]})


@pytest.fixture
def tables(repo: objstore.Repository, table: pa.Table, tmp_path: Path) -> objstore.Repository:
    """The collection `tables`: one Parquet file, the same cut by year, and a CSV file, plain and compressed."""
    pq.write_table(table, tmp_path / "one.parquet", row_group_size=5000, compression="none", use_dictionary=False)
    ds.write_dataset(
        table, tmp_path / "years", format="parquet", partitioning=ds.partitioning(pa.schema([("year", pa.int64())]), flavor="hive")
    )
    table.to_pandas().to_csv(tmp_path / "all.csv", index=False)
    table.to_pandas().to_csv(tmp_path / "all.csv.gz", index=False)
    repo.add([tmp_path / name for name in ("one.parquet", "years", "all.csv", "all.csv.gz")], name="tables")
    return repo


def test_pandas_reads_by_url(tables: objstore.Repository, table: pa.Table) -> None:
    frame = table.to_pandas()
    here = str(tables.path)
    for url in ("objstore://tables/all.csv", "objstore://tables:v0/all.csv.gz", f"objstore://tables/all.csv::{here}"):
        pd.testing.assert_frame_equal(pd.read_csv(url), frame)
    pd.testing.assert_frame_equal(pd.read_parquet("objstore://tables:latest/one.parquet"), frame)
    columns = pd.read_parquet("objstore://tables/one.parquet", columns=["n"], storage_options={"repo": here, "cache_bytes": 0})
    pd.testing.assert_frame_equal(columns, frame[["n"]])
    with pytest.raises(FileNotFoundError, match=r"all\.csv"):
        pd.read_csv("objstore://tables/al.csv")


def test_pandas_reads_in_pieces(tables: objstore.Repository) -> None:
    with pd.read_csv("objstore://tables/all.csv", chunksize=7000) as pieces:
        assert sum(len(piece) for piece in pieces) == ROWS


def test_pyarrow_reads_through_the_file_system(tables: objstore.Repository, table: pa.Table) -> None:
    fs = ObjstoreFileSystem()
    assert pq.read_table("tables:v0/one.parquet", filesystem=fs).equals(table)
    years = ds.dataset("tables:v0/years", filesystem=fs, partitioning="hive")
    assert len(years.files) == 3
    assert years.count_rows() == ROWS
    assert years.to_table(filter=ds.field("year") == 2021)["n"].to_pylist() == list(range(1, ROWS, 3))
    with fs.open("tables/all.csv") as file:
        assert pyarrow.csv.read_csv(file).equals(table)


def test_a_row_group_is_read_without_the_others(tables: objstore.Repository) -> None:
    fs = ObjstoreFileSystem(cache_bytes=50_000_000)
    with fs.open("tables/one.parquet") as file:
        group = pq.ParquetFile(file, pre_buffer=False).read_row_group(3, columns=["n"])
        assert group["n"][0].as_py() == 15_000
        assert fs.mount.recent.size < file.size // 2


def test_pandas_refuses_to_write(tables: objstore.Repository, table: pa.Table) -> None:
    with pytest.raises(OSError, match="can't be changed"):
        table.to_pandas().to_csv("objstore://tables/new.csv")


def test_a_table_that_moved_is_seen_by_the_next_read(repo: objstore.Repository) -> None:
    for number in range(3):
        add(repo, "moving", {"t.csv": f"n\n{number}\n"})
        assert pd.read_csv("objstore://moving/t.csv")["n"].tolist() == [number]
