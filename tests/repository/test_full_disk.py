"""A disk that is full in the middle of anything: the message says what to do, the store stays sound, nothing is left behind."""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from objstore.errors import StorageError
from objstore.host import clock
from objstore.host.progress import Silent
from objstore.repository.adding import Labels, add
from objstore.repository.localgc import collect
from objstore.repository.project import Project
from objstore.worktree import crew
from objstore.worktree.ignore import Patterns
from tests.odb.stores import chunk, noise
from tests.repository.stores import add_folder, check_out, content_of, files_of, temporary_files, write_files

KEPT = {"kept": noise(1, 100_000), "small": b"1"}
TOO_MUCH = {
    "one large file": {"large": noise(2, 9_000_000)},
    "many small files": {f"dir{at % 7}/{at}": noise(at + 10, 30_000) for at in range(300)},
}
too_much = pytest.mark.parametrize("content", TOO_MUCH.values(), ids=TOO_MUCH.keys())


@pytest.fixture
def cramped(small_disk: Path) -> Iterator[Project]:
    with Project.create_at(small_disk / "project") as project:
        yield project


@too_much
def test_a_disk_that_fills_up_during_an_add_loses_nothing(cramped: Project, tmp_path: Path, content: dict[str, bytes]) -> None:
    first = add_folder(cramped, write_files(tmp_path / "kept", KEPT)).version.root
    source = write_files(tmp_path / "source", content)
    for _ in range(2):
        with pytest.raises(StorageError, match=r"no space left.*free"):
            add_folder(cramped, source)
        assert temporary_files(cramped.folder) == []
    assert [version.root for version in cramped.state.collection("data").live()] == [first]
    assert content_of(cramped, first) == KEPT
    small = write_files(tmp_path / "other", {"other": noise(3, 20_000)})
    collect(cramped, Silent())  # frees what the interrupted adds had written
    assert content_of(cramped, add_folder(cramped, small).version.root) == files_of(small)
    assert content_of(cramped, first) == KEPT


@too_much
def test_after_space_was_made_the_same_add_works(small_disk: Path, cramped: Project, tmp_path: Path, content: dict[str, bytes]) -> None:
    first = add_folder(cramped, write_files(tmp_path / "kept", KEPT)).version.root
    source = write_files(tmp_path / "source", {name: data[: len(data) // 4] for name, data in content.items()})
    ballast = small_disk / "ballast"
    _fill(ballast, leave=1_000_000)
    with pytest.raises(StorageError, match=r"no space left.*free"):
        add_folder(cramped, source)
    assert temporary_files(cramped.folder) == []
    ballast.unlink()
    second = add_folder(cramped, source).version
    assert second.number == 1
    assert content_of(cramped, second.root) == files_of(source)
    assert content_of(cramped, first) == KEPT


def test_with_any_little_space_left_an_add_works_or_leaves_the_store_as_it_was(small_disk: Path, tmp_path: Path) -> None:
    """The disk may refuse at any step: a pack, the segment, the log, the cache, the draft's file."""
    source = write_files(tmp_path / "source", {"a": noise(1, 40_000), "b": noise(2, 40_000)})
    worked = set()
    for step, leave in enumerate([0, 4096, 8192, 12_288, 20_480, 40_960, 61_440, 90_112, 102_400, 118_784, 131_072, 180_224]):
        with Project.create_at(small_disk / str(step)) as project:
            _fill(small_disk / "ballast", leave)
            try:
                add_folder(project, source)
                works = True
            except StorageError as error:
                assert "free" in str(error)
                works = False
            worked.add(works)
            assert temporary_files(project.folder) == []
            (small_disk / "ballast").unlink()
            project.refresh()
            collection = project.state.find_collection("data")
            assert (collection is not None) == works
            if collection:
                assert [content_of(project, version.root) for version in collection.live()] == [files_of(source)]
            assert content_of(project, add_folder(project, source).version.root) == files_of(source)
        shutil.rmtree(small_disk / str(step))
    assert worked == {True, False}


@pytest.mark.parametrize("helpers", [False, True], ids=["threads", "processes"])
@too_much
def test_a_disk_that_fills_up_during_a_get_leaves_whole_files_only(
    project: Project, small_disk: Path, tmp_path: Path, content: dict[str, bytes], helpers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if helpers:
        monkeypatch.setattr(crew, "FILES_WORTHWHILE", 0)
        monkeypatch.setattr(crew, "SMALL", 1 << 40)
    root = add_folder(project, write_files(tmp_path / "source", content)).version.root
    target = write_files(small_disk / "target", {"foreign": b"mine"})
    with pytest.raises(StorageError, match=r"no space left.*free"):
        check_out(project, root, target)
    assert temporary_files(target) == []
    there = files_of(target)
    assert there.pop("foreign") == b"mine"
    assert all(content[name] == data for name, data in there.items())
    for name in there:
        (target / name).unlink()
    some = next(iter(content))
    if len(content[some]) < 1_000_000:
        check_out(project, root, target, prefix=some.encode())
        assert files_of(target) == {"foreign": b"mine", some: content[some]}


@pytest.mark.parametrize("call", ["link", "fsync", "mkdir", "writev"])
def test_a_disk_that_refuses_any_single_call_of_an_add_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    source = write_files(tmp_path / "source", KEPT)
    original = getattr(os, call)
    for step in range(50):
        with Project.create_at(tmp_path / call / str(step)) as project:
            left = [step]

            def refusing(*args: object, left: list[int] = left, **kwargs: object) -> object:
                left[0] -= 1
                if left[0] == -1:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                return original(*args, **kwargs)

            with monkeypatch.context() as patch:
                patch.setattr(os, call, refusing)
                try:
                    add_folder(project, source)
                    refused = False
                except StorageError as error:
                    assert "no space left" in str(error)
                    refused = True
            assert temporary_files(project.folder) == []
            root = add_folder(project, source).version.root
            assert content_of(project, root) == KEPT
            if left[0] >= 0:
                assert not refused
                assert step > 0
                return
    pytest.fail("never came to an end")


def test_with_any_little_space_left_gc_deletes_what_expires_with_what_that_frees_or_leaves_it(small_disk: Path, tmp_path: Path) -> None:
    worked = set()
    for leave in (0, 30_000, 60_000, 120_000, 400_000):
        with Project.create_at(small_disk / str(leave)) as project:
            kept = add_folder(project, write_files(tmp_path / "kept", KEPT)).version.root
            large = write_files(tmp_path / "large", {"large": noise(4, 700_000)})
            add(project, [large], Labels("large", ttl=60), Patterns(), Silent())
            _fill(small_disk / "ballast", leave)
            with contextlib.suppress(StorageError):
                collect(project, Silent(), now=clock.now() + timedelta(days=1))
            (small_disk / "ballast").unlink()
            project.refresh()
            (version,) = project.state.collection("large").versions
            assert version.deleted == version.purged
            worked.add(version.deleted)
            assert version.deleted or content_of(project, version.root) == files_of(large)
            assert content_of(project, kept) == KEPT
        shutil.rmtree(small_disk / str(leave))
    assert True in worked


def test_on_a_disk_without_a_free_block_gc_tells_what_it_would_free_and_frees_what_nobody_names(cramped: Project, small_disk: Path) -> None:
    kept = add_folder(cramped, write_files(small_disk / "kept", KEPT)).version.root
    draft = cramped.open_draft()
    draft.add(*chunk(noise(5, 700_000)))
    draft.flush()
    draft.close()  # as if interrupted
    _fill(small_disk / "ballast", 0)
    assert collect(cramped, Silent(), dry_run=True).bytes >= 700_000
    assert collect(cramped, Silent()).bytes >= 700_000
    assert content_of(cramped, kept) == KEPT


def _fill(file: Path, leave: int) -> None:
    free = os.statvfs(file.parent)
    with file.open("wb") as opened:
        opened.write(bytes(max(0, free.f_bavail * free.f_frsize - leave)))
