"""The lines by which Git leaves alone what objstore versions; real Git judges them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from objstore.host.lines import add_line
from objstore.worktree import gitignore

NAMES = ["data", "a b", "trailing ", "#hash", "!bang", "star*", "que?ry", "[set]", "back\\slash", "-dash", "ünï", "new\nline", "x.objstore"]

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="there is no Git here")


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True).stdout.decode()


@needs_git
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("where", [".", "sub"])
def test_exactly_the_path_is_ignored(tmp_path: Path, name: str, where: str) -> None:
    git(tmp_path, "init", "-q")
    folder = tmp_path / where
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("content")
    others = [folder / f"{name}x", folder / f"x{name}", tmp_path / "other" / name, folder / (name + ".objstore")]
    for other in others:
        other.parent.mkdir(exist_ok=True)
        other.write_text("content")
    add_line(tmp_path / ".gitignore", gitignore.pattern(folder / name, tmp_path))
    seen = git(tmp_path, "ls-files", "-z", "--others", "--exclude-standard").split("\0")
    assert str((folder / name).relative_to(tmp_path)) not in seen
    assert {str(other.relative_to(tmp_path)) for other in others} <= set(seen)


def test_the_nearest_ignore_file_is_taken(tmp_path: Path) -> None:
    deep = tmp_path / "a/b"
    deep.mkdir(parents=True)
    assert gitignore.nearest(deep, tmp_path) == deep / ".gitignore"
    (tmp_path / ".gitignore").touch()
    assert gitignore.nearest(deep, tmp_path) == tmp_path / ".gitignore"
    (tmp_path / "a/.gitignore").touch()
    assert gitignore.nearest(deep, tmp_path) == tmp_path / "a/.gitignore"
    assert gitignore.nearest(deep, tmp_path / "a/b") == deep / ".gitignore"
