"""Paths as Git writes them."""

import subprocess
from pathlib import Path

from objstore.values.quoting import quoted

ODD = ["plain", "a b", "é", 'q"uote', "back\\slash", "t\tab", "\x01\x07\x08\x0b\x0c\r\n\x7f", "日本/語.txt", "'single'", "x\u2028y"]


def test_paths_are_quoted_as_git_does(tmp_path: Path) -> None:
    for path in ODD:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    command = ["git", "-c", "core.quotePath=true", "ls-files", "--others"]
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True, capture_output=True)
    said = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout.decode()
    assert sorted(said.splitlines()) == sorted(map(quoted, ODD))


def test_bytes_that_are_no_text_are_quoted() -> None:
    assert quoted("a\udcff") == '"a\\377"'
