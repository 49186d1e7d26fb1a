"""`objstore runs` and `objstore lineage`."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from tests.cli.conftest import Cli
from tests.servers.bucket import Bucket


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """Two projects: one with a dataset, one that has trained with it, twice, and evaluated one of the models."""
    monkeypatch.chdir(tmp_path)
    with objstore.init(project="train", id="first", name="baseline", job_type="train", group="g", tags=["a"], config={"lr": 1}):
        log("model", "one")
    with objstore.init(project="data", id="make"):
        log("images", "cats")
    with objstore.init(project="train", id="second", job_type="train") as run:
        run.use_artifact("data/images:latest")
        run.log({"loss": 0.5})
        log("model", "two")
    with pytest.raises(ZeroDivisionError), objstore.init(project="train", id="third") as run:
        run.use_artifact("model:v1")
        1 / 0  # noqa: B018
    yield Cli(tmp_path)


def log(name: str, content: str) -> None:
    artifact = objstore.Artifact(name, "dataset" if name == "images" else "model")
    with artifact.new_file("content.txt") as file:
        file.write(content)
    objstore.log_artifact(artifact)


def test_runs_are_listed_newest_first(cli: Cli):
    lines = cli("runs").lines
    assert [line.split()[0] for line in lines] == ["third", "second", "first"]
    assert lines[2].split()[2:] == ["finished", "baseline", "train", "0", "used", "1", "logged", "group", "g", "#a"]
    assert [line.split()[0] for line in cli("runs", "-n", "1").lines] == ["third"]
    assert [line.split()[0] for line in cli("runs", "--state", "failed").lines] == ["third"]
    assert [line.split()[0] for line in cli("runs", "--group", "g").lines] == ["first"]
    assert cli("runs", "--sweep", "s").out == ""
    assert "'crashed' is not one of" in cli("runs", "--state", "crashed", code=2).err


def test_other_projects_of_the_root_are_told_and_can_be_read(cli: Cli):
    assert cli("runs").err == "project default/train; there is also default/data: objstore -C .objstore/default/data …\n"
    assert cli("list").err == cli("runs").err
    assert cli("list", "--json").err == ""
    for name in ("data/images", "default/data/images:v0"):
        assert cli("show", name).out.startswith("name     images:v0\n")
        assert cli("cat", name, "content.txt").out == "cats"
    assert cli("log", "data/images").lines and cli("ls", "data/images").lines
    assert cli("get", "data/images", "out").out == "out\n"
    assert cli("lineage", "default/data/images:v0", "--up").lines == ["images:v0  dataset", "came from", "└─ run make  finished"]
    said = cli("alias", "data/images:v0", "prod", code=3).err
    assert said.endswith("type `objstore -C .objstore/default/data …` for that\n")
    assert "there is no project default/none in" in cli("show", "none/images", code=3).err
    assert "it has default/data, default/train" in cli("show", "none/images", code=3).err


def test_a_root_is_used_where_no_repository_is_near(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OBJSTORE_ROOT", "root")
    cli = Cli(tmp_path)
    assert "there are no projects in root, which OBJSTORE_ROOT names" in cli("list", code=3).err
    with objstore.init(project="data", id="make"):
        log("images", "cats")
    assert [line.split()[0] for line in cli("runs").lines] == ["make"]
    with objstore.init(project="train", entity="team", id="first"):
        log("model", "one")
    choose = "error: root has the projects default/data, team/train; say which: objstore -C root/default/data …\n"
    assert cli("list", code=2).err == choose
    monkeypatch.delenv("OBJSTORE_ROOT")
    assert "make one with `objstore init`" in cli("list", code=3).err
    assert cli("-C", "root", "list", code=2).err == cli("-C", f"file://{tmp_path}/root", "list", code=2).err == choose
    assert cli("-C", "root", "cat", "team/train/model", "content.txt").out == "one"
    assert cli("-C", "root", "cat", "data/images", "content.txt").out == "cats"
    assert "there is no project none in root; it has default/data, team/train" in cli("-C", "root", "log", "none/images", code=3).err
    assert cli("-C", "root/team/train", "list").lines[0].startswith("model")


def test_a_root_in_a_bucket_names_its_projects(s3: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    cli, root = Cli(tmp_path), s3.place()
    assert f"there is no objstore project at {root}" in cli("-C", root, "list", code=3).err
    for project in ("data", "train"):
        objstore.open(f"{root}/team/{project}", create=True).close()
    choose = f"error: {root} has the projects team/data, team/train; say which: objstore -C {root}/team/data …\n"
    assert cli("-C", root, "list", code=2).err == choose
    monkeypatch.setenv("OBJSTORE_ROOT", root)
    assert cli("runs", code=2).err == choose
    assert "nothing has been logged here yet" in cli("log", "train/images", code=3).err


def test_runs_as_json(cli: Cli):
    third, second, first = cli("runs", "--json").json
    assert (first["id"], first["name"], first["config"], first["tags"]) == ("first", "baseline", {"lr": 1}, ["a"])
    assert (second["summary"], second["used"], second["logged"], second["state"]) == ({"loss": 0.5, "_step": 0}, 1, 1, "finished")
    assert third["finished"] and third["state"] == "failed"


def test_a_version_is_followed_up_and_down_across_projects(cli: Cli):
    assert cli("lineage", "model").lines == [
        "model:v1  model",
        "came from",
        "└─ run second  train, finished",
        "   └─ default/data/images:v0  dataset",
        "      └─ run default/data/make  finished",
        "was used by",
        "└─ run third  failed",
    ]
    assert "was used by" not in cli("lineage", "model:v1", "--up").out
    assert "came from" not in cli("lineage", "model:v1", "--down").out
    assert len(cli("lineage", "model:v1", "--up", "--depth", "1").lines) == 3


def test_a_run_is_followed_too(cli: Cli):
    assert cli("lineage", "run:second").lines[:3] == ["run second  train, finished", "used", "└─ default/data/images:v0  dataset"]
    assert "no run 'nothing'" in cli("lineage", "run:nothing", code=3).err


def test_lineage_for_programs(cli: Cli):
    found = cli("lineage", "model:v1", "--json").json
    kinds = {node["id"]: (node["kind"], node["name"]) for node in found["nodes"]}
    assert ("version", "model:v1") in kinds.values() and ("run", "second") in kinds.values()
    edges = {(kinds[edge["from"]][1], kinds[edge["to"]][1]) for edge in found["edges"]}
    assert ("second", "model:v1") in edges and ("model:v1", "third") in edges and ("default/data/images:v0", "second") in edges
    assert cli("lineage", "model:v1", "--dot").out.startswith("digraph")
    assert cli("lineage", "model:v1", "--svg").out.startswith("<svg")
    assert "one of --json" in cli("lineage", "model:v1", "--svg", "--dot", code=2).err


def test_deleted_versions_are_told_apart(cli: Cli):
    cli("rm", "model:v1", "--aliases")
    assert cli("lineage", "model:v1").lines[0] == "model:v1  model, deleted"


def test_a_copy_beside_a_project_is_that_project(cli: Cli, tmp_path: Path):
    root = tmp_path / ".objstore/default"
    for name in ("train", "data"):
        shutil.copytree(root / name, root / f"z-{name}")
        shutil.copytree(root / name, root / f"a-{name}")
    cli("rename", "model", "net")
    with objstore.open(root / "data") as data:
        (images,) = data.collections()
        images.name = "pictures"
        images.save()
    lines = cli("lineage", "net").lines
    assert lines[0] == "net:v1  model" and "default/data/pictures:v0" in "".join(lines) and len(lines) == 7
    with objstore.open(root / "train") as train:
        version = train.artifact("net:v1")
        assert [run.path for run in version.used_by()] == [["default", "train", "third"]]


def test_a_clone_sees_the_runs_of_its_upstream(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    cli("remote", "add", "origin", str(tmp_path / "shared"))
    cli("push")
    cli("clone", str(tmp_path / "shared"), "clone")
    monkeypatch.chdir(tmp_path / "clone")
    assert [line.split()[0] for line in cli("runs").lines] == ["third", "second", "first"]
    assert cli("lineage", "model:v1", "--json").json["nodes"][0]["name"] == "model:v1"
    project = json.loads((tmp_path / ".objstore/default/data/objstore.json").read_text())["project"]
    assert f"{project[:12]}/@" in cli("lineage", "model:v1").out, "what isn't here is named as far as it is known"
