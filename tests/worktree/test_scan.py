"""Walking a source: order, ignore rules, links, and names that cause trouble."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.errors import InvalidInputError, SourceFileError, SourceMissingError
from objstore.worktree.ignore import Patterns
from objstore.worktree.scan import Changed, Scan, Scanned, folder_source, source_of
from tests.repository.stores import write_files

AWKWARD = [
    "a",
    "a.txt",
    "a-b",
    "a b",
    "ä",
    "a\u0308",
    "new\nline",
    "tab\t",
    "-",
    "a!",
    "a0",
    ".hidden",
    "CON",
    "trailing.",
    "😀",
    "back\\slash",
]


def scanned(*paths: Path, patterns: Patterns | None = None) -> list[str]:
    """The files that a scan finds, in its order."""
    found = list(Scan(source_of(paths), patterns or Patterns(), lambda _: None))
    return [item.path.decode() for item in found if isinstance(item, Changed)]


def refused(folder: Path, patterns: Patterns | None = None) -> str:
    with pytest.raises(SourceFileError) as caught:
        scanned(folder, patterns=patterns)
    return str(caught.value)


def test_files_come_in_the_order_of_manifests(tmp_path: Path) -> None:
    files = [f"{top}/{name}" for top in ["dir", "dir-", "dir.d", "dir/sub", "dir0", "d"] for name in AWKWARD]
    write_files(tmp_path, dict.fromkeys([*files, *(name for name in AWKWARD if name != "d")], b""))
    found = [path.encode() for path in scanned(tmp_path)]
    assert found == sorted(found)
    assert {path.decode() for path in found} == {*files, *AWKWARD}


@given(st.sets(st.lists(st.sampled_from(["a", "a-", "a.b", "a0", "ä", "b"]), min_size=1, max_size=4).map("/".join), max_size=12))
@settings(max_examples=50)
def test_any_tree_comes_in_the_order_of_manifests(tmp_path_factory: pytest.TempPathFactory, paths: set[str]) -> None:
    folder = tmp_path_factory.mktemp("tree")
    files = {path for path in paths if not any(other.startswith(path + "/") for other in paths)}
    write_files(folder, dict.fromkeys(files, b""))
    assert scanned(folder) == sorted(files, key=str.encode)


def test_every_folder_is_noted_once(tmp_path: Path) -> None:
    write_files(tmp_path, {"a/b/c": b"", "d/e": b""})
    (tmp_path / "empty").mkdir()
    found = [item.folder for item in Scan(folder_source(tmp_path), Patterns(), lambda _: None) if isinstance(item, Scanned)]
    assert sorted(found) == [b"", b"a/", b"a/b/", b"d/", b"empty/"]


def test_several_paths_keep_their_names(tmp_path: Path) -> None:
    write_files(tmp_path, {"one/a": b"", "two/b": b"", "file": b"", "one.txt": b""})
    assert scanned(tmp_path / "one", tmp_path / "two", tmp_path / "file", tmp_path / "one.txt") == ["file", "one.txt", "one/a", "two/b"]
    assert scanned(tmp_path / "file") == ["file"]
    assert scanned(tmp_path / "one") == ["a"]


def test_two_paths_of_one_name_are_refused(tmp_path: Path) -> None:
    write_files(tmp_path, {"one/same/x": b"", "two/same": b""})
    with pytest.raises(InvalidInputError, match="same name"):
        scanned(tmp_path / "one" / "same", tmp_path / "two" / "same")


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match="nowhere") as caught:
        scanned(tmp_path / "nowhere")
    assert isinstance(caught.value, FileNotFoundError)
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(SourceMissingError, match="dangling"):
        scanned(tmp_path / "link")


# -- ignore rules ------------------------------------------------------------------------------------------------------


def test_ignore_files_apply_from_their_folder_down_and_the_innermost_decides(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            ".objstoreignore": b"*.tmp\n/top\nbuild/\n",
            "a.tmp": b"",
            "top": b"",
            "build/x": b"",
            "sub/top": b"",
            "sub/a.tmp": b"",
            "sub/keep.tmp": b"",
            "sub/.objstoreignore": b"!keep.tmp\nlocal\n",
            "sub/local": b"",
            "sub/deep/keep.tmp": b"",
            "sub/deep/local": b"",
            "local": b"",
        },
    )
    assert scanned(tmp_path) == [".objstoreignore", "local", "sub/.objstoreignore", "sub/deep/keep.tmp", "sub/keep.tmp", "sub/top"]


def test_include_and_exclude_choose_files(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.csv": b"", "a.txt": b"", "sub/b.csv": b"", "sub/skip/c.csv": b""})
    assert scanned(tmp_path, patterns=Patterns.of(include="*.csv")) == ["a.csv", "sub/b.csv", "sub/skip/c.csv"]
    assert scanned(tmp_path, patterns=Patterns.of(include=["*.csv"], exclude="skip/")) == ["a.csv", "sub/b.csv"]


def test_a_pattern_that_means_nothing_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="--include"):
        Patterns.of(include="!")


def test_an_ignore_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / ".objstoreignore").write_bytes(b"\xff\xfe")
    assert ".objstoreignore" in refused(tmp_path)


def test_a_bad_pattern_in_an_ignore_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ".objstoreignore").write_bytes(b"!\n")
    with pytest.raises(InvalidInputError, match=r"\.objstoreignore"):
        scanned(tmp_path)


def test_the_store_itself_is_never_taken_in(tmp_path: Path) -> None:
    write_files(tmp_path, {".objstore/default/x/objstore.json": b"", "a": b"", "sub/.objstore/y": b"", ".objstore.txt": b""})
    assert scanned(tmp_path) == [".objstore.txt", "a"]


# -- links and what isn't a file ---------------------------------------------------------------------------------------


def test_links_to_files_and_folders_are_followed(tmp_path: Path) -> None:
    write_files(tmp_path, {"outside/x": b"1", "source/file": b"2"})
    (tmp_path / "source" / "folder").symlink_to("../outside")
    (tmp_path / "source" / "link").symlink_to("file")
    assert scanned(tmp_path / "source") == ["file", "folder/x", "link"]


def test_two_links_to_one_folder_are_no_cycle(tmp_path: Path) -> None:
    write_files(tmp_path, {"real/x": b""})
    (tmp_path / "one").symlink_to("real")
    (tmp_path / "two").symlink_to("real")
    assert scanned(tmp_path) == ["one/x", "real/x", "two/x"]


@pytest.mark.parametrize("target", [".", "..", "../..", "absolute"])
def test_a_link_to_a_folder_that_holds_it_is_refused_unless_excluded(tmp_path: Path, target: str) -> None:
    write_files(tmp_path, {"one/two/x": b""})
    (tmp_path / "one" / "two" / "loop").symlink_to(tmp_path / "one" if target == "absolute" else target)
    assert "loop is a link to a folder that contains it" in refused(tmp_path)
    assert scanned(tmp_path, patterns=Patterns.of(exclude="loop")) == ["one/two/x"]
    (tmp_path / ".objstoreignore").write_text("loop/\n")
    assert scanned(tmp_path) == [".objstoreignore", "one/two/x"]


def test_links_that_lead_round_each_other_are_refused(tmp_path: Path) -> None:
    write_files(tmp_path, {"a/x": b"", "b/y": b""})
    (tmp_path / "a" / "to-b").symlink_to("../b")
    (tmp_path / "b" / "to-a").symlink_to("../a")
    assert "contains it" in refused(tmp_path)


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "self").symlink_to("self")
    assert "self" in refused(tmp_path)


def test_a_dangling_link_is_named_with_what_it_points_at(tmp_path: Path) -> None:
    write_files(tmp_path, {"a": b""})
    (tmp_path / "z-link").symlink_to("gone")
    message = refused(tmp_path)
    assert "z-link" in message
    assert "gone" in message


@pytest.mark.parametrize("kind", ["fifo", "socket", "link"])
def test_what_cannot_be_read_may_be_excluded(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {"a": b""})
    odd(tmp_path, kind, monkeypatch)
    refused(tmp_path)
    assert scanned(tmp_path, patterns=Patterns.of(exclude="odd")) == ["a"]
    (tmp_path / ".objstoreignore").write_text("odd\n")
    assert scanned(tmp_path) == [".objstoreignore", "a"]


@pytest.mark.parametrize("kind", ["fifo", "socket"])
def test_a_pipe_or_socket_is_refused(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    odd(tmp_path, kind, monkeypatch)
    assert "odd" in refused(tmp_path)
    with pytest.raises(SourceFileError, match="odd"):
        scanned(tmp_path / "odd")


def test_a_device_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceFileError, match="null"):
        scanned(Path("/dev/null"))


def odd(folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "fifo":
        os.mkfifo(folder / "odd")
    elif kind == "socket":
        monkeypatch.chdir(folder)  # a socket's path is at most 108 bytes
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("odd")
    else:
        (folder / "odd").symlink_to("gone")


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9")).write_bytes(b"")
    assert r"caf\xe9" in refused(tmp_path)


def test_a_folder_whose_name_is_not_utf8_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / "x").write_bytes(b"")
    assert r"caf\xe9" in refused(tmp_path)


def test_a_name_that_is_not_utf8_may_be_ignored(tmp_path: Path) -> None:
    write_files(tmp_path, {"a": b"", ".objstoreignore": b"caf*\n"})
    (tmp_path / os.fsdecode(b"caf\xe9")).write_bytes(b"")
    assert scanned(tmp_path) == [".objstoreignore", "a"]


def test_a_path_that_is_too_long_is_refused(tmp_path: Path) -> None:
    """Made step by step, since no single call takes a path like that."""
    fd = os.open(tmp_path, os.O_RDONLY)
    for _ in range(17):
        os.mkdir("d" * 240, dir_fd=fd)
        inner = os.open("d" * 240, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = inner
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    os.close(fd)
    assert "long" in refused(tmp_path)


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {"sub/x": b""})
    scandir = os.scandir

    def refusing(path: bytes) -> object:
        if os.fsdecode(path).endswith("sub"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    message = refused(tmp_path)
    assert "sub" in message
    assert "Permission denied" in message
