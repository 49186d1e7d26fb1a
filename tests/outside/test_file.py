"""Files of this machine."""

import os
from pathlib import Path

import pytest
from blake3 import blake3

from objstore.errors import (
    InvalidInputError,
    ReferenceChangedError,
    ReferenceMissingError,
    SourceFileError,
    SourceMissingError,
)
from objstore.outside.fetching import fetch
from objstore.outside.opening import Outside
from objstore.outside.resolving import resolve
from objstore.outside.seen import Seen
from objstore.outside.uri import Uri
from tests.sdk.files import tree


def found(outside: Outside, uri: str, most: int = 100) -> dict[str, Seen]:
    return dict(resolve(outside, Uri.parse(uri), most))


def test_a_file_is_known_by_its_content(outside: Outside, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("meow")
    (seen,) = found(outside, f"file://{tmp_path}/a.txt").values()
    assert (seen.size, seen.marks) == (4, {"blake3": blake3(b"meow").hexdigest()})
    assert b"".join(fetch(outside, seen)) == b"meow"
    assert found(outside, f"file://localhost{tmp_path}/a.txt")[""].marks == seen.marks


def test_a_folder_stands_for_all_files_in_it_hidden_and_linked_ones_too(outside: Outside, tmp_path: Path) -> None:
    tree(tmp_path / "images", {"b.png": "b", "sub/.hidden": "h", "empty/": ""})
    tree(tmp_path / "images2", {"no.png": "n"})
    (tmp_path / "images/linked").symlink_to(tmp_path / "images2")
    names = found(outside, f"file://{tmp_path}/images")
    assert list(names) == ["b.png", "linked/no.png", "sub/.hidden"]
    assert names["sub/.hidden"].uri == f"file://{tmp_path}/images/sub/.hidden"
    assert list(found(outside, f"file://{tmp_path}/images/")) == list(names)


def test_escapes_are_resolved_where_no_file_is_called_so(outside: Outside, tmp_path: Path) -> None:
    tree(tmp_path / "my data", {"a b.txt": "1", "c%20d.txt": "2"})
    names = found(outside, (tmp_path / "my data").as_uri())
    assert [b"".join(fetch(outside, seen)) for seen in names.values()] == [b"1", b"2"]
    assert b"".join(fetch(outside, found(outside, f"file://{tmp_path}/my data/c%20d.txt")[""])) == b"2"


def test_a_change_shows_be_it_of_the_same_size(outside: Outside, tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("meow")
    (seen,) = found(outside, f"file://{file}").values()
    file.write_text("wuff")
    with pytest.raises(ReferenceChangedError, match=r"file://.*/a isn't what it was.*its BLAKE3 is"):
        list(fetch(outside, seen))
    file.write_text("longer")
    with pytest.raises(ReferenceChangedError, match="it has 6 bytes, not 4"):
        list(fetch(outside, seen))
    file.unlink()
    with pytest.raises(ReferenceMissingError, match="nothing at file://"):
        list(fetch(outside, seen))


def test_nothing_there_is_file_not_found(outside: Outside, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for uri in (f"file://{tmp_path}/nothing", f"file://{tmp_path}/empty"):
        with pytest.raises(FileNotFoundError, match="there is nothing at"):
            found(outside, uri)


def test_more_files_than_wanted_are_an_error_not_a_cut(outside: Outside, tmp_path: Path) -> None:
    tree(tmp_path / "many", {str(number): "" for number in range(5)})
    assert len(found(outside, f"file://{tmp_path}/many", 5)) == 5
    with pytest.raises(ValueError, match="more than 4 objects"):
        found(outside, f"file://{tmp_path}/many", 4)


def test_what_cant_be_read_as_it_is_is_refused(outside: Outside, tmp_path: Path) -> None:
    tree(tmp_path / "loop", {"a": "1"})
    (tmp_path / "loop/again").symlink_to(tmp_path / "loop")
    with pytest.raises(SourceFileError, match="leads back"):
        found(outside, f"file://{tmp_path}/loop")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(SourceMissingError, match="dangling link"):
        found(outside, f"file://{tmp_path}/folder")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceFileError, match="not a regular file"):
        found(outside, f"file://{tmp_path}/pipe")
    with pytest.raises(InvalidInputError, match="absolute path"):
        found(outside, "file://data/x")
