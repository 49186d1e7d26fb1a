"""Pin files in a working tree."""

import os
from pathlib import Path

import pytest

from objstore.errors import InvalidInputError
from objstore.values.digest import Digest
from objstore.worktree import pinfiles
from objstore.worktree.pin import FOLDER, Pin

PIN = Pin("pets", FOLDER, 0, Digest(bytes(32)), 1, 1)


def pin(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert pinfiles.write(path, PIN)


def found(top: Path) -> list[str]:
    return [os.fspath(path.relative_to(top)) for path in pinfiles.find(top)]


def test_pins_are_found_at_any_depth_in_order(tmp_path: Path) -> None:
    for path in ("z", "a/b/deep", "a/data", "m.bin"):
        pin(tmp_path / path)
    assert sorted(found(tmp_path)) == ["a/b/deep", "a/data", "m.bin", "z"]


def test_what_is_pinned_is_not_looked_into(tmp_path: Path) -> None:
    pin(tmp_path / "data")
    pin(tmp_path / "data/inner")
    assert found(tmp_path) == ["data"]


@pytest.mark.parametrize("folder", [".git", ".objstore", ".GIT"])
def test_histories_are_not_looked_into(tmp_path: Path, folder: str) -> None:
    pin(tmp_path / folder / "data")
    assert found(tmp_path) == []


@pytest.mark.parametrize("mark", ["objstore.toml", ".objstore/config.toml"])
def test_other_working_trees_are_not_looked_into(tmp_path: Path, mark: str) -> None:
    pin(tmp_path / "other/data")
    (tmp_path / "other" / mark).parent.mkdir(exist_ok=True)
    (tmp_path / "other" / mark).touch()
    assert found(tmp_path) == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    pin(tmp_path / "elsewhere/data")
    (tmp_path / "top").mkdir()
    (tmp_path / "top/link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "top/data.objstore").symlink_to(tmp_path / "elsewhere/data.objstore")
    assert found(tmp_path / "top") == []


def test_a_folder_or_a_file_without_a_name_before_the_suffix_is_no_pin(tmp_path: Path) -> None:
    (tmp_path / "x.objstore").mkdir()
    (tmp_path / ".objstore").touch()
    assert found(tmp_path) == []


@pytest.mark.parametrize("name", ["..objstore", "...objstore"])
def test_a_pin_of_the_folder_it_is_in_or_of_one_above_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(PIN.encode())
    with pytest.raises(InvalidInputError, match="isn't in the folder that it is in"):
        found(tmp_path)


def test_the_same_pin_again_leaves_the_file_alone(tmp_path: Path) -> None:
    pin(tmp_path / "data")
    before = (tmp_path / "data.objstore").stat()
    assert not pinfiles.write(tmp_path / "data", PIN)
    after = (tmp_path / "data.objstore").stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_ctime_ns) == (before.st_ino, before.st_mtime_ns, before.st_ctime_ns)


def test_a_pin_is_replaced_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    pin(tmp_path / "data")
    other = Pin("pets", FOLDER, 1, Digest(bytes([1]) * 32), 1, 1)
    assert pinfiles.write(tmp_path / "data", other)
    assert pinfiles.read(tmp_path, tmp_path / "data") == other
    assert os.listdir(tmp_path) == ["data.objstore"]


@pytest.mark.parametrize("path", [".git/hooks", "sub/.git", ".GIT/hooks", ".objstore/default"])
def test_nothing_is_pinned_inside_a_history(tmp_path: Path, path: str) -> None:
    with pytest.raises(InvalidInputError, match="history of its own"):
        pinfiles.check_place(tmp_path, tmp_path / path)


def test_nothing_is_pinned_at_or_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc")
    for path in ("link", "link/deep"):
        with pytest.raises(InvalidInputError, match="link is a symbolic link"):
            pinfiles.check_place(tmp_path, tmp_path / path)


def test_a_path_inside_a_pinned_one_can_t_be_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pin(tmp_path / "data")
    with pytest.raises(InvalidInputError, match=r"data/a/b can't be pinned: it is inside data"):
        pinfiles.check_not_nested(tmp_path, tmp_path / "data/a/b")


def test_a_path_with_a_pin_inside_can_t_be_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pin(tmp_path / "data/a/b")
    with pytest.raises(InvalidInputError, match=r"data can't be pinned: data/a/b inside it has a pin"):
        pinfiles.check_not_nested(tmp_path, tmp_path / "data")


def test_a_dataset_may_have_files_that_are_only_called_like_pins(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/x.objstore").write_text("no pin")
    pinfiles.check_not_nested(tmp_path, tmp_path / "data")
