"""What the first part of a path means, and when."""

from pathlib import Path

import pytest

import objstore
from objstore.errors import EntryNotFoundError, InvalidInputError, NotFoundError
from objstore.fs.filesystem import ObjstoreFileSystem
from objstore.repository.project import Project
from tests.fs.conftest import add


@pytest.fixture
def numbers(repo: objstore.Repository) -> objstore.Repository:
    """`numbers`, with v0 to v2, whose file says which it is."""
    for number in range(3):
        add(repo, "numbers", {"n.txt": str(number)}, aliases=["first draft"] if number == 1 else [])
    return repo


def read(fs: ObjstoreFileSystem, name: str) -> bytes:
    return fs.cat_file(f"{name}/n.txt")


def test_a_version_is_named_by_number_alias_or_digest(numbers: objstore.Repository, fs: ObjstoreFileSystem) -> None:
    assert [read(fs, f"numbers:v{number}") for number in range(3)] == [b"0", b"1", b"2"]
    assert read(fs, "numbers") == read(fs, "numbers:latest") == b"2"
    assert read(fs, "numbers:first draft") == b"1"
    root = fs.info("numbers:v1")["digest"]
    assert read(fs, f"numbers@{root}") == read(fs, f"numbers@{root[:8].upper()}") == b"1"
    assert root == numbers.artifact("numbers:v1").digest


def test_the_name_that_was_asked_for_is_in_what_is_handed_out(numbers: objstore.Repository, fs: ObjstoreFileSystem) -> None:
    assert fs.ls("numbers:v1", detail=False) == ["numbers:v1/n.txt"]
    assert fs.ls("numbers", detail=False) == ["numbers/n.txt"]
    assert fs.info("objstore://numbers:first draft/n.txt")["version"] == "v1"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nombers/n.txt", "numbers"),
        ("numbers:v9/n.txt", "v0 to v2"),
        ("numbers:lastest/n.txt", "latest"),
        ("numbers@ffff0000/n.txt", "ffff0000"),
        ("numbers/m.txt", "n.txt"),
        ("numbers:v1/n.txt/below", "n.txt/below"),
        ("no name/n.txt", "letters"),
        ("numbers:/n.txt", "alias"),
        ("numbers/\udcff", "udcff"),
        ("default/repo/numbers/n.txt", "default"),
    ],
)
def test_what_is_not_there_is_not_found_and_the_error_says_what_is(numbers: objstore.Repository, path: str, said: str) -> None:
    fs = ObjstoreFileSystem()
    for call in (fs.info, fs.open, fs.cat_file, fs.ls, fs.ukey, fs.created):
        with pytest.raises(FileNotFoundError, match=said):
            call(path)
    assert not fs.exists(path)
    assert not fs.isfile(path)
    assert not fs.isdir(path)
    assert fs.find(path) == []
    assert fs.du(path) == 0
    assert list(fs.walk(path)) == []


def test_an_ambiguous_digest_is_an_error_of_its_own(repo: objstore.Repository, fs: ObjstoreFileSystem) -> None:
    found: dict[str, str] = {}
    prefix = ""
    for number in range(10_000):
        draft = objstore.Artifact("many", type="dataset")
        with draft.new_file("n") as file:
            file.write(str(number))
        root = draft.digest
        prefix = root[:4]
        if prefix in found:
            for text in (found[prefix], str(number)):
                add(repo, "many", {"n": text})
            break
        found[prefix] = str(number)
    with pytest.raises(InvalidInputError, match="ambiguous"):
        fs.info(f"many@{prefix}/n")


def test_an_alias_is_looked_up_anew_by_each_call(numbers: objstore.Repository, fs: ObjstoreFileSystem) -> None:
    assert read(fs, "numbers") == b"2"
    file = fs.open("numbers/n.txt")
    with objstore.open(numbers.path) as elsewhere:
        add(elsewhere, "numbers", {"n.txt": "3"}, aliases=["first draft"])
    assert read(fs, "numbers") == read(fs, "numbers:first draft") == b"3"
    assert read(fs, "numbers:v3") == b"3"
    assert file.read() == b"2"


def test_a_number_is_looked_up_in_the_log_only_when_it_is_not_known(
    numbers: objstore.Repository, fs: ObjstoreFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    refresh = Project.refresh
    monkeypatch.setattr(Project, "refresh", lambda self: looks.append(1) or refresh(self))
    read(fs, "numbers:v0")
    looks.clear()
    for _ in range(5):
        read(fs, "numbers:v1")
    assert not looks
    with objstore.open(numbers.path) as elsewhere:
        add(elsewhere, "numbers", {"n.txt": "3"})
    assert read(fs, "numbers:v3") == b"3"


def test_a_call_that_does_many_sees_one_version(
    numbers: objstore.Repository, fs: ObjstoreFileSystem, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    add(numbers, "pair", {"a": "old", "b": "old"})
    one = fs.get_file

    def get_file(rpath: str, lpath: str, **kwargs: object) -> None:
        one(rpath, lpath, **kwargs)
        add(numbers, "pair", {"a": "new", "b": "new", "c": lpath})

    monkeypatch.setattr(fs, "get_file", get_file)
    fs.get("pair", str(tmp_path / "out"), recursive=True)
    assert [(tmp_path / "out" / name).read_text() for name in "ab"] == ["old", "old"]
    assert fs.cat("pair/a") == b"new"


def test_what_gc_has_taken_is_not_found(numbers: objstore.Repository) -> None:
    fs = ObjstoreFileSystem(cache_bytes=0)
    file = fs.open("numbers:v1/n.txt")
    numbers.artifact("numbers:v1").delete(delete_aliases=True)
    assert file.read() == b"1"
    numbers.gc()
    fresh = ObjstoreFileSystem(cache_bytes=1)
    file.seek(0)
    for reading in (file.read, lambda: fs.cat_file("numbers:v1/n.txt"), lambda: fresh.cat_file("numbers:v1/n.txt")):
        with pytest.raises(FileNotFoundError, match="deleted"):
            reading()


def test_there_must_be_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fs = ObjstoreFileSystem()
    with pytest.raises(FileNotFoundError, match="objstore init") as caught:
        fs.ls("")
    assert isinstance(caught.value, NotFoundError)
    assert isinstance(caught.value, EntryNotFoundError)
