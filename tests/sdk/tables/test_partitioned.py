"""Many tables seen as one."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

import objstore
from objstore import Artifact, PartitionedTable, Repository, Table, UnsupportedFormatError
from objstore.sdk.tables import description
from tests.sdk.files import draft, paths
from tests.spec_examples import example


def partitioned(artifact: Artifact, name: str = "all") -> PartitionedTable:
    found = artifact.get(name)
    assert isinstance(found, PartitionedTable)
    return found


def test_all_parts_are_one_table_in_the_order_of_their_names(repo: Repository) -> None:
    artifact = Artifact("data", "dataset")
    for at in (10, 1, 2):
        artifact.add(Table(columns=["part", "n"], data=[[at, 0], [at, 1]]), f"my_parts/part_{at}")
    artifact.add(pa.table({"part": [99], "n": [0]}), "my_parts_too/part_0")
    with artifact.new_file("my_parts/README") as file:
        file.write("no table")
    entry = artifact.add(PartitionedTable(parts_path="my_parts"), "all")
    assert entry.path == "all.partitioned-table.json"
    for found in (artifact, repo.log(artifact), repo.artifact("data")):
        table = partitioned(found)
        assert table.parts_path == "my_parts"
        assert table.columns == ["part", "n"]
        assert list(table.iterrows()) == list(enumerate([[1, 0], [1, 1], [10, 0], [10, 1], [2, 0], [2, 1]]))
        assert table.get_dataframe()["part"].tolist() == [1, 1, 10, 10, 2, 2]


def test_parts_that_are_added_later_are_seen_in_a_draft_and_not_in_a_version(repo: Repository) -> None:
    artifact = draft()
    artifact.add(PartitionedTable("parts"), "all")
    table = partitioned(artifact)
    assert (table.columns, list(table.iterrows())) == ([], [])
    assert table.get_dataframe().empty
    artifact.add(pa.table({"a": [1]}), "parts/1")
    assert list(table.iterrows()) == [(0, [1])]
    repo.log(artifact)
    assert list(table.iterrows()) == [(0, [1])]
    logged = partitioned(repo.artifact("data"))
    edited = artifact.new_draft()
    edited.add(pa.table({"a": [2]}), "parts/2")
    assert list(partitioned(edited).iterrows()) == [(0, [1]), (1, [2])]
    assert list(logged.iterrows()) == [(0, [1])]


def test_parts_of_several_writers_meet_in_one_version(repo: Repository) -> None:
    """Each adds its part and the table; the latter is the same for all."""
    for at in range(3):
        writer = repo.new_artifact("data", "dataset", incremental=True)
        writer.add(pd.DataFrame({"writer": [at]}), f"parts/{at}")
        writer.add(PartitionedTable("parts"), "all")
        repo.log(writer)
    assert partitioned(repo.artifact("data")).get_dataframe()["writer"].tolist() == [0, 1, 2]


def test_one_part_at_a_time_is_read(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    from objstore.sdk.tables import reading

    artifact = draft()
    for at in range(3):
        artifact.add(pa.table({"a": [at]}), f"parts/{at}")
    artifact.add(PartitionedTable("parts"), "all")
    read = []
    monkeypatch.setattr(
        reading.StoredTables, "read", lambda self, path, real=reading.StoredTables.read: read.append(path) or real(self, path)
    )
    rows = partitioned(artifact).iterrows()
    assert next(rows) == (0, [0])
    assert read == ["parts/0.table.parquet"]
    assert next(rows) == (1, [1])
    assert read == ["parts/0.table.parquet", "parts/1.table.parquet"]


def test_parts_with_other_columns_are_an_error_that_names_both() -> None:
    artifact = draft()
    artifact.add(pa.table({"a": [1]}), "parts/1")
    artifact.add(pa.table({"b": [1]}), "parts/2")
    artifact.add(PartitionedTable("parts"), "all")
    rows = partitioned(artifact).iterrows()
    assert next(rows) == (0, [1])
    with pytest.raises(ValueError, match=r"parts/2\.table\.parquet has the columns \['b'\], and parts/1\.table\.parquet \['a'\]"):
        next(rows)


def test_a_part_that_is_no_table_is_an_error() -> None:
    artifact = draft(files={"parts/1.table.parquet": "no"})
    artifact.add(PartitionedTable("parts"), "all")
    with pytest.raises(objstore.InvalidInputError, match=r"parts/1\.table\.parquet can't be read"):
        list(partitioned(artifact).iterrows())


def test_outside_an_artifact_it_has_no_rows() -> None:
    for use in (lambda t: list(t.iterrows()), lambda t: t.columns, lambda t: t.get_dataframe()):
        with pytest.raises(objstore.InvalidInputError, match=r"artifact\.get"):
            use(PartitionedTable("parts"))


def test_its_path_follows_the_rules_of_paths() -> None:
    assert PartitionedTable("./parts//2026/").parts_path == "parts/2026"
    for path in ("", "..", "/parts", "."):
        with pytest.raises(ValueError):
            PartitionedTable(path)


def test_two_of_the_same_path_are_equal() -> None:
    assert PartitionedTable("a") == PartitionedTable("a/")
    assert len({PartitionedTable("a"), PartitionedTable("a"), PartitionedTable("b")}) == 2


def test_the_file_is_that_of_the_document(tmp_path: Path, repo: Repository) -> None:
    artifact = draft()
    artifact.add(PartitionedTable("parts/2026"), "all")
    repo.log(artifact)
    assert (Path(artifact.download(tmp_path)) / "all.partitioned-table.json").read_text() == example("tables.md", "partitioned")
    assert paths(artifact) == ["all.partitioned-table.json"]


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"{}", b'{"format":1}\n', b'{"format":1,"parts_path":"a"}', b'{"format":1,"parts_path":"../a"}\n',
     b'{"format":1,"parts_path":1}\n', b'{"parts_path":"a","format":1}\n', b'{"format":1,"parts_path":"a/"}\n', b"\xff", b"[" * 50_000],
)  # fmt: skip
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(objstore.InvalidInputError):
        description.decode(data, "x")


def test_a_later_format_is_refused_by_its_number() -> None:
    with pytest.raises(UnsupportedFormatError, match="x is a partitioned table of format 2"):
        description.decode(b'{"format":2}', "x")
