"""Files appear whole, whichever way the disk allows."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from objstore.worktree import newfile
from objstore.worktree.newfile import write_new


@pytest.fixture(params=["unnamed", "named"])
def folder(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    works = request.param == "unnamed"
    if works and not newfile._can_be_unnamed(os.open(tmp_path, os.O_RDONLY)):
        pytest.skip("this disk has no unnamed files")
    monkeypatch.setitem(newfile._unnamed_works, tmp_path.stat().st_dev, works)
    fd = os.open(tmp_path, os.O_RDONLY)
    yield fd
    os.close(fd)


def nothing() -> None:
    pass


def test_a_file_appears_when_it_is_complete(tmp_path: Path, folder: int) -> None:
    def complete() -> None:
        assert not (tmp_path / "name").exists()

    status = write_new(folder, b"name", [b"one", memoryview(b"two")], 0o600, complete)
    assert status == (tmp_path / "name").stat()  # before it is read, which changes the time of the last access
    assert (tmp_path / "name").read_bytes() == b"onetwo"
    assert status.st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["name"]


def test_it_takes_the_place_of_a_file_or_a_link(tmp_path: Path, folder: int) -> None:
    outside = tmp_path.parent / "outside"
    outside.write_bytes(b"kept")
    (tmp_path / "link").symlink_to(outside)
    (tmp_path / "file").write_bytes(b"old and long")
    for name in (b"link", b"file"):
        write_new(folder, name, [b"new"], 0o666, nothing)
        assert (tmp_path / name.decode()).read_bytes() == b"new"
    assert not (tmp_path / "link").is_symlink()
    assert outside.read_bytes() == b"kept"
    assert sorted(os.listdir(tmp_path)) == ["file", "link"]


@pytest.mark.parametrize("when", ["writing", "complete", "appearing"])
def test_when_it_fails_nothing_is_left(tmp_path: Path, folder: int, when: str) -> None:
    def blocks() -> Iterator[bytes]:
        yield b"one"
        if when == "writing":
            raise KeyboardInterrupt

    def complete() -> None:
        if when == "complete":
            raise KeyboardInterrupt

    if when == "appearing":
        (tmp_path / "name").mkdir()
    with pytest.raises(IsADirectoryError if when == "appearing" else KeyboardInterrupt):
        write_new(folder, b"name", blocks(), 0o666, complete)
    assert os.listdir(tmp_path) == (["name"] if when == "appearing" else [])
