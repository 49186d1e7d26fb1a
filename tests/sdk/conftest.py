"""A repository in a folder of its own, and a current folder that is in none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[objstore.Repository]:
    with objstore.open(tmp_path / "repo", create=True) as repository:
        yield repository
