"""What should be a file, and isn't, is told, and never waited for."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from objstore.host.regular import NotRegularError, open_regular, read_small

IMPOSTORS: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "folder": Path.mkdir,
    "endless device": lambda place: place.symlink_to("/dev/zero"),
    "link to itself": lambda place: place.symlink_to(place),
}


@pytest.mark.parametrize("impostor", IMPOSTORS)
def test_what_is_no_file_is_not_opened(tmp_path: Path, impostor: str) -> None:
    IMPOSTORS[impostor](tmp_path / "it")
    before = os.listdir("/proc/self/fd")
    for read in (open_regular, read_small):
        with pytest.raises(NotRegularError, match="not a regular file") as caught:
            read(tmp_path / "it")
        assert caught.value.filename == str(tmp_path / "it")
    assert os.listdir("/proc/self/fd") == before


def test_a_socket_is_not_opened(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "it"))
        with pytest.raises(NotRegularError):
            open_regular(tmp_path / "it")


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
