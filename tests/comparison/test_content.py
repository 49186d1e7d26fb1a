"""Files on the disk that aren't any more what they were when they were listed."""

import os
from pathlib import Path

import pytest

from objstore.comparison.content import OnDisk
from objstore.errors import SourceFileError
from tests.host.impostors import IMPOSTORS

BECOMES = {**IMPOSTORS, "nothing": lambda place: None}


@pytest.mark.parametrize("what", BECOMES)
def test_what_is_no_file_any_more_is_told_with_its_place(tmp_path: Path, what: str) -> None:
    BECOMES[what](tmp_path / "it")
    with pytest.raises(SourceFileError, match=f"{tmp_path / 'it'} can't be read: "):
        OnDisk("it", tmp_path / "it")


@pytest.mark.parametrize("size", [0, 3, 9])
def test_a_file_that_shrinks_or_grows_is_told(tmp_path: Path, size: int) -> None:
    (tmp_path / "it").write_bytes(b"12345")
    content = OnDisk("it", tmp_path / "it")
    os.truncate(tmp_path / "it", size)
    with pytest.raises(SourceFileError, match="has changed while it was compared"):
        content.read(0, 5)
