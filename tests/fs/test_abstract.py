"""fsspec's own suites, which make their files through the file system."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fsspec.tests.abstract import AbstractFixtures, AbstractGetTests, AbstractOpenTests

import objstore
from tests.fs.staged import StagedFileSystem


class Staged(AbstractFixtures):
    @pytest.fixture
    def fs(self, tmp_path: Path) -> StagedFileSystem:
        folder = tmp_path / "repo"
        objstore.open(folder, create=True).close()
        return StagedFileSystem(folder, skip_instance_cache=True)

    @pytest.fixture
    def fs_path(self, fs: StagedFileSystem) -> str:
        fs.makedirs("data/source")
        return "data"

    @pytest.fixture
    def fs_join(self) -> Callable[..., str]:
        return lambda *parts: "/".join(parts)

    @pytest.fixture
    def supports_empty_directories(self) -> bool:
        return False


class TestGet(Staged, AbstractGetTests):
    pass


class TestOpen(Staged, AbstractOpenTests):
    pass


def test_the_suites_have_tests() -> None:
    suites: list[Any] = [TestGet, TestOpen]
    assert all(any(name.startswith("test_") for name in dir(suite)) for suite in suites)
