"""`objstore diff --rows` and `--tensors`, and sides that are elsewhere."""

import sys
from pathlib import Path
from typing import Any

import numpy
import pyarrow.parquet
import pytest

import objstore
from tests.cli.conftest import Cli

OLD = "id,name,price\n" + "".join(f"{at},fruit {at},{at % 7}\n" for at in range(200))
NEW = OLD.replace("\n3,fruit 3,3\n", "\n3,fruit 3,30\n").replace("\n7,fruit 7,0\n", "\n") + "200,fig,1\n"


@pytest.fixture
def tables(cli: Cli) -> Cli:
    """`data:v0` and `data:v1`, in which tables, tensors and a note differ."""
    for version in (0, 1):
        cli.write("data/table.csv", (OLD, NEW)[version])
        cli.write("data/broken.csv", ("a,b\n1,2\n", "a,b\n1,2,3\n")[version])
        cli.write("data/note.txt", ("one\n", "two\n")[version])
        weights = numpy.ones((4, 5), "f4")
        weights[0, :version] += 0.5
        numpy.savez(cli.folder / "data/weights.npz", weights=weights, bias=numpy.zeros(3))
        cli.write("data/model.pt", ("\x80\x02}q\x00.", "\x80\x02}q\x01.")[version])
        cli("add", "data")
    return cli


def rows_of(found: Any, path: str) -> Any:
    return next(item for item in found["rows"] if item["path"] == path)


def test_rows_are_shown_below_the_list_of_files(tables: Cli) -> None:
    said = tables("diff", "data:v0", "data:v1", "table.csv", "--rows", code=1).lines
    assert said[0].startswith("M  table.csv")
    assert said[2:] == [
        "",
        "table.csv",
        "  1 row changed by id (found), 1 row added, 1 row removed",
        "  changed cells: price 1",
        "     id  column  old  new",
        "  ~  3   price   3    30",
        "     id  name     price",
        "  -  7   fruit 7  0",
        "     id   name  price",
        "  +  200  fig   1",
    ]


def test_the_path_may_stand_behind_the_option(tables: Cli) -> None:
    assert (
        tables("diff", "data:v0", "data:v1", "--rows", "table.csv", code=1).out
        == tables("diff", "data:v0", "data:v1", "table.csv", "--rows", code=1).out
    )


def test_a_table_that_can_t_be_read_keeps_no_other_from_being_compared(tables: Cli) -> None:
    said = tables("diff", "data:v0", "data:v1", "--rows", code=1).out
    assert "line 2 has 3 values, but the header has 2" in said
    assert "1 row changed by id (found)" in said
    assert "note.txt:" not in said


def test_json_has_every_row(tables: Cli) -> None:
    found = tables.json("diff", "data:v0", "data:v1", "--rows", "--key", "id", code=1)
    table = rows_of(found, "table.csv")
    assert (table["added"], table["removed"], table["changed"], table["problem"]) == (1, 1, 1, None)
    assert table["key"] == {"columns": ["id"], "found": False}
    assert table["changes"] == [
        {"change": "changed", "key": {"id": "3"}, "cells": [{"column": "price", "old": "3", "new": "30"}]},
        {"change": "removed", "row": {"id": "7", "name": "fruit 7", "price": "0"}},
        {"change": "added", "row": {"id": "200", "name": "fig", "price": "1"}},
    ]
    assert "'a', 'b'" in rows_of(found, "broken.csv")["problem"]


def test_a_key_that_is_none_is_told(tables: Cli) -> None:
    assert "has no column 'nix'" in tables("diff", "data:v0", "data:v1", "table.csv", "--rows", "--key", "nix", code=1).out
    assert "isn't a key" in tables("diff", "data:v0", "data:v1", "table.csv", "--rows", "--key", "price", code=1).out
    assert tables.json("diff", "data:v0", "data:v1", "table.csv", "--rows", "--key", "id,name", code=1)["rows"][0]["changed"] == 1


def test_all_differences_can_be_had_as_parquet(tables: Cli) -> None:
    tables("diff", "data:v0", "data:v1", "table.csv", "--rows", "--parquet", str(tables.folder / "out.parquet"), code=1)
    (written,) = [pyarrow.parquet.read_table(tables.folder / "out.parquet").to_pylist()]
    assert [(row["change"], row["id"], row["price"]) for row in written] == [
        ("removed", "7", "0"),
        ("before", "3", "3"),
        ("after", "3", "30"),
        ("added", "200", "1"),
    ]
    tables("diff", "data:v0", "data:v1", "--rows", "--parquet", str(tables.folder / "out"), code=1)
    assert [path.name for path in (tables.folder / "out").iterdir()] == ["table.csv.parquet"]


def test_one_parquet_file_holds_one_table(tables: Cli) -> None:
    tables.write("data/other.csv", OLD)
    tables("add", "data")
    tables.write("data/other.csv", NEW)
    tables.write("data/table.csv", OLD)
    tables("add", "data")
    said = tables("diff", "data:v2", "data:v3", "--rows", "--parquet", "out.parquet", code=2).err
    assert "has what differs in other.csv, and table.csv differs too" in said


def test_tensors_are_shown_below_the_list_of_files(tables: Cli) -> None:
    said = tables("diff", "data:v0", "data:v1", "--tensors", code=1).out
    assert "weights.npz\n" in said and "changed  weights  float32[4, 5]  5.00%" in said
    assert "1 changed; 1 tensor unchanged" in said
    assert said.count("model.pt can't be compared: it is a pickle") == 1


def test_tensors_are_json_too(tables: Cli) -> None:
    (found,) = tables.json("diff", "data:v0", "data:v1", "--tensors", "weights.npz", code=1)["tensors"]
    (changed,) = found["changed"]
    assert (found["path"], changed["name"], changed["figures"]["changed"], changed["figures"]["max_difference"]) == (
        "weights.npz",
        "weights",
        1,
        0.5,
    )


def test_pins_and_folders_are_looked_into_as_well(tables: Cli) -> None:
    tables.write("data/table.csv", OLD)
    assert "1 row changed by id" in tables("diff", "--rows", code=1).out
    assert "1 row changed by id" in tables("diff", "data", "./data", "--rows", code=1).out


def test_options_that_don_t_go_together_are_refused(tables: Cli) -> None:
    assert "--rows and --tensors can't be used together" in tables("diff", "data:v0", "data:v1", "--rows", "--tensors", code=2).err
    assert "--key is about rows" in tables("diff", "data:v0", "data:v1", "--key", "id", code=2).err
    assert "--parquet is about rows" in tables("diff", "data:v0", "data:v1", "--text", "--parquet", "x", code=2).err


def test_a_key_has_its_columns_between_commas(tables: Cli) -> None:
    tables.write("data/odd.csv", 'x,"a,\nb"\n1,1\n2,2\n')
    tables("add", "data")
    tables.write("data/odd.csv", 'x,"a,\nb"\n1,2\n3,1\n')
    assert "2 rows changed by a,\\nb" in tables("diff", "data", "./data", "odd.csv", "--rows", "--key", '"a,\nb"', code=1).out
    assert "can't be taken apart into names" in tables("diff", "data", "./data", "--rows", "--key", "a\nb", code=2).err


def test_arrow_takes_no_ctrl_c_away(tables: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[bool] = []
    monkeypatch.setattr(pyarrow, "enable_signal_handlers", said.append)
    tables("diff", "data:v0", "data:v1", "--rows", code=1)
    tables("diff", "data:v0", "data:v1", "--rows", "--json", code=1)
    tables("diff", "data:v0", "data:v1", "weights.npz", "--rows", code=1)  # named, so it is looked into
    assert said == [False, False, False]


def test_where_no_table_differs_arrow_is_not_needed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("one\n", "two\n"):
        cli.write("data/note.txt", text)
        cli("add", "data")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "note.txt" in cli("diff", "data:v0", "data:v1", "--rows", code=1).out


# -- sides elsewhere -----------------------------------------------------------------------------------------------------


def test_a_side_may_be_in_another_repository(tables: Cli, tmp_path: Path) -> None:
    with objstore.open(tmp_path / "other", create=True) as other:
        artifact = objstore.Artifact("data", "dataset")
        with artifact.new_file("table.csv") as file:
            file.write(NEW)
        other.log(artifact)
    found = tables.json("diff", "data:v0", f"data:v0::{tmp_path / 'other'}", "table.csv", "--rows", code=1)
    assert rows_of(found, "table.csv")["changed"] == 1


def test_a_side_may_be_in_a_remote(tables: Cli, tmp_path: Path) -> None:
    tables("remote", "add", "origin", str(tmp_path / "remote"))
    tables("push")
    tables("add", "data", "-n", "data", "--exclude", "*.csv")
    found = tables.json("diff", "data:latest::origin", "data:latest", code=1)
    assert [item["path"] for item in found["removed"]] == ["broken.csv", "table.csv"]
    assert tables("diff", f"data:v1::{tmp_path / 'remote'}", "data:v1").out == "no differences\n"


def test_a_side_may_be_in_another_project_of_the_root(tables: Cli) -> None:
    with objstore.init(project="other", dir=tables.folder) as run:
        artifact = objstore.Artifact("data", "dataset")
        with artifact.new_file("table.csv") as file:
            file.write(NEW)
        run.log_artifact(artifact).wait()
    found = tables.json("diff", "data:v0", "other/data:v0", "table.csv", "--rows", code=1)
    assert rows_of(found, "table.csv")["changed"] == 1


def test_a_place_that_isn_t_there_is_an_error(tables: Cli) -> None:
    assert "nix is neither a folder nor a remote of this project" in tables("diff", "data", "data::nix", code=3).err
    assert "doesn't say where data is" in tables("diff", "data", "data::", code=2).err


def test_what_is_said_of_both_versions_is_compared(tables: Cli) -> None:
    tables("describe", "data:v1", "priced")
    tables("tag", "data:v1", "checked")
    tables("alias", "data:v0", "before")
    assert tables("diff", "data:v0", "data:v1", code=1).lines[-3:] == [
        "description  '' → 'priced'",
        "tags         none → checked",
        "aliases      before → none",
    ]
    assert tables.json("diff", "data:v0", "data:v1", code=1)["facts"]["aliases"] == {"added": ["latest"], "removed": ["before"]}
    assert tables.json("diff", "data:v0", "./data", code=1)["facts"] is None


def test_a_folder_may_have_colons_in_its_name(tables: Cli) -> None:
    tables.write("a::b/note.txt", "two\n")
    assert "D  table.csv" in tables("diff", "data", "./a::b", code=1).out
    assert "no differences" in tables("diff", "./a::b", f"{tables.folder}/a::b").out
