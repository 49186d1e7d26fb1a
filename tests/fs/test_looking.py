"""Listing, finding and describing."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import objstore
from objstore.fs.filesystem import ObjstoreFileSystem
from objstore.manifest.edit import edit
from objstore.manifest.entry import reference_entry
from objstore.repository.logging import Labels, log_draft
from objstore.repository.project import Project
from objstore.values.digest import plain
from objstore.worktree.intake import DraftNodes
from tests.fs.conftest import FILES, add

TREE = {name: content.encode() if isinstance(content, str) else content for name, content in FILES.items()}


def names(found: list[str]) -> list[str]:
    return [name.removeprefix("pets/") for name in found]


def test_the_top_lists_the_collections(repo: objstore.Repository, fs: ObjstoreFileSystem) -> None:
    add(repo, "cars", {"a": "1"})
    add(repo, "gone", {"a": "2"})
    repo.artifact("gone").delete(delete_aliases=True)
    assert fs.ls("", detail=False) == fs.ls("objstore://", detail=False) == ["cars", "pets"]
    assert [info["type"] for info in fs.ls("/")] == ["directory", "directory"]
    assert fs.info("") == {"name": "", "size": 0, "type": "directory"}
    assert fs.ls("")[1] == fs.info("pets")
    assert fs.find("") == ["cars/a", *(f"pets/{name}" for name in sorted(TREE))]
    assert fs.glob("*/*.csv") == ["pets/train.csv"]


def test_a_file_says_what_it_is(fs: ObjstoreFileSystem) -> None:
    info = fs.info("objstore://pets:v0/images//cat.png/")
    assert info == {
        "name": "pets:v0/images/cat.png",
        "size": 3,
        "type": "file",
        "digest": plain(b"cat").hex(),
        "version": "v0",
        "executable": False,
        "mtime": info["mtime"],
    }
    assert fs.ls("pets:v0/images/cat.png") == [info]
    assert fs.size("pets/images/raw/1.bin") == 1000
    assert fs.isfile("pets/train.csv")
    assert not fs.isdir("pets/train.csv")


def test_a_folder_lists_what_is_directly_in_it(fs: ObjstoreFileSystem) -> None:
    assert sorted(names(fs.ls("pets", detail=False))) == sorted({name.split("/")[0] for name in TREE})
    assert names(fs.ls("pets/images", detail=False)) == ["images/cat.png", "images/dog.png", "images/raw"]
    assert fs.ls("pets/images")[2] == fs.info("pets/images/raw")
    assert fs.info("pets/images/raw")["type"] == "directory"
    assert fs.isdir("pets/images")
    assert fs.isdir("pets")
    assert not fs.isfile("pets")


def test_the_executable_bit_shows(repo: objstore.Repository, fs: ObjstoreFileSystem, tmp_path: Path) -> None:
    tool = tmp_path / "tool.sh"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    repo.add(tool, name="tools")
    assert fs.info("tools/tool.sh")["executable"]
    fs.get("tools/tool.sh", str(tmp_path / "got.sh"))
    assert os.access(tmp_path / "got.sh", os.X_OK)


def test_everything_below_a_path_is_found(fs: ObjstoreFileSystem) -> None:
    assert names(fs.find("pets")) == sorted(TREE)
    assert names(fs.find("pets/images")) == ["images/cat.png", "images/dog.png", "images/raw/1.bin"]
    assert names(fs.find("pets/images", maxdepth=1)) == ["images/cat.png", "images/dog.png"]
    assert names(fs.find("pets/train.csv")) == ["train.csv"]
    folders = names(fs.find("pets/images", withdirs=True))
    assert folders == ["images", "images/cat.png", "images/dog.png", "images/raw", "images/raw/1.bin"]
    detailed = fs.find("pets", withdirs=True, detail=True)
    assert all(detailed[name] == fs.info(name) for name in detailed)


@given(
    st.sets(st.lists(st.sampled_from(["a", "b", "a.b", "c"]), min_size=1, max_size=4).map("/".join), max_size=12),
    st.sampled_from(["", "/a", "/a/b", "/c"]),
    st.booleans(),
)
@settings(max_examples=40)
def test_finding_all_gives_what_walking_does(repo: objstore.Repository, wanted: set[str], below: str, withdirs: bool) -> None:
    files = {path for path in wanted if not any(other.startswith(path + "/") for other in wanted)}
    name = add(repo, "drawn", dict.fromkeys(files, "x"))
    fs = ObjstoreFileSystem()
    at = name + below
    assert fs.find(at, withdirs=withdirs, detail=True) == fs.find(at, maxdepth=99, withdirs=withdirs, detail=True)


def test_walking_goes_from_the_top_down(fs: ObjstoreFileSystem) -> None:
    walked = [(path, sorted(folders), sorted(files)) for path, folders, files in fs.walk("pets/images")]
    assert walked == [("pets/images", ["raw"], ["cat.png", "dog.png"]), ("pets/images/raw", [], ["1.bin"])]


def test_globs_match_inside_a_version(fs: ObjstoreFileSystem) -> None:
    assert fs.glob("objstore://pets:v0/*/*.png") == ["pets:v0/images-old/cat.png", "pets:v0/images/cat.png", "pets:v0/images/dog.png"]
    assert fs.glob("pets/**/1.bin") == ["pets/images/raw/1.bin"]
    assert fs.glob("pets/train.csv") == ["pets/train.csv"]
    assert fs.glob("pets/*.parquet") == []


def test_sizes_add_up(fs: ObjstoreFileSystem) -> None:
    assert fs.du("pets") == fs.du("") == sum(map(len, TREE.values()))
    assert fs.du("pets/images") == 1006
    assert fs.du("pets/train.csv") == 12
    assert fs.du("pets/images", maxdepth=1) == 6
    assert fs.du("pets/images", total=False) == {"pets/images/cat.png": 3, "pets/images/dog.png": 3, "pets/images/raw/1.bin": 1000}


def test_keys_follow_from_the_content(repo: objstore.Repository, fs: ObjstoreFileSystem) -> None:
    assert fs.ukey("pets/train.csv") == plain(TREE["train.csv"]).hex()
    assert fs.checksum("pets/train.csv") == int(fs.ukey("pets/train.csv"), 16)
    assert fs.ukey("pets") == repo.artifact("pets").digest
    assert fs.ukey("pets/images") != fs.ukey("pets/images-old")
    before = fs.ukey("pets/images/cat.png"), fs.ukey("pets/images/dog.png"), fs.ukey("pets/images")
    add(repo, "pets", {**FILES, "images/cat.png": "another cat"})
    after = fs.ukey("pets/images/cat.png"), fs.ukey("pets/images/dog.png"), fs.ukey("pets/images")
    assert [old == new for old, new in zip(before, after, strict=True)] == [False, True, False]


def test_times_are_those_of_the_version(repo: objstore.Repository, fs: ObjstoreFileSystem) -> None:
    logged = repo.artifact("pets").created_at
    assert fs.created("pets/train.csv") == fs.modified("pets") == datetime.fromisoformat(logged)
    assert fs.created("pets").tzinfo is UTC
    assert fs.info("pets/train.csv")["mtime"] == fs.created("pets").timestamp()


def test_a_reference_says_so_and_is_not_opened(project: Project) -> None:
    with project.writing():
        draft = project.open_draft()
        elsewhere = reference_entry({"uri": "s3://bucket/a", "etag": "1"})
        root = edit(DraftNodes(project.database, draft), None, [(b"a", elsewhere), (b"b", reference_entry({"uri": "s3://bucket/b"}, 5))])
        log_draft(project, draft, root, Labels("outside"))
    fs = ObjstoreFileSystem(project.folder)
    info = fs.info("outside/a")
    assert (info["type"], info["size"], info["reference"]) == ("file", None, {"uri": "s3://bucket/a", "etag": "1"})
    assert fs.info("outside/b")["size"] == fs.du("outside") == sum(fs.du("outside", total=False).values()) == 5
    for reading in (fs.open, fs.cat_file):
        with pytest.raises(objstore.InvalidInputError, match="s3://bucket/a"):
            reading("outside/a")
