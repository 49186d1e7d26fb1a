"""Other file systems of fsspec."""

import zipfile
from pathlib import Path

import fsspec
import pytest
from fsspec.registry import known_implementations

import objstore
from objstore.errors import InvalidInputError, ReferenceChangedError, ReferenceMissingError
from objstore.outside.fetching import fetch
from objstore.outside.opening import Outside
from objstore.outside.resolving import resolve
from objstore.outside.seen import Seen
from objstore.outside.uri import Uri
from tests.sdk.files import tree


def found(outside: Outside, uri: str) -> dict[str, Seen]:
    return dict(resolve(outside, Uri.parse(uri), 100))


def content(outside: Outside, seen: Seen) -> bytes:
    return b"".join(fetch(outside, seen))


@pytest.fixture
def memory(request: pytest.FixtureRequest) -> str:
    """A place in memory that nobody else uses."""
    fs = fsspec.filesystem("memory")
    folder = f"/{request.node.name.replace('/', '-')}"
    fs.pipe({f"{folder}/images/a": b"meow", f"{folder}/images/sub/b": b"wuff", f"{folder}/images2/c": b"no"})
    return f"memory:/{folder}"


def test_a_file_or_all_below_a_folder(outside: Outside, memory: str) -> None:
    names = found(outside, f"{memory}/images")
    assert {name: (seen.uri, seen.size) for name, seen in names.items()} == {
        "a": (f"{memory}/images/a", 4),
        "sub/b": (f"{memory}/images/sub/b", 4),
    }
    assert content(outside, names["sub/b"]) == b"wuff"
    assert list(found(outside, f"{memory}/images/a")) == [""]


def test_another_size_or_nothing_is_an_error(outside: Outside, memory: str) -> None:
    (seen,) = found(outside, f"{memory}/images/a").values()
    fs = fsspec.filesystem("memory")
    fs.pipe(f"{memory}/images/a", b"longer")
    with pytest.raises(ReferenceChangedError, match="it has 6 bytes, not 4"):
        content(outside, seen)
    fs.rm(f"{memory}/images/a")
    with pytest.raises(ReferenceMissingError, match=f"nothing at {memory}/images/a"):
        content(outside, seen)
    with pytest.raises(FileNotFoundError):
        found(outside, f"{memory}/images/a")


def test_large_files_are_read_in_parts(outside: Outside, memory: str) -> None:
    data = bytes(range(256)) * 40_000
    fsspec.filesystem("memory").pipe(f"{memory}/big", data)
    blocks = list(fetch(outside, found(outside, f"{memory}/big")[""]))
    assert b"".join(blocks) == data
    assert len(blocks) == 2


def test_a_checksum_that_the_file_system_gives_is_kept(outside: Outside, tmp_path: Path) -> None:
    tree(tmp_path / "images", {"a": "meow"})
    with objstore.open(tmp_path / "repo", create=True) as repo:
        repo.add(tmp_path / "images")
        uri = f"objstore://images/a::{tmp_path}/repo"
        (seen,) = found(outside, uri).values()
        assert seen.marks == {"checksum": f"digest:{repo.artifact('images').get_entry('a').digest}"}
        assert content(outside, seen) == b"meow"
        tree(tmp_path / "images", {"a": "wuff"})
        repo.add(tmp_path / "images")
        with pytest.raises(ReferenceChangedError, match="its checksum is digest:"):
            content(outside, seen)


def test_an_address_may_be_a_chain(outside: Outside, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as made:
        made.writestr("in/a.csv", "1,2")
        made.writestr("in/b.csv", "3,4")
    names = found(outside, f"zip://in::file://{tmp_path}/x.zip")
    assert {name: seen.uri for name, seen in names.items()} == {
        "a.csv": f"zip://in/a.csv::file://{tmp_path}/x.zip",
        "b.csv": f"zip://in/b.csv::file://{tmp_path}/x.zip",
    }
    assert content(outside, names["b.csv"]) == b"3,4"


def test_a_scheme_that_nobody_knows_is_invalid(outside: Outside) -> None:
    with pytest.raises(InvalidInputError, match="nosuchscheme"):
        found(outside, "nosuchscheme://host/x")


def test_a_scheme_whose_package_is_missing_says_so(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(known_implementations, "missing", {"class": "no_such_package.FileSystem", "err": "install it"})
    with pytest.raises(InvalidInputError, match="missing:// needs a package that isn't installed"):
        found(outside, "missing://host/x")
