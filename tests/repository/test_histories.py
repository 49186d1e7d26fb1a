"""Stores and Git repositories in the way of what objstore writes, removes or takes in."""

import subprocess
import sys
from pathlib import Path

import pytest

import objstore
from objstore.errors import ConflictError, InvalidInputError


@pytest.fixture
def repo(tmp_path: Path) -> objstore.Repository:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a").write_text("1")
    repository = objstore.open(tmp_path, create=True)
    repository.add([tmp_path / "data"], name="data")
    return repository


@pytest.mark.parametrize("history", [".git", ".objstore"])
def test_checkout_refuses_to_remove_a_folder_with_a_history_in_it(repo: objstore.Repository, tmp_path: Path, history: str) -> None:
    target = tmp_path / "target"
    (target / "foreign/deep" / history).mkdir(parents=True)
    with pytest.raises(ConflictError, match="history of its own"):
        repo.artifact("data").checkout(target)
    assert (target / "foreign/deep" / history).is_dir()


def test_checkout_above_the_store_is_refused_before_anything_is_removed(tmp_path: Path) -> None:
    inner = tmp_path / "work/vision"
    inner.mkdir(parents=True)
    (inner / "data").write_text("1")
    (tmp_path / "another").write_text("kept")
    with objstore.open(inner, create=True) as repo:
        logged = repo.add([inner / "data"], name="data")
        with pytest.raises(ConflictError, match=r"^work/vision/\.objstore in the destination is a history of its own"):
            logged.checkout(tmp_path)
        assert (tmp_path / "another").read_text() == "kept"
        assert logged.download(tmp_path / "again")


def test_checkout_keeps_the_histories_in_folders_that_stay(repo: objstore.Repository, tmp_path: Path) -> None:
    (tmp_path / "data/sub/.git").mkdir(parents=True)
    (tmp_path / "data/sub/b").write_text("2")
    logged = repo.add([tmp_path / "data"], name="data")
    (tmp_path / "data/sub/foreign").write_text("3")
    logged.checkout(tmp_path / "data")
    assert sorted(path.name for path in (tmp_path / "data/sub").iterdir()) == [".git", "b"]


def test_checkout_keeps_the_histories_at_its_top(repo: objstore.Repository, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    repo.artifact("data").checkout(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".git", ".objstore", "a"]


def test_nothing_is_written_into_a_store(repo: objstore.Repository, tmp_path: Path) -> None:
    for inside in (".objstore", ".objstore/default/new"):
        with pytest.raises(ConflictError, match="store's own folder"):
            repo.artifact("data").download(tmp_path / inside)


def test_a_store_is_not_taken_into_itself(repo: objstore.Repository, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="store's own folder"):
        repo.add([tmp_path / ".objstore", tmp_path / "data"], name="both")


def test_what_a_killed_download_left_is_not_taken_in(repo: objstore.Repository, tmp_path: Path) -> None:
    (tmp_path / "data/.objstore-0123456789ab-1-2.tmp").write_text("half")
    assert repo.add([tmp_path / "data"], name="data").file_count == 1


def test_closed_standard_streams_cost_neither_the_work_nor_the_exit_code(repo: objstore.Repository, tmp_path: Path) -> None:
    command = f"exec {sys.executable} -m objstore add data -n other >&- 2>&-"
    assert subprocess.run(["sh", "-c", command], cwd=tmp_path, check=False).returncode == 0
    assert repo.artifact("other:v0").file_count == 1
