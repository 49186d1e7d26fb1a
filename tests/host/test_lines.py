"""Lines of text files that people edit too."""

import os
from pathlib import Path

import pytest

from objstore.host.lines import add_line, remove_line


@pytest.mark.parametrize(("before", "after"), [("", "x\n"), ("a\n", "a\nx\n"), ("a", "a\nx\n"), ("a\r\n", "a\r\nx\n")])
def test_a_line_is_added_once_and_the_rest_is_kept(tmp_path: Path, before: str, after: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(before.encode())
    assert add_line(file, "x")
    assert not add_line(file, "x")
    assert file.read_bytes().decode() == after
    assert remove_line(file, "x")
    assert not remove_line(file, "x")
    assert not file.exists() or file.read_bytes().decode().rstrip("\n") == before.rstrip("\n")


def test_a_missing_file_is_made_and_one_with_nothing_else_removed(tmp_path: Path) -> None:
    file = tmp_path / "deep/file"
    assert add_line(file, "x")
    assert remove_line(file, "x")
    assert os.listdir(tmp_path / "deep") == []


def test_a_line_counts_whole(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("xy\n")
    assert add_line(file, "x")


def test_permissions_and_links_are_kept(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("a\n")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "file").symlink_to("real")
    add_line(tmp_path / "file", "x")
    assert (tmp_path / "file").is_symlink()
    assert (tmp_path / "real").read_text() == "a\nx\n"
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o640


def test_bytes_that_are_no_text_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xff\xfe\n")
    add_line(tmp_path / "file", "x")
    assert (tmp_path / "file").read_bytes() == b"\xff\xfe\nx\n"
