"""Repositories that share an upstream."""

import shutil
from collections.abc import Iterator

import pytest

from tests.conftest import fast_folder
from tests.repository.sharing import Sharing


@pytest.fixture
def sharing() -> Iterator[Sharing]:
    made = Sharing(fast_folder())
    yield made
    made.close()
    shutil.rmtree(made.place)
