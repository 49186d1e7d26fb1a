"""Pinned paths whose names a shell, Git or JSON would trip over."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.cli.conftest import CONTENT, Cli

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no Git here")

NAMES = [b"a b", b"end ", b"end  ", b'"q"', b"'q'", b"#a", b"!a", b"-a", b"a*", b"[a]", b"a?", b"a\\", b"a\\ ", b"a\nb", b"a\r", b"a\t"]
NAMES += ["\u2028".encode(), b"a\x0bb", "é".encode()]
NAMES += [b"a\xff", b"\\udc\xff"] * (sys.platform == "linux")


@pytest.mark.parametrize("name", NAMES)
def test_git_ignores_a_pinned_path_whatever_its_name(bare: Cli, name: bytes) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=bare.folder, check=True)
    bare("init", "--project", "vision")
    path = os.fsdecode(name)
    shown = path.replace("\udcff", "\\udcff")
    bare.write(f"{path}/f.txt", "f")
    assert bare.json("add", "-n", "x", f"./{path}")["pin"] == f"{shown}.objstore"
    lines = (bare.folder / ".gitignore").read_bytes()
    bare("add", "-n", "x", "--", path)
    assert (bare.folder / ".gitignore").read_bytes() == lines
    new = subprocess.run(["git", "status", "--porcelain", "-z"], cwd=bare.folder, capture_output=True, check=True).stdout
    assert new.split(b"\0") == [b"?? " + file for file in sorted([b".gitignore", name + b".objstore", b"objstore.toml"])] + [b""]
    bare.write(f"{path}/f.txt", "more")
    assert bare.json("status", f"./{path}", code=1)[0]["path"] == shown
    assert bare.json("diff", f"./{path}", code=1)[0]["path"] == shown
    assert bare.json("checkout", "--force", f"./{path}")[0]["path"] == shown


def test_the_command_to_run_next_can_be_run(bare: Cli) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=bare.folder, check=True)
    bare("init", "--project", "vision")
    bare.write("-a b/f.txt", "f")
    told = bare("add", "-n", "x", "--", "-a b").lines[-1]
    subprocess.run(told.removeprefix("to commit: "), cwd=bare.folder, shell=True, check=True)


def test_an_ignore_file_that_is_not_utf_8_gets_the_line_too(bare: Cli) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=bare.folder, check=True)
    bare.write(".gitignore", b"caf\xe9\r\n/data\r\n")
    bare.write("data/f.txt", "f")
    bare("init", "--project", "vision")
    bare("add", "data")
    assert (bare.folder / ".gitignore").read_bytes() == b"caf\xe9\r\n/data\r\n/.objstore/\n"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_repository_can_be_in_a_folder_whose_name_is_not_utf_8(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = bare.folder / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    monkeypatch.chdir(folder)
    here = Cli(folder)
    here.fill("images")
    here("init", "--project", "vision")
    here("add", "images")
    (folder / "images/cat.png").unlink()
    assert here.json("diff", "images:v0", "./images", code=1)["removed"][0]["path"] == "cat.png"
    here("get", "images", "out")
    assert (folder / "out/cat.png").read_text() == CONTENT["cat.png"]
    assert "isn't UTF-8" in here("remote", "add", "origin", "bucket", code=2).err


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_shared_store_whose_path_is_not_utf_8_is_refused(bare: Cli) -> None:
    assert "isn't UTF-8" in bare("init", "--store", os.fsdecode(b"s\xff"), code=2).err


def test_diffs_name_paths_as_the_other_commands_do(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    bare("init", "--project", "vision")
    bare.write("data/f.txt", "f")
    bare("add", "data")
    bare.write("data/f.txt", "more")
    (bare.folder / "sub").mkdir()
    monkeypatch.chdir(bare.folder / "sub")
    assert json.loads(bare("diff", "--json", code=1).out)[0]["path"] == "../data"


@pytest.mark.parametrize("where", ["core.excludesFile", ".git/info/exclude"])
def test_what_only_this_user_ignores_gets_a_line_for_all(bare: Cli, where: str) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=bare.folder, check=True)
    if where.startswith(".git"):
        bare.write(where, "data\n")
    else:
        ignored = bare.write("../mine", "data\n")
        subprocess.run(["git", "config", where, ignored], cwd=bare.folder, check=True)
    bare("init", "--project", "vision")
    bare.write("data/f.txt", "f")
    bare("add", "data")
    assert (bare.folder / ".gitignore").read_text().splitlines()[-1] == "/data"


def test_a_path_that_is_ignored_by_another_line_needs_none(bare: Cli) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=bare.folder, check=True)
    bare("init", "--project", "vision")
    bare.write("sub/.gitignore", "*.d\n!kept.d\n")
    for name in ("lost.d", "kept.d"):
        bare.write(f"sub/{name}/f.txt", "f")
        bare("add", f"sub/{name}")
    assert (bare.folder / "sub/.gitignore").read_text() == "*.d\n!kept.d\n/kept.d\n"


def test_a_git_repository_inside_a_working_tree_has_diffs_of_its_own_pins(bare: Cli) -> None:
    bare("init", "--project", "vision")
    subprocess.run(["git", "init", "--quiet", "inner"], cwd=bare.folder, check=True)
    for name, collection in {"data": "data", "inner/data": "other"}.items():
        bare.write(f"{name}/f.txt", "f")
        bare("add", name, "-n", collection)
    subprocess.run(["git", "add", "."], cwd=bare.folder / "inner", check=True)
    subprocess.run(["git", "commit", "--quiet", "--message", "one"], cwd=bare.folder / "inner", check=True)
    assert bare("-C", "inner", "diff", "--git", "HEAD").lines == ["no differences"]
