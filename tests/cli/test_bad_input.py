"""What users get wrong, and what they are told."""

import errno
import os
import socket
from pathlib import Path

import pytest

from objstore.worktree import ingest, settled
from tests.cli.conftest import Cli

USAGE = [
    ["nonsense"],
    ["add"],
    ["add", "images", "--nonsense"],
    ["add", "nowhere"],
    ["add", "images", "nowhere", "-n", "x"],
    ["add", "images", "images/cat.png"],
    ["add", "images", "other/images", "-n", "x"],
    ["add", "images", "-n", ""],
    ["add", "images", "-n", "a b"],
    ["add", "images", "-n", "a/b"],
    ["add", "images", "-n", ".."],
    ["add", "images", "-n", "a\n"],
    ["add", "images", "-n", "x" * 129],
    ["add", "images", "-t", ""],
    ["add", "images", "-t", "a/b"],
    ["add", "images", "-t", "a:b"],
    ["add", "images", "-t", "x" * 129],
    ["add", "images", "-t", "model"],
    ["add", "images", "-a", ""],
    ["add", "images", "-a", "v3"],
    ["add", "images", "-a", "a:b"],
    ["add", "images", "-a", "a/b"],
    ["add", "images", "-a", "\x1b[31m"],
    ["add", "images", "--tag", ""],
    ["add", "other", "-m", "\udcff"],
    ["add", "images", "--meta", "novalue"],
    ["add", "images", "--meta", "=3"],
    ["add", "images", "--meta", "a=1", "--meta", "a=2"],
    ["add", "images", "--meta", "a=Infinity"],
    ["add", "images", "--meta", f"a={2**70}"],
    ["add", "images", "--meta", "a=\udcff"],
    ["add", "images", *(f"--meta=k{number}=1" for number in range(101))],
    ["add", "images", "--include", "!"],
    ["init", "x", "--project", "a/b/c"],
    ["init", "x", "--project", ""],
    ["init", "x", "--project", ".."],
    ["log", "images:v0"],
    ["log", "a b"],
    ["ls", "images:"],
    ["ls", "images:a/b"],
    ["ls", "images@xyz"],
    ["ls", "a/b/c/d"],
    ["ls", "images", ".."],
    ["ls", "images", "../x"],
    ["ls", "images", "/etc"],
    ["ls", "images", ""],
    ["cat", "images", "../secret"],
    ["cat", "images", "/etc/passwd"],
    ["cat", "images", "."],
    ["get", "images", "--path", ".."],
    ["alias", "images:v0"],
    ["alias", "images", "prod"],
    ["alias", "images:v0", "v1"],
    ["alias", "images:v0", ""],
    ["tag", "images:v0", "a\nb"],
    ["rename", "images", "a b"],
    ["rename", "images:v0", "b"],
    ["rm", "images"],
    ["restore", "images"],
    ["completion", "tcsh"],
]
NOT_FOUND = [
    ["log", "nothing"],
    ["show", "nothing:v0"],
    ["show", "images:v7"],
    ["show", "images:prod"],
    ["show", "images@0000"],
    ["show", f"images:v{10**30}"],
    ["show", "other/images"],
    ["show", "someone/vision/images"],
    ["ls", "images", "nothing"],
    ["ls", "images", "cat"],
    ["ls", "images", "cat.png/x"],
    ["cat", "images", "nothing.png"],
    ["cat", "images", "labels"],
    ["get", "images", "--path", "nothing"],
    ["diff", "images", "images:v9"],
    ["diff", "images", "nothing"],
    ["alias", "images:v0", "prod", "-d"],
    ["rm", "images:v9"],
    ["du", "nothing"],
    ["restore", "images:v9"],
]
CONFLICT = [
    ["init"],
    ["rm", "images:v0"],
    ["restore", "images:v0"],
    ["get", "images", "occupied"],
    ["demo", "occupied"],
    ["demo", "images"],
    ["demo"],
]


@pytest.fixture
def crowded(images: Cli) -> Cli:
    images.write("occupied", "a file")
    images.write("other/images/x", "x")
    return images


@pytest.mark.parametrize("words", USAGE, ids=" ".join)
def test_a_wrong_argument_is_a_usage_error(crowded: Cli, words: list[str]) -> None:
    before = crowded.json("log", "images")
    crowded(*words, code=2)
    assert crowded.json("log", "images") == before


@pytest.mark.parametrize("words", NOT_FOUND, ids=" ".join)
def test_what_isn_t_there_is_not_found(crowded: Cli, words: list[str]) -> None:
    crowded(*words, code=3)


@pytest.mark.parametrize("words", CONFLICT, ids=" ".join)
def test_what_is_in_the_way_is_a_conflict(crowded: Cli, words: list[str]) -> None:
    crowded(*words, code=4)


COMMANDS = [
    ["add", "images"],
    ["log", "x"],
    ["list"],
    ["show", "x"],
    ["ls", "x"],
    ["cat", "x", "y"],
    ["get", "x"],
    ["diff", "x", "y"],
    ["alias", "x:v0", "y"],
    ["tag", "x:v0", "y"],
    ["describe", "x", "y"],
    ["rename", "x", "y"],
    ["rm", "x:v0"],
    ["restore", "x:v0"],
    ["gc"],
    ["fsck"],
    ["du"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_without_a_repository_it_says_how_to_make_one(bare: Cli, words: list[str]) -> None:
    bare.fill()
    assert "objstore init" in bare(*words, code=3).err


def test_a_repository_that_isn_t_there_is_not_found(bare: Cli) -> None:
    assert "nowhere" in bare("-C", "nowhere", "list", code=3).err


def test_a_near_name_is_suggested(images: Cli) -> None:
    assert "did you mean images?" in images("log", "image", code=3).err


def test_another_project_is_named_in_the_error(images: Cli) -> None:
    assert "default/vision" in images("show", "speech/images:v0", code=3).err


# -- files that can't be taken ---------------------------------------------------------------------------------------


def _dangling(folder: Path) -> None:
    (folder / "link").symlink_to("nowhere")


def _cyclic(folder: Path) -> None:
    (folder / "loop").symlink_to(folder, target_is_directory=True)


def _self_link(folder: Path) -> None:
    (folder / "self").symlink_to("self")


def _socket(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str((folder / "talk").relative_to(Path.cwd())))


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


def _not_utf8(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.png")).write_text("x")


def _bad_ignore_file(folder: Path) -> None:
    (folder / ".objstoreignore").write_bytes(b"\xff")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_dangling, "dangling link to nowhere"),
        (_cyclic, "a link to a folder that contains it"),
        (_self_link, "self"),
        (_socket, "not a regular file"),
        (_pipe, "not a regular file"),
        (_not_utf8, "not UTF-8"),
        (_bad_ignore_file, ".objstoreignore"),
    ],
)
def test_a_file_that_can_t_be_taken_stops_the_add_and_is_named(images: Cli, spoil, told: str) -> None:
    images.write("images/new.png", "new")
    spoil(images.folder / "images")
    assert told in images("add", "images", code=2).err
    assert told in images("diff", "images", "./images", code=2).err
    assert len(images.json("log", "images")) == 1
    images("fsck")


@pytest.mark.parametrize("spoil", [_dangling, _socket, _pipe, _not_utf8])
def test_a_file_that_can_t_be_taken_can_be_excluded(cli: Cli, spoil) -> None:
    cli.write("data/good", "x")
    spoil(cli.folder / "data")
    assert cli("add", "data", "--include", "good").out.startswith("data:v0  1 file ")


UNREADABLE = [PermissionError(errno.EACCES, "Permission denied"), FileNotFoundError(errno.ENOENT, "No such file or directory")]


@pytest.mark.parametrize("error", UNREADABLE, ids=str)
def test_a_file_that_can_t_be_read_or_has_vanished_is_named(images: Cli, monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    images.write("images/new.png", "new")
    real = os.open

    def failing(path, *rest, **how):
        if os.fsencode(path).endswith(b"new.png"):
            raise error
        return real(path, *rest, **how)

    monkeypatch.setattr(settled.os, "open", failing)
    said = images("add", "images", code=2).err
    assert "new.png" in said and str(error.strerror) in said
    assert len(images.json("log", "images")) == 1


def test_a_file_that_keeps_changing_is_named(images: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    path = images.write("images/new.png", "new")
    real = ingest.read_whole

    def changing(fd: int, size: int) -> bytes:
        with path.open("a") as file:
            file.write("more")
        return real(fd, size)

    monkeypatch.setattr(ingest, "read_whole", changing)
    assert "changes while it is read" in images("add", "images", code=2).err


# -- stores that can't be used ---------------------------------------------------------------------------------------


def test_a_store_of_a_newer_format_is_told_to_need_a_newer_objstore(images: Cli) -> None:
    settings = images.folder / ".objstore/default/vision/objstore.json"
    settings.write_text(settings.read_text().replace('"format":1', '"format":2'))
    ended = images("list", code=1)
    assert ended.err.startswith("error: ") and "upgrade objstore" in ended.err and ended.err.count("\n") == 1


def test_a_damaged_settings_file_is_corruption(images: Cli) -> None:
    (images.folder / ".objstore/default/vision/objstore.json").write_text("{")
    images("list", code=5)


def test_a_damaged_config_says_what_it_needs(images: Cli) -> None:
    (images.folder / ".objstore/config.toml").write_text("nonsense")
    assert "config.toml" in images("list", code=2).err


def test_an_os_error_is_one_line(images: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from objstore.worktree.target import Folder

    def broken(*_: object, **__: object) -> None:
        raise OSError(71, "Protocol error", "out/cat.png")

    monkeypatch.setattr(Folder, "write", broken)
    ended = images("get", "images", "out", code=1)
    assert ended.err == "error: out/cat.png: Protocol error\n"
