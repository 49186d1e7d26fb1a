"""Outside addresses, asked with little patience."""

from collections.abc import Iterator

import pytest

from objstore.blobs.retrying import Retrying
from objstore.outside.opening import Outside
from tests.servers.bucket import Bucket
from tests.servers.sources import Source, of_gcs, of_s3
from tests.servers.web import Site, serving


@pytest.fixture
def outside() -> Iterator[Outside]:
    with Outside(Retrying(tries=3, first_wait=0.01, patience=0.1)) as opened:
        yield opened


@pytest.fixture
def web() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def versioned(s3: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    """A place in a bucket that keeps versions."""
    yield from of_s3(s3, monkeypatch, versioned=True)


@pytest.fixture
def plain(s3: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    """A place in a bucket that doesn't."""
    yield from of_s3(s3, monkeypatch, versioned=False)


@pytest.fixture
def google(gcs: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    yield from of_gcs(gcs, monkeypatch)


@pytest.fixture(params=["versioned", "plain", "google"])
def source(request: pytest.FixtureRequest) -> Source:
    found: Source = request.getfixturevalue(request.param)
    return found
