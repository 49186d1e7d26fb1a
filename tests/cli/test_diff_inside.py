"""`objstore diff --rows` and `--tensors`, and sides that are elsewhere."""

import os
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
        "  1 row modified by id (found), 1 row added, 1 row removed",
        "  changed cells: price 1 (by 27 at most)",
        "     id  column  old  new",
        "  ~  3   price   3    30",
        "     id  name     price",
        "  -  7   fruit 7  0",
        "     id   name  price",
        "  +  200  fig   1",
    ]


def test_of_wide_tables_the_first_columns_are_shown(cli: Cli) -> None:
    names = [f"c{at}" for at in range(20)]
    for value in (0, 1):
        row = "".join(f",{value}" for _ in names)
        cli.write("data/wide.csv", f"{','.join(names)},id\n{row[1:]},7\n" + f"{row[1:]},8\n" * value)
        cli("add", "data")
    said = cli("diff", "data:v0", "data:v1", "--rows", "--key", "id", code=1).lines[4:]
    assert said[1] == "  changed cells: " + "".join(f"c{at} 1 (by 1 at most), " for at in range(8)) + "… and 12 columns more"
    assert said[10:12] == ["  ~  7   c7      0        1", "  ~  7   …       12 more"]
    assert said[12:] == ["     id  c0  c1  c2  c3  c4  c5  c6  …", "  +  8   1   1   1   1   1   1   1   …"]


def test_long_values_of_rows_without_a_key_are_shown_where_they_differ(cli: Cli) -> None:
    for version in (0, 1):
        cli.write("data/chat.jsonl", "".join(f'{{"talk": ["{"hi " * 30}{row if row else version}"]}}\n' for row in (0, 5)))
        cli("add", "data")
    assert cli("diff", "data:v0", "data:v1", "--rows", code=1).lines[4:] == [
        "  1 row added, 1 row removed",
        "     talk",
        "  -  …hi hi hi hi 0']",
        "     talk",
        "  +  …hi hi hi hi 1']",
    ]


def test_a_column_without_a_name_is_shown_as_one(cli: Cli) -> None:
    for value in (0, 1):
        cli.write("data/index.csv", f",x,y\n0,{value},\n1,5,\n")
        cli("add", "data")
    said = cli("diff", "data:v0", "data:v1", "--rows", code=1).lines
    assert "  1 row modified by '' (found), 0 rows added, 0 rows removed" in said and "     ''  column  old  new" in said


def test_the_path_may_stand_behind_the_option(tables: Cli) -> None:
    assert (
        tables("diff", "data:v0", "data:v1", "--rows", "table.csv", code=1).out
        == tables("diff", "data:v0", "data:v1", "table.csv", "--rows", code=1).out
    )


def test_a_table_that_can_t_be_read_keeps_no_other_from_being_compared(tables: Cli) -> None:
    said = tables("diff", "data:v0", "data:v1", "--rows", code=1).out
    assert "line 2 has 3 values, but the header has 2" in said
    assert "1 row modified by id (found)" in said
    assert "note.txt:" not in said


def test_that_no_file_could_be_looked_into_is_told(tables: Cli) -> None:
    tables.write("data/note.txt", "three\n")
    for view, formats in (("--rows", "rows (csv, jsonlines, parquet)"), ("--tensors", "tensors (safetensors, npy, npz, pickle)")):
        assert formats in tables("diff", "data:v1", "./data", view, code=1).lines[-1]
    assert tables("diff", "data:v0", "data:v0", "--rows").out == "no differences\n"


def test_json_has_every_row(tables: Cli) -> None:
    found = tables.json("diff", "data:v0", "data:v1", "--rows", "--key", "id", code=1)
    table = rows_of(found, "table.csv")
    assert (table["added_rows"], table["removed_rows"], table["modified_rows"], table["why"]) == (1, 1, 1, None)
    assert table["key"] == {"columns": ["id"], "found": False}
    assert table["changes"] == [
        {"change": "modified", "key": {"id": "3"}, "cells": [{"column": "price", "old": "3", "new": "30"}]},
        {"change": "removed", "row": {"id": "7", "name": "fruit 7", "price": "0"}},
        {"change": "added", "row": {"id": "200", "name": "fig", "price": "1"}},
    ]
    assert "'a', 'b'" in rows_of(found, "broken.csv")["why"]


def test_a_key_that_is_none_is_told(tables: Cli) -> None:
    assert "has no column 'nix'" in tables("diff", "data:v0", "data:v1", "table.csv", "--rows", "--key", "nix", code=1).out
    assert "isn't a key" in tables("diff", "data:v0", "data:v1", "table.csv", "--rows", "--key", "price", code=1).out
    assert tables.json("diff", "data:v0", "data:v1", "table.csv", "--rows", "--key", "id,name", code=1)["rows"][0]["modified_rows"] == 1


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
    assert "weights.npz\n" in said and "modified  weights  float32[4, 5]  5.00%" in said
    assert "1 modified; 1 tensor unchanged" in said
    assert said.count("model.pt can't be compared: it is a pickle") == 1


def test_tensors_are_json_too(tables: Cli) -> None:
    (found,) = tables.json("diff", "data:v0", "data:v1", "--tensors", "weights.npz", code=1)["tensors"]
    (changed,) = found["modified"]
    assert (found["path"], changed["name"], changed["figures"]["changed"], changed["figures"]["max_difference"]) == (
        "weights.npz",
        "weights",
        1,
        0.5,
    )


def test_pins_and_folders_are_looked_into_as_well(tables: Cli) -> None:
    tables.write("data/table.csv", OLD)
    assert "1 row modified by id" in tables("diff", "--rows", code=1).out
    assert "1 row modified by id" in tables("diff", "data", "./data", "--rows", code=1).out


def test_pins_and_what_is_inside_are_json_together(tables: Cli) -> None:
    assert tables.json("diff", "--rows") == []
    tables.write("data/table.csv", OLD)
    ((pin,),) = (tables.json("diff", "--rows", code=1),)
    assert (pin["path"], rows_of(pin, "table.csv")["modified_rows"]) == ("data", 1)
    assert [item["path"] for item in tables.json("diff", "--text", code=1)[0]["text"]] == ["table.csv"]
    assert tables.json("diff", "--tensors", code=1)[0]["tensors"] == []


def test_options_that_don_t_go_together_are_refused(tables: Cli) -> None:
    assert "--rows and --tensors can't be used together" in tables("diff", "data:v0", "data:v1", "--rows", "--tensors", code=2).err
    assert "--key is about rows" in tables("diff", "data:v0", "data:v1", "--key", "id", code=2).err
    assert "--parquet is about rows" in tables("diff", "data:v0", "data:v1", "--text", "--parquet", "x", code=2).err


def test_values_of_json_lines_are_what_they_are(cli: Cli) -> None:
    lines = '{"id": 1, "name": "apple", "tags": ["a"]}\n{"id": 2, "name": "pear", "size": null}\n'
    cli.write("data/f.jsonl", lines)
    cli("add", "data")
    cli.write("data/f.jsonl", lines.replace('"a"', '"a", "b"').replace('{"id": 2', '{"id": 3'))
    cli("add", "data")
    (found,) = cli.json("diff", "data:v0", "data:v1", "--rows", "--key", "id", code=1)["rows"]
    assert found["changes"] == [
        {"change": "modified", "key": {"id": 1}, "cells": [{"column": "tags", "old": ["a"], "new": ["a", "b"]}]},
        {"change": "removed", "row": {"id": 2, "name": "pear", "size": None}},
        {"change": "added", "row": {"id": 3, "name": "pear", "size": None}},
    ]


def test_a_version_alone_is_told_to_lack_the_other_side(tables: Cli) -> None:
    for side in ("data:v0", "data:v0::elsewhere"):
        assert f"{side} is one side of a diff; give the other too" in tables("diff", side, code=2).err
    assert "nothing doesn't exist, and has no pin" in tables("diff", "nothing", code=3).err


def test_two_files_are_compared_whatever_they_are_called(cli: Cli) -> None:
    cli.write("old.csv", OLD)
    cli.write("new.csv", NEW)
    said = cli("diff", "old.csv", "./new.csv", "--rows", code=1)
    assert said.lines[0].startswith("R000  old.csv → new.csv  ") and "% the same" not in said.lines[0]
    assert "1 row modified by id (found), 1 row added, 1 row removed" in said.out
    assert cli.json("diff", "./old.csv", "./new.csv", code=1)["renamed"][0]["similarity"] == 0
    assert cli("diff", "./old.csv", "./new.csv", "--name-status", code=1).lines == ["R000\told.csv\tnew.csv"]
    assert "--- a/old.csv" in cli("diff", "./old.csv", "./new.csv", "--text", code=1).lines
    cli.write("new.csv", OLD)
    assert cli("diff", "old.csv", "./new.csv", code=1).lines[0].startswith("R  old.csv → new.csv")
    cli.write("folder/other.csv", NEW)
    assert cli("diff", "old.csv", "./folder", "--name-status", code=1).lines == ["D\told.csv", "A\tother.csv"]


def test_where_nothing_is_pinned_it_is_said_that_nothing_was_compared(cli: Cli) -> None:
    cli.write("data/table.csv", OLD)
    cli("add", "data", "--no-pin")
    said = cli("diff")
    assert said.out == "no differences\n" and said.err.startswith("warning: nothing is pinned here; ")


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
    assert rows_of(found, "table.csv")["modified_rows"] == 1


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
    for name in ("other/data:v0", "other/data", "default/other/data"):
        found = tables.json("diff", "data:v0", name, "table.csv", "--rows", code=1)
        assert rows_of(found, "table.csv")["modified_rows"] == 1
    for name in ("other/nothing", "nothing/data"):
        assert f"{name} does not exist" in tables("diff", "data:v0", name, code=2).err
    (tables.folder / "other/data").mkdir(parents=True)
    assert len(tables.json("diff", "data:v0", "other/data", code=1)["removed"]) == 5


def test_a_place_that_isn_t_there_is_an_error(tables: Cli) -> None:
    assert "nix is neither a folder nor a remote of this project" in tables("diff", "data", "data::nix", code=3).err
    assert "doesn't say where data is" in tables("diff", "data", "data::", code=2).err


def test_damage_is_told_with_the_place_where_it_may_be(tables: Cli, tmp_path: Path) -> None:
    with objstore.open(tmp_path / "other", create=True) as other:
        artifact = objstore.Artifact("data", "dataset")
        with artifact.new_file("table.csv") as file:
            file.write(NEW)
        other.log(artifact)
    (project,) = (tmp_path / "other").glob(".objstore/*/*")
    for pack in project.glob("packs/*/*"):
        os.truncate(pack, 20)
    said = tables("diff", "data:v0", f"data:v0::{tmp_path / 'other'}", code=5).err
    assert f"is cut short; run `objstore fsck` (here, or in {project}, where a side is)" in said


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


def test_a_key_has_its_columns_between_commas(tables: Cli) -> None:
    tables.write("data/odd.csv", 'x,"a,\nb"\n1,1\n2,2\n')
    tables("add", "data")
    tables.write("data/odd.csv", 'x,"a,\nb"\n1,2\n3,1\n')
    assert "2 rows modified by a,\\nb" in tables("diff", "data", "./data", "odd.csv", "--rows", "--key", '"a,\nb"', code=1).out
    assert "can't be taken apart into names" in tables("diff", "data", "./data", "--rows", "--key", "a\nb", code=2).err


# -- sides elsewhere -----------------------------------------------------------------------------------------------------
