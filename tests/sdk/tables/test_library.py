"""Without the libraries behind tables."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import objstore
from tests.sdk.files import draft


@pytest.fixture
def artifact() -> objstore.Artifact:
    return draft(files={"f": "1"})


def test_without_pyarrow_the_error_says_what_to_install(artifact: objstore.Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    table = objstore.Table(columns=["a"], data=[[1]])
    artifact.add(table, "there")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(objstore.InvalidInputError, match=r"pip install 'objstore\[tables\]'"):
        artifact.add(table, "table")
    with pytest.raises(objstore.InvalidInputError, match=r"pip install 'objstore\[tables\]'"):
        artifact.get("there")
    assert artifact.get("f") is not None
    artifact.add(objstore.PartitionedTable("parts"), "all")


def test_a_pyarrow_that_is_too_old_is_refused(artifact: objstore.Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", SimpleNamespace(__version__="20.0.0"))
    with pytest.raises(
        objstore.InvalidInputError, match=r"PyArrow 21 or newer, and this is 20.0.0: run `pip install 'objstore\[tables\]'`"
    ):
        artifact.add(objstore.Table(columns=["a"], data=[[1]]), "table")


def test_without_pandas_only_dataframes_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    table = objstore.Table(columns=["a"], data=[[1]])
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(objstore.InvalidInputError, match="pip install pandas"):
        table.get_dataframe()
    artifact = draft()
    artifact.add(table, "table")
    read = artifact.get("table")
    assert isinstance(read, objstore.Table)
    with pytest.raises(objstore.InvalidInputError, match="pip install pandas"):
        read.get_dataframe()


def test_without_numpy_only_arrays_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    table = objstore.Table(columns=["a"], data=[[1]])
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert table.get_column("a") == [1]
    with pytest.raises(objstore.InvalidInputError, match=r"pip install 'objstore\[tensors\]'"):
        table.get_column("a", convert_to="numpy")


def test_an_artifact_of_files_loads_none_of_them(here: Path) -> None:
    code = """
import sys, objstore
with objstore.open("store", create=True) as repo:
    artifact = objstore.Artifact("data", "dataset")
    with artifact.new_file("f") as file:
        file.write("1")
    repo.log(artifact)
    assert artifact.get("f") and not artifact.get("table")
print(*sorted({"pyarrow", "pandas", "polars", "numpy"} & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=here).stdout.split() == []
