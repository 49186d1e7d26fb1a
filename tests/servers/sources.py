"""Places that references lead to, with what the environment says about them."""

import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from tests.servers.bucket import Bucket


@dataclass
class Source:
    """A place in a bucket that nobody else uses: `url`, and its key there. Whoever looks at the environment may read it."""

    url: str
    bucket: str
    key: str
    _put: Callable[[str, bytes], str | None]
    _delete: Callable[[str, str | None], None]

    def put(self, name: str, data: bytes = b"") -> str | None:
        """Puts an object; its version, where there is one."""
        return self._put(f"{self.key}/{name}", data)

    def delete(self, name: str, version: str | None = None) -> None:
        self._delete(f"{self.key}/{name}", version)


def of_s3(server: Bucket, monkeypatch: pytest.MonkeyPatch, *, versioned: bool) -> Iterator[Source]:
    """A place in a bucket with or without versioning; the client's own settings, no cache between."""
    import botocore.session

    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", str(server.options["key"]))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", str(server.options["secret"]))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = botocore.session.Session().create_client(
        "s3", aws_access_key_id="ADMINKEY", aws_secret_access_key="admin/secret+of=its/own", endpoint_url=server.endpoint
    )
    bucket = "versioned" if versioned else "plain"
    if bucket not in [found["Name"] for found in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket=bucket)
        if versioned:
            client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})

    def put(key: str, data: bytes) -> str | None:
        answer: dict[str, Any] = client.put_object(Bucket=bucket, Key=key, Body=data)
        return answer.get("VersionId")

    def delete(key: str, version: str | None) -> None:
        client.delete_object(Bucket=bucket, Key=key, **({"VersionId": version} if version else {}))

    key = os.urandom(8).hex()
    yield Source(f"s3://{bucket}/{key}", bucket, key, put, delete)
    client.close()


def of_gcs(server: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    """A place in a bucket of the emulator."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.endpoint)
    monkeypatch.setenv("FSSPEC_GS_TOKEN", "anon")

    def put(key: str, data: bytes) -> str | None:
        url = f"{server.endpoint}/upload/storage/v1/b/bucket/o?uploadType=media&name={quote(key, safe='')}"
        with urllib.request.urlopen(urllib.request.Request(url, data, method="POST")) as answer:
            return str(json.load(answer)["generation"])

    def delete(key: str, _: str | None) -> None:
        url = f"{server.endpoint}/storage/v1/b/bucket/o/{quote(key, safe='')}"
        urllib.request.urlopen(urllib.request.Request(url, method="DELETE")).close()

    key = os.urandom(8).hex()
    yield Source(f"gs://bucket/{key}", "bucket", key, put, delete)
