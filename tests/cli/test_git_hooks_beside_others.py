"""Git's hooks when there are others too, and after what Git does more rarely."""

import shutil
import sys
from pathlib import Path

import pytest

from objstore.errors import StorageError
from objstore.repository import githooks
from tests.cli.conftest import Cli, git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no Git here")


def hook(cli: Cli, name: str, script: str) -> None:
    cli.write(f".git/hooks/{name}", f"#!/bin/sh\n{script}\n").chmod(0o755)


@pytest.fixture
def hooked(bare: Cli) -> Cli:
    """A Git repository with the hooks, where `main` has one file more at a pinned path than `old`."""
    git(bare, "init", "--quiet")
    bare("init", "--project", "vision")
    bare.write("data/a.txt", "a")
    bare("add", "data")
    git(bare, "add", ".")
    git(bare, "commit", "--quiet", "--message", "one")
    git(bare, "branch", "old")
    bare.write("data/b.txt", "b")
    bare("add", "data")
    git(bare, "commit", "--quiet", "--all", "--message", "two")
    hook(bare, "pre-push", "cat > pushed")
    bare("git-hooks", "install")
    return bare


def test_a_hook_that_was_there_reads_exactly_what_git_gives_it(hooked: Cli) -> None:
    git(hooked, "init", "--quiet", "--bare", "../other.git")
    git(hooked, "push", "--quiet", "../other.git", "main")
    pushed = (hooked.folder / "pushed").read_text()
    assert pushed.startswith("refs/heads/main ") and pushed.count("\n") == 1
    git(hooked, "push", "--quiet", "../other.git", "main")
    assert (hooked.folder / "pushed").read_text() == ""


def test_a_squashed_merge_is_followed(hooked: Cli) -> None:
    git(hooked, "switch", "--quiet", "old")
    assert not (hooked.folder / "data/b.txt").exists()
    git(hooked, "merge", "--squash", "main")
    assert (hooked.folder / "data/b.txt").exists()
    hooked("status")


def test_a_branch_without_commits_is_no_error(hooked: Cli) -> None:
    assert "error" not in git(hooked, "switch", "--quiet", "--orphan", "new")
    git(hooked, "switch", "--quiet", "main")
    hooked("status")


def test_git_diff_shows_a_pin_of_a_newer_format_as_it_is(hooked: Cli) -> None:
    pin = hooked.folder / "data.objstore"
    pin.write_text(pin.read_text().replace("format = 1", "format = 2"))
    assert "+format = 2" in git(hooked, "diff")


def test_git_diff_works_without_a_usable_store(hooked: Cli) -> None:
    hooked.write(".objstore/config.toml", 'project = "default/vision"\nstore = "/nowhere"\n')
    assert "+data:v1" in git(hooked, "diff", "old", "main")


def test_git_diff_works_after_the_interpreter_has_gone(hooked: Cli) -> None:
    told = git(hooked, "config", "diff.objstore.textconv").strip()
    assert "+data:v1" in git(hooked, "diff", "old", "main")
    git(hooked, "config", "diff.objstore.textconv", told.replace(sys.executable, "/nowhere/python"))
    assert '+version = { number = 1, root = "' in git(hooked, "diff", "old", "main")


def test_a_hook_stays_in_force_when_ours_cannot_be_put_in_its_place(hooked: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    hooked("git-hooks", "remove")
    hook(hooked, "post-checkout", "echo mine")

    def refuse(file: Path, _: str) -> None:
        raise StorageError(f"no space left on the disk of {file}")

    with monkeypatch.context() as patched:
        patched.setattr(githooks, "replace_text", refuse)
        assert hooked("git-hooks", "install", code=1).err.startswith("error: no space")
    hooks = hooked.folder / ".git/hooks"
    assert "echo mine" in (hooks / "post-checkout").read_text()
    hooked("git-hooks", "install")
    assert "echo mine" in (hooks / "post-checkout.before-objstore").read_text()
    hooked("git-hooks", "remove")
    assert "echo mine" in (hooks / "post-checkout").read_text() and not list(hooks.glob("*.before-objstore"))
