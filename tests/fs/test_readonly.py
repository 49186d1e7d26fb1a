"""Whatever would change something is refused, and changes nothing."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

import objstore
from objstore.fs.filesystem import ObjstoreFileSystem

WRITING: dict[str, Callable[[ObjstoreFileSystem, str], object]] = {
    "open w": lambda fs, _: fs.open("pets/new", "w"),
    "open wb": lambda fs, _: fs.open("pets/train.csv", "wb"),
    "open xb": lambda fs, _: fs.open("pets/new", "xb"),
    "open ab": lambda fs, _: fs.open("pets/train.csv", "ab"),
    "open r+b": lambda fs, _: fs.open("pets/train.csv", "r+b"),
    "touch": lambda fs, _: fs.touch("pets/new"),
    "touch, not cut": lambda fs, _: fs.touch("pets/train.csv", truncate=False),
    "write_text": lambda fs, _: fs.write_text("pets/new", "text"),
    "pipe": lambda fs, _: fs.pipe({"pets/new": b"bytes"}),
    "pipe_file": lambda fs, _: fs.pipe_file("pets/new", b"bytes"),
    "put": lambda fs, here: fs.put(here, "pets/new"),
    "put_file": lambda fs, here: fs.put_file(here, "pets/new"),
    "upload": lambda fs, here: fs.upload(here, "pets/new", recursive=True),
    "rm": lambda fs, _: fs.rm("pets", recursive=True),
    "rm_file": lambda fs, _: fs.rm_file("pets/train.csv"),
    "delete": lambda fs, _: fs.delete("pets/train.csv"),
    "rmdir": lambda fs, _: fs.rmdir("pets/images"),
    "mkdir": lambda fs, _: fs.mkdir("pets/new"),
    "makedirs": lambda fs, _: fs.makedirs("pets/images", exist_ok=True),
    "copy": lambda fs, _: fs.copy("pets/train.csv", "pets/new"),
    "cp_file": lambda fs, _: fs.cp_file("pets/train.csv", "pets/new"),
    "mv": lambda fs, _: fs.mv("pets/train.csv", "pets/new"),
    "rename": lambda fs, _: fs.rename("pets/train.csv", "pets/new"),
}


@pytest.mark.parametrize("call", WRITING)
def test_writing_is_refused(repo: objstore.Repository, fs: ObjstoreFileSystem, call: str, tmp_path: Path) -> None:
    (tmp_path / "here").write_text("here")
    before = fs.find("pets", detail=True)
    with pytest.raises(OSError, match="can't be changed") as caught:
        WRITING[call](fs, str(tmp_path / "here"))
    assert caught.value.errno == errno.EROFS
    assert fs.find("pets", detail=True) == before
    assert len(repo.artifacts("pets")) == 1
