"""What should be a file, and isn't, is told, and never waited for."""

import os
import socket
from pathlib import Path

import pytest

from objstore.host.regular import NotRegularError, open_regular, read_small
from tests.host.impostors import IMPOSTORS


def lowest_free() -> int:
    """The descriptor that the next file gets."""
    os.close(fd := os.open(os.devnull, os.O_RDONLY))
    return fd


@pytest.mark.parametrize("impostor", IMPOSTORS)
def test_what_is_no_file_is_not_opened(tmp_path: Path, impostor: str) -> None:
    IMPOSTORS[impostor](tmp_path / "it")
    free = lowest_free()
    for read in (open_regular, read_small):
        with pytest.raises(NotRegularError, match="not a regular file") as caught:
            read(tmp_path / "it")
        assert caught.value.filename == str(tmp_path / "it")
    assert lowest_free() == free, "what was opened is closed"


def test_a_socket_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # since the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("it")
        with pytest.raises(NotRegularError):
            open_regular("it")


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"data")
    (tmp_path / "link").symlink_to("file")
    assert read_small(tmp_path / "link") == b"data"


def test_a_file_that_is_too_large_to_be_what_it_should_be_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "it").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ValueError, match="more than 1,048,576 bytes"):
        read_small(tmp_path / "it")
    assert read_small(Path(__file__)) == Path(__file__).read_bytes()
