"""Outside addresses, asked with little patience."""

from collections.abc import Iterator

import pytest

from objstore.blobs.retrying import Retrying
from objstore.outside.opening import Outside


@pytest.fixture
def outside() -> Iterator[Outside]:
    with Outside(Retrying(tries=3, first_wait=0.01, patience=0.1)) as opened:
        yield opened
