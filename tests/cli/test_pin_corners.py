"""Corners of `status` and `checkout`, each of which once was wrong."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from objstore.cli.commands import checkout
from objstore.host.locks import FileLock
from objstore.repository.project import Project
from objstore.worktree import newfile
from tests.cli.conftest import Cli
from tests.odb.stores import noise


def test_a_folder_that_a_checkout_emptied_and_filled_anew_is_missed_when_it_goes(cli: Cli) -> None:
    cli.write("data/kept", "kept")
    old = cli.write("data/inner/old", "old")
    cli("add", "data")
    old.unlink()
    cli.write("data/inner/new", "new")
    cli("add", "data")
    cli("checkout", "data:v0")
    old.unlink()
    old.parent.rmdir()
    assert cli("status", code=1).out == "data  data:v0  modified  1 removed\n"
    cli("checkout")
    assert old.read_text() == "old"


def test_a_version_without_files_is_checked_out_as_an_empty_folder(cli: Cli) -> None:
    (cli.folder / "data").mkdir()
    cli("add", "data")
    (cli.folder / "data").rmdir()
    cli("checkout")
    assert list((cli.folder / "data").iterdir()) == []
    assert cli("status").out == "data  data:v0  unchanged  0 files\n"


def test_a_file_that_was_an_empty_folder_for_a_while_is_there_again(cli: Cli) -> None:
    file = cli.write("data/file", "content")
    other = cli.write("data/other", "other")
    cli("add", "data")
    file.unlink()
    file.mkdir()
    other.touch()  # so that status has something to read, and remembers what it saw
    assert cli("status", code=1).out == "data  data:v0  modified  1 removed\n"
    file.rmdir()
    assert cli("status", "--files", code=1).lines[1:] == ["  D  data/file"]
    file.write_text("content")
    assert cli("status").out == "data  data:v0  unchanged  2 files\n"
    assert cli.json("add", "data")["version"] == "v0"


def test_what_was_an_empty_folder_for_a_while_is_added_as_a_file(cli: Cli) -> None:
    file = cli.write("data/file", "content")
    other = cli.write("data/other", "other")
    cli("add", "data")
    file.unlink()
    file.mkdir()
    other.touch()  # so that status has something to read, and remembers what it saw
    cli("status", code=1)
    file.rmdir()
    file.write_text("new")
    cli("add", "data")
    assert cli("cat", "data:v1", "file").out == "new"


def test_an_ignored_file_in_the_way_keeps_its_executable_bit(cli: Cli) -> None:
    script = cli.write("data/script", "echo")
    cli("add", "data")
    cli.write("data/.objstoreignore", "script\n")
    cli("add", "data")
    script.chmod(0o755)
    assert "data/script" in cli("checkout", "data:v0", code=4).err
    assert script.stat().st_mode & 0o777 == 0o755
    script.chmod(0o644)
    cli("checkout", "data:v0")
    assert cli("status").out == "data  data:v0  unchanged  1 file\n"


def test_where_executable_bits_mean_nothing_a_touched_file_is_not_modified(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    script = cli.write("data/script", "echo")
    script.chmod(0o755)
    cli("add", "data")
    script.unlink()
    monkeypatch.setattr(Project, "keep_mode_for", lambda project, paths: False)
    cli("checkout")
    script.chmod(0o644)
    assert cli("status").out == "data  data:v0  unchanged  1 file\n"
    assert cli("checkout").out == "data  data:v0  unchanged\n"
    cli.write("data/.objstoreignore", "script\n")
    assert cli("status", code=1).out == "data  data:v0  modified  1 added, 1 removed\n"


@pytest.mark.parametrize("size", [100, 1_000_000])
def test_an_edit_while_the_new_content_is_written_is_not_lost(cli: Cli, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    file = cli.write("data/file", noise(1, size))
    cli("add", "data")
    cli.write("data/file", noise(2, size))
    cli("add", "data")
    write = newfile._write_all

    def edited_meanwhile(fd: int, data: newfile.Data) -> None:
        file.write_text("mine")
        write(fd, data)

    with monkeypatch.context() as patch:
        patch.setattr(newfile, "_write_all", edited_meanwhile)
        assert "file was changed by somebody while this went on" in cli("checkout", "data:v0", code=4).err
    assert file.read_text() == "mine"
    assert list(file.parent.iterdir()) == [file]
    assert cli("status", code=1).out == "data  data:v1  modified  1 modified\n"


@pytest.fixture
def while_waiting(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[Sequence[str]]], None]:
    """Has the next checkout wait for somebody who runs these commands."""

    def wait(commands: Sequence[Sequence[str]]) -> None:
        lock = FileLock(cli.folder / ".objstore" / "lock").exclusive()

        def waited() -> None:
            lock.release()
            for words in commands:
                cli(*words)

        monkeypatch.setattr(checkout, "tell_waiting", waited)

    return wait


def two_versions(cli: Cli) -> Path:
    file = cli.write("data/file", "old")
    cli("add", "data")
    file.write_text("new")
    cli("add", "data")
    return file


def test_a_version_deleted_while_a_checkout_waits_holds_nothing(cli: Cli, while_waiting: Callable[..., None]) -> None:
    file = two_versions(cli)
    while_waiting([["rm", "data:v1", "--aliases"]])
    assert "data/file" in cli("checkout", "data:v0", code=4).err
    assert file.read_text() == "new"


def test_a_pin_moved_while_a_checkout_waits_is_followed(cli: Cli, while_waiting: Callable[..., None]) -> None:
    file = two_versions(cli)
    while_waiting([["checkout", "data:v0"]])
    assert cli("checkout").out == "data  data:v0  unchanged\n"
    assert file.read_text() == "old"
