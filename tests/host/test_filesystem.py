"""What a disk takes for one name, found by trying."""

from pathlib import Path

import pytest

from objstore.host.filesystem import is_one_name, tells_names_apart


def test_a_disk_that_ignores_case_is_known_by_trying(caseless_disk: Path) -> None:
    folder = caseless_disk / "folder"
    folder.mkdir()
    assert not tells_names_apart(folder)
    assert is_one_name(folder, b"a.txt", b"A.TXT")
    assert not is_one_name(folder, b"a.txt", b"b.txt")
    assert list(folder.iterdir()) == []


def test_a_disk_that_tells_names_apart_is_known_too(tmp_path: Path) -> None:
    (tmp_path / "probe").touch()
    if (tmp_path / "PROBE").exists():
        pytest.skip("this disk ignores case")
    assert tells_names_apart(tmp_path)
    assert not is_one_name(tmp_path, b"a.txt", b"A.TXT")
    assert [path.name for path in tmp_path.iterdir()] == ["probe"]


def test_where_nothing_can_be_written_nothing_is_known(tmp_path: Path) -> None:
    assert tells_names_apart(tmp_path / "absent")
    assert not is_one_name(tmp_path / "absent", b"a", b"A")
    assert not is_one_name(tmp_path, b"x" * 300, b"X" * 300)
    assert list(tmp_path.iterdir()) == []
