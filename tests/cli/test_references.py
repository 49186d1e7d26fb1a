"""Versions that hold references, on the command line."""

import os
from pathlib import Path

import pytest

import objstore
from objstore.host.clock import file_clock
from objstore.odb.cache import discard
from objstore.worktree import hashing
from tests.cli.conftest import Cli
from tests.servers.web import Page, Site


@pytest.fixture
def pets(cli: Cli, web: Site) -> Cli:
    """`pets:v0` with a file and two references, `pets:v1` with another file and one reference less."""
    web.pages["/cat.png"] = Page(b"meow", '"1"')
    web.pages["/dog.png"] = Page(b"wuff", '"2"')
    with objstore.open(cli.folder) as repo:
        for names in (["cat.png", "dog.png"], ["cat.png"]):
            artifact = repo.new_artifact("pets", type="dataset")
            for name in names:
                artifact.add_reference(f"{web.url}/{name}", f"images/{name}")
            with artifact.new_file("notes.txt") as file:
                file.write(f"{len(names)} images")
            repo.log(artifact)
    return cli


def test_looking_asks_nobody(pets: Cli, web: Site) -> None:
    web.requests.clear()
    web.pages.clear()
    assert pets("ls", "pets:v0", "images").lines == ["4 B    cat.png", "4 B    dog.png"]
    first = pets.json("ls", "pets:v0", "images/cat.png")[0]
    assert (first["kind"], first["reference"]) == ("reference", {"uri": f"{web.url}/cat.png", "etag": "1"})
    assert pets.json("show", "pets:v0")["bytes"] == 16
    assert [item["path"] for item in pets.json("diff", "pets:v0", "pets:v1", code=1)["removed"]] == ["images/dog.png"]
    assert "no problems" in pets("fsck").out
    pets("du")
    pets("gc")
    pets("remote", "add", "origin", "../shared")
    pets("push")
    pets("clone", "../shared", "../clone")
    assert "no problems" in pets("-C", "../clone", "fsck").out
    pets("prune")
    assert web.requests == []


def test_a_size_that_nobody_knows_is_shown_as_such(cli: Cli) -> None:
    with objstore.open(cli.folder) as repo:
        artifact = repo.new_artifact("far", type="dataset")
        artifact.add_reference("s3://nowhere/a", checksum=False)
        repo.log(artifact)
    assert cli("ls", "far").lines == ["?    a"]
    assert cli.json("ls", "far")[0]["size"] is None
    assert cli.json("show", "far")["bytes"] == 0


def test_cat_and_get_fetch(pets: Cli, web: Site, tmp_path: Path) -> None:
    assert pets("cat", "pets:v0", "images/dog.png").out == "wuff"
    assert pets.json("get", "pets:v0", "out")["written_bytes"] == 16
    assert (pets.folder / "out/images/cat.png").read_text() == "meow"
    web.pages["/dog.png"] = Page(b"wau!", '"3"')
    assert f"images/dog.png can't be fetched: {web.url}/dog.png isn't what it was" in pets("cat", "pets:v0", "images/dog.png", code=4).err
    assert "its ETag is 3, not 2" in pets("get", "pets:v0", "new", code=4).err
    del web.pages["/dog.png"]
    refused = pets("get", "pets:v0", "new", code=3).err
    assert f"images/dog.png refers to {web.url}/dog.png" in refused and "--allow-missing-references" in refused
    partly = pets("get", "pets:v0", "partly", "--allow-missing-references")
    assert partly.out == "partly\n" and f"images/dog.png was left out: it refers to {web.url}/dog.png" in partly.err
    assert (pets.folder / "partly/images/cat.png").exists() and not (pets.folder / "partly/images/dog.png").exists()
    assert pets.json("get", "pets:v0", "partly", "--allow-missing-references")["missing"] == ["images/dog.png"]
    web.pages["/dog.png"] = Page(status=403)
    assert "access denied" in pets("cat", "pets:v0", "images/dog.png", code=6).err


@pytest.mark.parametrize("mode", ["kept", "unknown"])
def test_pinned_references_are_unchanged_once_they_are_fetched(pets: Cli, web: Site, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if mode == "unknown":
        monkeypatch.setattr("objstore.repository.project.Project.keep_mode_for", lambda *_: False)
    pets("checkout", "pets:v0", "data")
    web.requests.clear()
    for _ in range(2):
        assert pets("status").lines == ["data  pets:v0  unchanged  3 files"]
    assert pets("diff").lines == ["no differences"]
    pets.write("data/images/cat.png", "MEOW")
    assert "modified  1 modified" in pets("status", code=1).out
    assert "images/cat.png" in pets("checkout", "pets:v1", code=4).err
    assert pets("checkout", "--force").code == 0
    assert (pets.folder / "data/images/cat.png").read_text() == "meow"
    assert [path for _, path, _ in web.requests] == ["/cat.png"]


def test_what_was_fetched_is_read_once(pets: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    pets("checkout", "pets:v0", "data")
    read: list[bytes] = []
    digest = hashing._digest

    def noting(fd: int, progress: object) -> object:
        read.append(os.pread(fd, 99, 0))
        return digest(fd, progress)  # type: ignore[arg-type]

    monkeypatch.setattr(hashing, "_digest", noting)
    for name in ("cat.png", "dog.png"):
        os.utime(pets.folder / "data/images" / name, ns=(0, 0))
    until = file_clock(pets.folder)
    while file_clock(pets.folder) <= until:
        os.utime(pets.folder, None)
    for expected in ([b"meow", b"wuff"], []):
        read.clear()
        assert pets("status").lines == ["data  pets:v0  unchanged  3 files"]
        assert [content for content in sorted(read) if b"images" not in content] == expected
    pets.write("data/images/cat.png", "MEOW")
    assert "1 modified" in pets("status", code=1).out


def test_switching_fetches_and_removes_only_what_differs(pets: Cli, web: Site) -> None:
    pets("checkout", "pets:v0", "data")
    web.requests.clear()
    pets("checkout", "pets:v1", "data")
    assert not (pets.folder / "data/images/dog.png").exists()
    assert pets("status").lines == ["data  pets:v1  unchanged  2 files"]
    assert web.requests == []
    pets("checkout", "pets:v0", "data")
    assert [path for _, path, _ in web.requests] == ["/dog.png"]
    assert pets("status").lines == ["data  pets:v0  unchanged  3 files"]


def test_a_reference_of_unknown_size_is_unchanged_too(cli: Cli, web: Site) -> None:
    web.pages["/a"] = Page(b"meow")
    with objstore.open(cli.folder) as repo:
        artifact = repo.new_artifact("far", type="dataset")
        artifact.add_reference(f"{web.url}/a", "data", checksum=False)
        artifact.add_reference(f"{web.url}/a", "more/a", checksum=False)
        repo.log(artifact)
    cli("checkout", "far:v0", "far")
    assert cli("status").lines == ["far  far:v0  unchanged  2 files"]
    cli.write("far/data", "edited")
    assert "1 modified" in cli("status", code=1).out


def test_without_a_memory_of_what_was_fetched_nothing_is_overwritten(pets: Cli, web: Site) -> None:
    pets("checkout", "pets:v0", "data")
    discard(pets.folder / ".objstore/default/vision/local/cache")
    assert "2 modified" in pets("status", code=1).out
    assert "no version holds" in pets("checkout", "pets:v1", code=4).err
    pets("checkout", "--force")
    assert pets("status").lines == ["data  pets:v0  unchanged  3 files"]


def test_adding_a_pinned_folder_takes_in_what_was_fetched(pets: Cli, web: Site) -> None:
    pets("checkout", "pets:v0", "data")
    assert pets("status").lines == ["data  pets:v0  unchanged  3 files"]
    assert "pets:v2" in pets("add", "data").out
    web.pages.clear()
    kinds = {item["path"]: item["kind"] for item in pets.json("ls", "pets:v2")}
    assert kinds == {"images/cat.png": "file", "images/dog.png": "file", "notes.txt": "file"}
    assert pets("status").lines == ["data  pets:v2  unchanged  3 files"]
    assert pets("cat", "pets:v2", "images/dog.png").out == "wuff"
    changed = pets.json("diff", "pets:v0", "pets:v2", code=1)["type_changed"]
    assert [item["path"] for item in changed] == ["images/cat.png", "images/dog.png"]
