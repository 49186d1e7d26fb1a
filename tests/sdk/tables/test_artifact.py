"""Tables in artifacts: added, read back, and read by others."""

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import objstore
from objstore import Artifact, PartitionedTable, Repository, Table
from objstore.sdk.entry import ArtifactEntry
from tests.sdk.files import draft, paths
from tests.servers.bucket import Bucket

ROWS = [[1, "one", {"k": 1}], [2, "two", {"j": 2}], [3, None, None]]


def small() -> Table:
    return Table(columns=["n", "word", "note"], data=ROWS)


class OfArrow:
    """What some library may give: known by its interface alone."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return pa.table({"a": [1, 2]}).__arrow_c_stream__(requested_schema)


def table_of(artifact: Artifact, name: str) -> Table:
    table = artifact.get(name)
    assert isinstance(table, Table)
    return table


def test_a_table_is_had_again_by_its_name_from_a_draft_and_a_version(repo: Repository) -> None:
    artifact = Artifact("data", "dataset")
    entry = artifact.add(small(), "my_table")
    assert entry.path == "my_table.table.parquet"
    assert table_of(artifact, "my_table").data == ROWS
    repo.log(artifact)
    for version in (artifact, repo.artifact("data")):
        table = table_of(version, "my_table")
        assert table.columns == ["n", "word", "note"]
        assert list(table.iterrows()) == list(enumerate(ROWS))
        assert table.get_column("note") == [{"k": 1}, {"j": 2}, None]
        assert table.get_dataframe()["note"].tolist() == [{"k": 1}, {"j": 2}, None]
        assert isinstance(version["my_table"], Table)
        assert "3 rows × 3 columns" in table._repr_html_()


@pytest.mark.parametrize(
    "table",
    [
        Table(columns=["a"], data=[[1], [2]]),
        pd.DataFrame({"a": [1, 2]}),
        pl.DataFrame({"a": [1, 2]}),
        pa.table({"a": [1, 2]}),
        pa.record_batch({"a": [1, 2]}),
        OfArrow(),
    ],
)
def test_every_kind_of_table_is_taken(table: Any) -> None:
    artifact = draft()
    artifact["t"] = table
    assert table_of(artifact, "t").data == [[1], [2]]
    assert artifact.get_entry("t.table.parquet").digest == draft().add(pa.table({"a": [1, 2]}), "t").digest


@pytest.mark.parametrize("other", [None, 1, "text", [[1]], {"a": [1]}, object(), pd.Series([1]), Table, pl.Series([1]), pa.array([1])])
def test_anything_else_is_a_type_error(other: Any) -> None:
    artifact = draft(files={"f": "1"})
    with pytest.raises(TypeError, match="a Table, a PartitionedTable, a DataFrame of pandas or polars"):
        artifact.add(other, "x")
    with pytest.raises(TypeError):
        artifact["x"] = other
    assert paths(artifact) == ["f"]


def test_what_is_no_table_is_the_entry_and_what_is_not_there_none(repo: Repository) -> None:
    artifact = draft(files={"f": "1", "d/f": "2"})
    assert Artifact("a", "dataset").get("f") is None
    for found in (artifact, repo.log(artifact)):
        entry = found.get("d/f")
        assert isinstance(entry, ArtifactEntry)
        assert entry == found.get_entry("d/f")
        assert found.get("nothing") is None
        assert found["d"] is None


def test_the_path_of_a_table_and_its_name_in_wandb_mean_the_table_too() -> None:
    artifact = draft()
    artifact.add(small(), "d/t.table.json")
    assert paths(artifact) == ["d/t.table.parquet"]
    artifact.add(small(), "d/t.table.parquet")
    assert paths(artifact) == ["d/t.table.parquet"]
    for name in ("d/t", "d/t.table.parquet", "d/t.table.json", "./d//t"):
        assert table_of(artifact, name).data == ROWS
    assert artifact.get_entry("d/t.table.parquet").size


def test_the_same_table_twice_is_one_version(repo: Repository) -> None:
    versions = []
    for _ in range(2):
        artifact = draft()
        artifact.add(small(), "t")
        versions.append(repo.log(artifact).version)
    assert versions == ["v0", "v0"]


def test_another_table_under_a_name_needs_overwrite() -> None:
    artifact = draft()
    artifact.add(small(), "t")
    artifact.add(small(), "t")
    with pytest.raises(ValueError, match="overwrite=True"):
        artifact.add(pa.table({"a": [1]}), "t")
    assert table_of(artifact, "t").data == ROWS
    artifact.add(pa.table({"a": [1]}), "t", overwrite=True)
    assert table_of(artifact, "t").data == [[1]]


def test_a_name_has_one_table_or_partitioned_table() -> None:
    artifact = draft()
    artifact.add(small(), "t")
    with pytest.raises(ValueError, match="t is there already, as t.table.parquet"):
        artifact.add(PartitionedTable("parts"), "t")
    artifact.add(PartitionedTable("parts"), "t", overwrite=True)
    assert paths(artifact) == ["t.partitioned-table.json"]
    with pytest.raises(ValueError, match="t is there already, as t.partitioned-table.json"):
        artifact.add(small(), "t")
    artifact.add(small(), "t", overwrite=True)
    assert paths(artifact) == ["t.table.parquet"]


def test_names_follow_the_rules_of_paths() -> None:
    artifact = draft(files={"f": "1", "d/g.table.parquet/x": "2"})
    for name in ("", "..", "/a", "a/../b", ".", "f/t", "d/g", ".objstore/t"):
        with pytest.raises(ValueError):
            artifact.add(small(), name)
    assert paths(artifact) == ["d/g.table.parquet/x", "f"]


def test_a_table_that_cannot_be_kept_leaves_the_draft_as_it_was(repo: Repository) -> None:
    artifact = draft(files={"f": "1"})
    with pytest.raises(TypeError, match="column 'a', row 1"):
        artifact.add(Table(columns=["a"], data=[[1], ["x"]]), "t")
    assert paths(artifact) == ["f"]
    artifact.add(small(), "t")
    repo.log(artifact)
    assert paths(artifact) == ["f", "t.table.parquet"]


def test_nothing_stays_in_the_scratch_folder(repo: Repository) -> None:
    artifact = repo.new_artifact("data", "dataset")
    artifact.add(small(), "t")
    with pytest.raises(TypeError):
        artifact.add(Table(columns=["a"], data=[[object()]]), "u")
    assert not list(repo.path.rglob("new-*"))


def test_a_version_is_edited_and_its_types_stay(repo: Repository) -> None:
    artifact = draft()
    schema = pa.schema([("n", pa.int32()), ("x", pa.float32()), ("when", pa.timestamp("s"))])
    artifact.add(pa.table({"n": [1], "x": [0.5], "when": [0]}, schema=schema), "t")
    repo.log(artifact)
    edited = repo.artifact("data").new_draft()
    table = table_of(edited, "t")
    table.add_data(2, 1.5, table.data[0][2])
    edited.add(table, "t", overwrite=True)
    repo.log(edited)
    file = Path(edited.download()) / "t.table.parquet"
    assert pq.read_schema(file).types == [pa.int32(), pa.float32(), pa.timestamp("ms")]  # Parquet knows no seconds
    assert pq.read_table(file).num_rows == 2


def test_an_edited_table_keeps_what_its_types_hold() -> None:
    artifact = draft()
    when, long = pd.Timestamp("2026-01-01T00:00:00.123456789"), pd.Timedelta(1)
    artifact.add(pd.DataFrame({"when": [when], "long": [long], "n": [2**64 - 1]}), "t")
    table = table_of(artifact, "t")
    assert table.data == [[when, long, 2**64 - 1]]
    artifact.add(table, "t", overwrite=True)
    assert table_of(artifact, "t").data == [[when, long, 2**64 - 1]]


def test_threads_add_tables_to_one_draft(repo: Repository) -> None:
    artifact = draft()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda at: artifact.add(pa.table({"a": [at]}), f"t{at}"), range(20)))
    repo.log(artifact)
    assert [table_of(artifact, f"t{at}").data for at in range(20)] == [[[at]] for at in range(20)]


def test_a_table_is_made_anew_of_one_that_was_read(repo: Repository) -> None:
    """As W&B's documentation does to go on with a table of an earlier run."""
    artifact = draft()
    artifact.add(small(), "t")
    repo.log(artifact)
    before = table_of(repo.artifact("data"), "t")
    table = Table(columns=before.columns, data=before.data)
    table.add_data(4, "four", None)
    again = draft()
    again.add(table, "t")
    assert table_of(again, "t").data == [*ROWS, [4, "four", None]]
    assert before.data == ROWS


def test_a_column_that_was_json_stays_so_when_its_rows_are_edited() -> None:
    artifact = draft()
    artifact.add(Table(columns=["a"], data=[[1], ["x"]], allow_mixed_types=True), "t")
    table = table_of(artifact, "t")
    table.add_data({"k": 1})
    artifact.add(table, "t", overwrite=True)
    assert table_of(artifact, "t").data == [[1], ["x"], [{"k": 1}]]
    table.data = [[1], [2]]
    artifact.add(table, "t", overwrite=True)
    assert table_of(artifact, "t").get_dataframe()["a"].tolist() == [1, 2]
    assert pa.table(table)["a"].to_pylist() == ["1", "2"]


def test_other_programs_read_it_as_parquet(repo: Repository) -> None:
    artifact = draft()
    artifact.add(small(), "t")
    repo.log(artifact)
    file = Path(artifact.download()) / "t.table.parquet"
    expected = [(1, "one", '{"k":1}'), (2, "two", '{"j":2}'), (3, None, None)]
    assert pl.read_parquet(file).rows() == expected
    assert pd.read_parquet(file)["word"].tolist()[:2] == ["one", "two"]
    url = f"objstore://data/t.table.parquet::{repo.path}"
    assert pd.read_parquet(url)["n"].tolist() == [1, 2, 3]


def test_a_file_that_is_no_table_is_refused_by_its_name_and_given_by_its_path(repo: Repository, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "plain.parquet")
    artifact = draft(
        files={"damaged.table.parquet": "PAR1 no", "p.partitioned-table.json": "{}", "big.partitioned-table.json": " " * 100_000}
    )
    artifact.add_file(tmp_path / "plain.parquet", "plain.table.parquet")
    repo.log(artifact)
    for name, path in (
        ("damaged", "damaged.table.parquet"),
        ("plain", "plain.table.parquet"),
        ("p", "p.partitioned-table.json"),
        ("big", "big.partitioned-table.json"),
    ):
        for asked in (name, f"./{name}", f"{name}.table.json"):
            with pytest.raises(objstore.InvalidInputError, match="get_entry"):
                artifact.get(asked)
        assert artifact.get(path) == artifact.get_entry(path)


def test_a_damaged_store_is_a_corruption_error(repo: Repository) -> None:
    artifact = draft()
    artifact.add(pa.table({"a": range(10_000)}), "t")
    repo.log(artifact)
    [pack] = [file for file in repo.path.glob("packs/*/*") if file.stat().st_size > 10_000]
    data = bytearray(pack.read_bytes())
    data[5000:5010] = bytes(byte ^ 0xFF for byte in data[5000:5010])
    pack.chmod(0o644)
    pack.write_bytes(data)
    with pytest.raises(objstore.CorruptionError):
        repo.artifact("data").get("t")


def test_a_gc_meanwhile_does_not_matter(repo: Repository) -> None:
    artifact = draft()
    artifact.add(pa.table({"a": range(10_000)}), "t")
    repo.log(artifact)
    repo.log(draft(files={"f": "1"}), aliases=["other"])
    with objstore.open(repo.path) as other:
        other.artifact("data:v1").delete(delete_aliases=True)
        other.gc()
    assert table_of(artifact, "t").get_column("a") == list(range(10_000))


def test_tables_are_kept_in_a_bucket_too(s3: Bucket) -> None:
    url = s3.place()
    with objstore.open(url, create=True, storage_options=s3.options) as repo:
        artifact = repo.new_artifact("data", "dataset")
        artifact.add(small(), "parts/1")
        artifact.add(PartitionedTable("parts"), "all")
        repo.log(artifact)
    with objstore.open(url, storage_options=s3.options) as again:
        found = again.artifact("data")
        assert table_of(found, "parts/1").data == ROWS
        assert [row for _, row in found["all"].iterrows()] == ROWS  # type: ignore[union-attr]


def test_an_inserted_row_costs_little(repo: Repository) -> None:
    rows = 400_000
    table = pa.table(
        {"n": range(rows), "word": [f"word {n * 7919 % 400_009}" for n in range(rows)], "wave": [math.sin(n) for n in range(rows)]}
    )
    row = pa.table({"n": [-1], "word": ["inserted"], "wave": [0.5]})
    sizes = []
    for one in (table, pa.concat_tables([table.slice(0, 100_000), row, table.slice(100_000)])):
        artifact = draft()
        artifact.add(one, "t")
        repo.log(artifact)
        sizes.append(sum(file.stat().st_size for file in repo.path.glob("packs/*/*")))
    assert artifact.version == "v1"
    assert sizes[0] > 3_000_000
    assert sizes[1] - sizes[0] < 400_000  # a chunk or two of each column
