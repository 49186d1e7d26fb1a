"""Stores that can't be written, that are newer, or that lie on a network disk."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from objstore.errors import CorruptionError, NotFoundError, StorageError, UnsupportedFormatError
from objstore.host import filesystem
from objstore.repository.project import Project, open_project
from objstore.repository.settings import NAME
from objstore.values.digest import plain
from tests.odb.stores import noise
from tests.repository.stores import add_folder, check_out, content_of, files_of, write_files

FILES = {"a": b"1", "dir/b": noise(1, 300_000)}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_files(tmp_path / "source", FILES)


@pytest.fixture
def read_only(small_disk: Path, source: Path) -> Iterator[Path]:
    """A project on a disk that was mounted read-only after something had been added; nobody's cache is left."""
    with Project.create_at(small_disk / "project") as project:
        add_folder(project, source)
    subprocess.run(["rm", "-r", str(small_disk / "project" / "local")], check=True)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True, capture_output=True)
    yield small_disk / "project"


def test_a_store_on_a_read_only_disk_can_be_read(read_only: Path, tmp_path: Path) -> None:
    with Project(read_only) as project:
        (version,) = project.state.collection("data").live()
        assert content_of(project, version.root) == FILES
        check_out(project, version.root, tmp_path / "target")
        assert files_of(tmp_path / "target") == FILES


def test_writing_to_a_read_only_disk_says_so(read_only: Path, source: Path) -> None:
    with Project(read_only) as project, pytest.raises(StorageError, match="read-only"):
        add_folder(project, source)


def test_a_store_with_its_local_folder_on_a_read_only_disk_can_be_read(small_disk: Path, source: Path, tmp_path: Path) -> None:
    with Project.create_at(small_disk / "project") as project:
        root = add_folder(project, source).version.root
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True, capture_output=True)
    with Project(small_disk / "project") as project:
        check_out(project, root, tmp_path / "target")
        assert files_of(tmp_path / "target") == FILES
        with pytest.raises(StorageError, match="read-only"):
            add_folder(project, source)


def test_a_project_cannot_be_made_on_a_read_only_disk(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True, capture_output=True)
    with pytest.raises(StorageError, match="read-only"):
        Project.create(small_disk, "vision")


# -- formats -----------------------------------------------------------------------------------------------------------


def test_a_store_of_a_newer_format_is_refused_with_its_number(project: Project) -> None:
    settings = project.folder / NAME
    settings.write_bytes(settings.read_bytes().replace(b'"format":1', b'"format":2'))
    with pytest.raises(UnsupportedFormatError, match=r"format 2.*upgrade"):
        Project(project.folder)


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b'{"format":1}'])
def test_damaged_settings_are_found(project: Project, data: bytes) -> None:
    (project.folder / NAME).write_bytes(data)
    with pytest.raises(CorruptionError, match=NAME):
        Project(project.folder)


# -- network disks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "9p", "fuse.sshfs"])
def test_on_a_network_disk_the_cache_is_the_users(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(filesystem, "kind", lambda _: kind)
    with Project.create_at(tmp_path / "project") as project:
        root = add_folder(project, source).version.root
        assert content_of(project, root) == FILES
        assert not (tmp_path / "project" / "local" / "cache").exists()
        assert [path.name.split("-")[0] for path in (tmp_path / "user-cache" / "objstore").iterdir() if path.is_dir()] == [
            project.settings.project
        ]


def test_two_copies_of_a_store_on_a_network_disk_have_two_caches(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filesystem, "kind", lambda _: "nfs")
    Project.create_at(tmp_path / "project").close()
    subprocess.run(["cp", "-r", str(tmp_path / "project"), str(tmp_path / "copy")], check=True)
    with Project(tmp_path / "project") as project, Project(tmp_path / "copy") as copy:
        add_folder(project, source)
        copy.refresh()
        assert copy.state.find_collection("data") is None
        assert list(project.cache.locate_from(b"")) and not list(copy.cache.locate_from(b""))


def test_the_kind_of_a_mounted_disk_is_found(small_disk: Path, tmp_path: Path) -> None:
    (small_disk / "inner").mkdir()
    assert filesystem.kind(small_disk / "inner") == "tmpfs"
    assert filesystem.kind(small_disk) == "tmpfs"
    assert filesystem.kind(tmp_path) != "tmpfs" or Path("/tmp").is_mount()


# -- finding -----------------------------------------------------------------------------------------------------------


def test_a_project_is_found_from_any_folder_below(tmp_path: Path) -> None:
    Project.create(tmp_path, "team/vision").close()
    (tmp_path / "deep" / "er").mkdir(parents=True)
    with open_project(tmp_path / "deep" / "er") as project:
        assert project.folder == tmp_path / ".objstore" / "team" / "vision"


def test_without_a_project_the_message_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="objstore init"):
        open_project(tmp_path)
    with pytest.raises(NotFoundError, match="nowhere"):
        open_project(tmp_path / "nowhere")


def test_a_truncated_segment_is_named(project: Project, source: Path) -> None:
    add_folder(project, source)
    (name,) = project.state.segments
    path = project.folder / "index" / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CorruptionError, match=f"{name[:12]}.*fsck"):
        project.forget_cache()


def test_the_settings_have_a_checksum(project: Project) -> None:
    data = (project.folder / NAME).read_bytes()
    body, _, checksum = data.partition(b',"checksum":')
    assert checksum == b'"' + plain(body).hex().encode() + b'"}\n'


def test_a_project_that_can_t_be_opened_keeps_nothing_open(tmp_path: Path, source: Path) -> None:
    folder = tmp_path / "project"
    with Project.create_at(folder) as project:
        add_folder(project, source)
    shutil.rmtree(folder / "local" / "cache")
    (folder / "log/main" / f"{1:020d}").write_bytes(b"damaged")
    before = len(os.listdir("/dev/fd"))
    with pytest.raises(CorruptionError) as caught:
        Project(folder)
    assert caught.value and len(os.listdir("/dev/fd")) == before
