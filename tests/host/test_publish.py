import errno
import os
import threading

import pytest

from objstore.errors import BlobExistsError, StorageError
from objstore.host.publish import make_folder, publish, translated


@pytest.fixture
def source(tmp_path):
    file = tmp_path / "draft.tmp"
    file.write_bytes(b"new")
    return file


def test_a_published_file_appears_whole_and_its_draft_is_gone(tmp_path, source):
    publish(source, tmp_path / "a/b/c")
    assert (tmp_path / "a/b/c").read_bytes() == b"new"
    assert not source.exists()


def test_publish_never_overwrites(tmp_path, source):
    target = tmp_path / "target"
    target.write_bytes(b"old")
    with pytest.raises(BlobExistsError):
        publish(source, target)
    assert target.read_bytes() == b"old"
    assert source.read_bytes() == b"new"


def test_publish_never_overwrites_a_dangling_link_or_a_folder(tmp_path, source):
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "folder").mkdir()
    for name in ("link", "folder"):
        with pytest.raises(BlobExistsError):
            publish(source, tmp_path / name)
    assert (tmp_path / "link").is_symlink()


def test_of_racing_publishers_exactly_one_wins(tmp_path):
    barrier, won = threading.Barrier(8), []

    def run(writer):
        file = tmp_path / f"draft-{writer}"
        file.write_text(str(writer))
        barrier.wait()
        try:
            publish(file, tmp_path / "target")
            won.append(writer)
        except BlobExistsError:
            pass

    threads = [threading.Thread(target=run, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(tmp_path / "target").read_text()] == [str(writer) for writer in won]


def test_the_file_is_synced_before_it_has_its_name_and_the_folder_after(tmp_path, source, monkeypatch):
    target, events = tmp_path / "target", []
    fsync = os.fsync

    def recorded(fd):
        events.append((os.fstat(fd).st_ino, target.exists()))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", recorded)
    file, folder = source.stat().st_ino, tmp_path.stat().st_ino
    publish(source, target)
    assert events == [(file, False), (folder, True)]


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "no space left"),
        (errno.EDQUOT, "no space left"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permissions"),
        (errno.EIO, "failed"),
    ],
)
def test_what_the_disk_refuses_is_a_storage_error_and_nothing_appears(tmp_path, source, monkeypatch, number, message):
    def refuse(fd):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match=message):
        publish(source, tmp_path / "target")
    assert not (tmp_path / "target").exists()
    assert source.read_bytes() == b"new"


def test_an_error_that_is_not_the_disks_is_passed_on(tmp_path):
    with pytest.raises(FileNotFoundError), translated(tmp_path):
        (tmp_path / "missing").read_bytes()


def test_a_folder_is_made_with_those_above_it_by_anyone(tmp_path):
    barrier = threading.Barrier(8)
    failed = []

    def make():
        barrier.wait()
        try:
            make_folder(tmp_path / "a/b/c/d")
        except OSError as error:
            failed.append(error)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "a/b/c/d").is_dir()
    assert failed == []
