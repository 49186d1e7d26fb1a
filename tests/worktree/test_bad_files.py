"""Files that change, vanish or refuse while they are read: a clear error that names them, and nothing is lost."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from objstore.errors import SourceFileError
from objstore.odb.draftfile import DraftFile
from objstore.repository.project import Project
from tests.odb.stores import noise
from tests.repository.stores import add_folder, content_of, temporary_files, write_files

SIZES = {"small": 1000, "middling": 100_000, "large": 10_000_000}
sizes = pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_files(tmp_path / "source", {"before": b"1", "zlast": b"2"})


def on_fstat(monkeypatch: pytest.MonkeyPatch, file: Path, act: Callable[[], object], times: int) -> None:
    """Does something to `file` just before its reader looks whether it has changed."""
    fstat, left = os.fstat, [times]

    def watching(fd: int) -> os.stat_result:
        if left[0] and os.readlink(f"/proc/self/fd/{fd}") == str(file):
            left[0] -= 1
            act()
        return fstat(fd)

    monkeypatch.setattr(os, "fstat", watching)


def on_open(monkeypatch: pytest.MonkeyPatch, file: Path, act: Callable[[], object]) -> None:
    os_open = os.open

    def watching(path: str | bytes, *args: int, **kwargs: int) -> int:
        if os.fsdecode(path) == str(file):
            act()
        return os_open(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", watching)


def refuse(number: int) -> None:
    raise OSError(number, os.strerror(number))


def append(file: Path) -> None:
    with file.open("ab") as opened:
        opened.write(b"more")


def nothing_was_added(project: Project) -> None:
    assert project.state.find_collection("data") is None
    assert temporary_files(project.folder) == []
    assert DraftFile.packs_in_use(project.drafts) == set()


@sizes
def test_a_file_that_changes_once_while_it_is_read_is_read_again(
    project: Project, source: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    file = source / "file"
    file.write_bytes(noise(1, size))
    on_fstat(monkeypatch, file, lambda: append(file), 1)
    root = add_folder(project, source).version.root
    assert content_of(project, root)["file"] == noise(1, size) + b"more"


@sizes
def test_a_file_that_shrinks_while_it_is_read_is_read_again(
    project: Project, source: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    file = source / "file"
    file.write_bytes(noise(1, size))
    on_fstat(monkeypatch, file, lambda: os.truncate(file, 10), 1)
    assert content_of(project, add_folder(project, source).version.root)["file"] == noise(1, size)[:10]


@sizes
def test_a_file_that_keeps_changing_is_named_and_nothing_is_added(
    project: Project, source: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    file = source / "file"
    file.write_bytes(noise(1, size))
    on_fstat(monkeypatch, file, lambda: append(file), 99)
    with pytest.raises(SourceFileError, match="source/file changes while it is read"):
        add_folder(project, source)
    nothing_was_added(project)
    monkeypatch.undo()
    assert content_of(project, add_folder(project, source).version.root)["file"] == file.read_bytes()


@sizes
@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ENOENT])
def test_a_file_that_cannot_be_opened_is_named_and_nothing_is_added(
    project: Project, source: Path, monkeypatch: pytest.MonkeyPatch, size: int, number: int
) -> None:
    file = source / "file"
    file.write_bytes(noise(1, size))
    on_open(monkeypatch, file, lambda: refuse(number))
    with pytest.raises(SourceFileError, match=f"source/file.*{os.strerror(number)}"):
        add_folder(project, source)
    nothing_was_added(project)


@sizes
def test_a_file_that_cannot_be_read_to_its_end_is_named(project: Project, source: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    file = source / "file"
    file.write_bytes(noise(1, size))
    for name in ("read", "readv"):
        original = getattr(os, name)

        def failing(fd: int, *args: object, original: Callable[..., object] = original) -> object:
            if os.readlink(f"/proc/self/fd/{fd}") == str(file):
                refuse(errno.EIO)
            return original(fd, *args)

        monkeypatch.setattr(os, name, failing)
    with pytest.raises(SourceFileError, match=f"source/file.*{os.strerror(errno.EIO)}"):
        add_folder(project, source)
    nothing_was_added(project)


def test_a_file_that_vanishes_after_the_scan_is_named(project: Project, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = source / "file"
    file.write_bytes(b"here")
    on_open(monkeypatch, file, lambda: file.unlink(missing_ok=True))
    with pytest.raises(SourceFileError, match="source/file"):
        add_folder(project, source)
    nothing_was_added(project)


def test_a_file_that_turns_into_a_pipe_does_not_hang_the_add(project: Project, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = source / "file"
    file.write_bytes(b"here")

    def swap() -> None:
        file.unlink()
        os.mkfifo(file)

    on_open(monkeypatch, file, swap)
    with pytest.raises(SourceFileError, match="source/file"):
        add_folder(project, source)


def test_a_file_that_turns_into_a_folder_is_named(project: Project, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = source / "file"
    file.write_bytes(b"here")
    on_open(monkeypatch, file, lambda: (file.unlink(), file.mkdir()) if file.is_file() else None)
    with pytest.raises(SourceFileError, match="source/file"):
        add_folder(project, source)


@pytest.mark.parametrize("kind", ["dangling", "cycle", "socket name", "bad name"])
def test_what_cannot_be_taken_is_found_before_anything_is_read(
    project: Project, source: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    if kind == "dangling":
        (source / "zz").symlink_to("gone")
    elif kind == "cycle":
        (source / "zz").symlink_to(".")
    elif kind == "socket name":
        os.mkfifo(source / "zz")
    else:
        (source / os.fsdecode(b"zz\xff")).write_bytes(b"")
    opened: list[str] = []
    on_open(monkeypatch, source / "before", lambda: opened.append("before"))
    with pytest.raises(SourceFileError):
        add_folder(project, source)
    assert opened == []
    nothing_was_added(project)
    assert not list(project.blobs.list("packs/"))
