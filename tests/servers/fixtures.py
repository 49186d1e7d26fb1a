"""The servers as fixtures, started when a test first asks: each pytest-xdist worker has its own, which costs it three seconds."""

from collections.abc import Iterator

import pytest

from tests.servers.bucket import Bucket
from tests.servers.fakegcs import fakegcs
from tests.servers.proxy import Proxy, proxied
from tests.servers.rclone import rclone
from tests.servers.seaweedfs import seaweedfs
from tests.servers.sources import Source, of_gcs, of_s3
from tests.servers.web import Site, serving


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """A bucket on an S3 server that keeps every promise."""
    pytest.importorskip("s3fs", reason="needs s3fs (pip install 'objstore[s3]')")
    with seaweedfs(tmp_path_factory.mktemp("seaweedfs")) as bucket:
        yield bucket


@pytest.fixture(scope="session")
def gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """A bucket on an emulator of Google Cloud Storage."""
    pytest.importorskip("gcsfs", reason="needs gcsfs (pip install 'objstore[gcs]')")
    with fakegcs(tmp_path_factory.mktemp("fakegcs")) as bucket:
        yield bucket


@pytest.fixture(scope="session")
def unsafe_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """A bucket on an S3 server that overwrites when asked to create."""
    pytest.importorskip("s3fs", reason="needs s3fs (pip install 'objstore[s3]')")
    with rclone(tmp_path_factory.mktemp("rclone")) as bucket:
        yield bucket


@pytest.fixture
def s3_proxy(s3: Bucket) -> Iterator[Proxy]:
    """A proxy in front of `s3`, which counts what passes and breaks what it is told to break."""
    with proxied(s3) as proxy:
        yield proxy


@pytest.fixture
def gcs_proxy(gcs: Bucket) -> Iterator[Proxy]:
    """A proxy in front of `gcs`."""
    with proxied(gcs) as proxy:
        yield proxy


@pytest.fixture
def web() -> Iterator[Site]:
    """A web server without pages."""
    with serving() as site:
        yield site


@pytest.fixture
def versioned(s3: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    """A place in a bucket that keeps versions, to refer to."""
    yield from of_s3(s3, monkeypatch, versioned=True)


@pytest.fixture
def plain(s3: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    """A place in a bucket that doesn't."""
    yield from of_s3(s3, monkeypatch, versioned=False)


@pytest.fixture
def google(gcs: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    """A place in a bucket of Google's."""
    yield from of_gcs(gcs, monkeypatch)


@pytest.fixture(params=["versioned", "plain", "google"])
def source(request: pytest.FixtureRequest) -> Source:
    found: Source = request.getfixturevalue(request.param)
    return found
