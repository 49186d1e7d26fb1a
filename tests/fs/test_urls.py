"""How a URL or an option says which repository is meant."""

import importlib.metadata
import os
import pickle
import tomllib
from pathlib import Path

import fsspec
import pytest

import objstore
from objstore.fs.filesystem import ObjstoreFileSystem
from tests.fs.conftest import add


def read(url: str, **options: object) -> str:
    with fsspec.open(url, "r", **options) as file:
        text: str = file.read()
    return text


@pytest.fixture
def other(tmp_path: Path) -> str:
    """The folder of another repository, whose pets are others."""
    with objstore.open(tmp_path / "other", create=True) as repo:
        add(repo, "pets", {"train.csv": "other pets"})
    return str(tmp_path / "other")


def test_whoever_installs_objstore_has_the_protocol() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    declared = importlib.metadata.EntryPoint("objstore", project["entry-points"]["fsspec.specs"]["objstore"], "fsspec.specs")
    assert declared.load() is ObjstoreFileSystem
    for found in importlib.metadata.entry_points(group="fsspec.specs", name="objstore"):  # none where this isn't installed
        assert found.value == declared.value


def test_the_nearest_repository_is_meant(repo: objstore.Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("files/images")
    assert read("objstore://pets:v0/images/cat.png") == "cat"


def test_another_current_folder_means_another_repository(repo: objstore.Repository, other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fsspec.filesystem("objstore")
    assert read("objstore://pets/train.csv").startswith("a,b")
    monkeypatch.chdir(other)
    assert read("objstore://pets/train.csv") == "other pets"
    assert before.cat("pets/train.csv").startswith(b"a,b")


@pytest.mark.parametrize("form", ["{}", "file://{}", "{}/", "../other"])
def test_a_repository_can_be_named(repo: objstore.Repository, other: str, form: str) -> None:
    assert read("objstore://pets:latest/train.csv", repo=form.format(other)) == "other pets"
    assert ":" in form or read("objstore://pets/train.csv", repo=Path(form.format(other))) == "other pets"


@pytest.mark.parametrize("form", ["::file://{}", "::{}", "::{}/.objstore/default/other", "::local://{}"])
def test_a_repository_can_follow_in_the_url(repo: objstore.Repository, other: str, form: str) -> None:
    assert read("objstore://pets:latest/train.csv" + form.format(other)) == "other pets"


def test_a_repository_given_twice_is_refused(repo: objstore.Repository, other: str) -> None:
    with pytest.raises(objstore.InvalidInputError, match="twice"):
        fsspec.open(f"objstore://pets/train.csv::{other}", repo=other)


@pytest.mark.parametrize("url", ["objstore://pets/x::memory://bucket/team", "objstore://pets/x"])
def test_an_address_without_a_project_is_told_by_name(repo: objstore.Repository, url: str) -> None:
    with pytest.raises(FileNotFoundError, match="memory:///?bucket/team"):
        read(url, **({} if "::" in url else {"repo": "memory://bucket/team"}))


def test_a_zip_file_is_read_through_a_version(repo: objstore.Repository, tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("inner/n.txt", "from the archive")
    repo.add(tmp_path / "a.zip", name="archives")
    assert read("zip://inner/n.txt::objstore://archives:v0/a.zip") == "from the archive"
    assert read(f"zip://inner/n.txt::objstore://archives:v0/a.zip::{tmp_path}/repo") == "from the archive"
    with fsspec.filesystem("objstore").open("archives/a.zip") as file, zipfile.ZipFile(file) as archive:
        assert archive.read("inner/n.txt") == b"from the archive"


@pytest.mark.parametrize("cache", ["simplecache", "filecache"])
def test_fsspecs_caches_go_by_the_content(repo: objstore.Repository, cache: str, tmp_path: Path) -> None:
    options = {cache: {"cache_storage": str(tmp_path / "cache"), **({} if cache == "simplecache" else {"check_files": True})}}
    add(repo, "moving", {"n": "old"})
    assert read(f"{cache}::objstore://moving:v0/n", **options) == "old"
    if cache != "simplecache":
        assert read(f"{cache}::objstore://moving/n", **options) == "old"
        add(repo, "moving", {"n": "new"})
        assert read(f"{cache}::objstore://moving/n", **options) == "new"


def test_the_same_options_give_the_same_instance_and_others_do_not(repo: objstore.Repository, other: str) -> None:
    here = os.getcwd()
    assert fsspec.filesystem("objstore") is fsspec.filesystem("objstore", repo=here) is ObjstoreFileSystem(Path(here))
    assert fsspec.filesystem("objstore") is not fsspec.filesystem("objstore", repo=other)
    assert fsspec.filesystem("objstore") is not fsspec.filesystem("objstore", cache_bytes=5)


def test_settings_of_fsspec_count(repo: objstore.Repository, other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fsspec.config.conf, "objstore", {"repo": other})
    assert read("objstore://pets/train.csv") == "other pets"
    assert read("objstore://pets/train.csv", repo=os.getcwd()).startswith("a,b")
    assert read(f"objstore://pets/train.csv::{os.getcwd()}").startswith("a,b")


def test_what_is_pickled_stays_where_it_was_and_in_its_version(
    repo: objstore.Repository, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs = ObjstoreFileSystem()
    opened = fsspec.open("objstore://pets/train.csv", "r")
    file = fs.open("pets/train.csv")
    file.read(4)
    closed = fs.open("pets/train.csv")
    closed.close()
    data = pickle.dumps([fs, opened, file, closed])
    add(repo, "pets", {"train.csv": "next"})
    monkeypatch.chdir(other)
    fs_again, opened_again, file_again, closed_again = pickle.loads(data)
    assert fs_again == fs
    assert fs_again.cat("pets/train.csv") == b"next"
    with opened_again as text:
        assert text.read() == "next"
    assert file_again.read() == b"1,2\n3,4\n"
    assert closed_again.info()["version"] == "v0"
    assert fsspec.AbstractFileSystem.from_json(fs.to_json()) == fs


def test_urls_go_there_and_back(fs: ObjstoreFileSystem) -> None:
    assert fs.unstrip_protocol("pets:v0/train.csv") == "objstore://pets:v0/train.csv"
    assert fs._strip_protocol(["objstore://pets//a/", "/pets"]) == ["pets/a", "pets"]
    assert fs._parent("pets/images/cat.png") == "pets/images"
    assert fsspec.utils.get_protocol("objstore://pets:v0/a") == "objstore"


def test_a_mapper_reads_a_folder(fs: ObjstoreFileSystem) -> None:
    mapper = fs.get_mapper("pets/images")
    assert sorted(mapper) == ["cat.png", "dog.png", "raw/1.bin"]
    assert mapper["cat.png"] == b"cat"
    assert mapper.getitems(["cat.png", "none"], on_error="omit") == {"cat.png": b"cat"}
    with pytest.raises(KeyError):
        mapper["none"]
