"""S3 and what speaks like it, through s3fs. Loaded only when needed: it takes a third of a second."""

import contextlib
import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import fsspec.config
from botocore.handlers import add_expect_header
from s3fs import S3FileSystem

from objstore.blobs import transport
from objstore.blobs.address import Address
from objstore.blobs.options import merged
from objstore.blobs.protocol import Listed
from objstore.blobs.transport import MARK, Content, Transport

_PART = 16 << 20
_SETTINGS: Mapping[str, object] = {
    "config_kwargs": {
        "retries": {"mode": "standard", "total_max_attempts": 1},  # `retrying` does it, once, not each layer for itself
        "max_pool_connections": 64,
        "connect_timeout": 5,
        "read_timeout": 20,
    },
    "max_concurrency": 1,  # otherwise it asks for the size before every read
}
_ALWAYS: Mapping[str, object] = {"skip_instance_cache": True, "use_listings_cache": False}


class _FileSystem(S3FileSystem):  # type: ignore[misc]
    """s3fs without `Expect: 100-continue`: it makes every put wait for one more answer, and has no timeout for that one."""

    async def set_session(self, *args: Any, **kwargs: Any) -> Any:
        before = self._s3
        client = await super().set_session(*args, **kwargs)
        if client is not before:
            client.meta.events.unregister("before-call.s3", add_expect_header)
        return client


class _File(io.FileIO):
    """A file as s3fs takes bytes: it asks for the length, and passes on the rest to what can read files, piece by piece."""

    def __len__(self) -> int:
        return os.fstat(self.fileno()).st_size


class S3Transport(Transport):
    """Every operation is one request, but listings (one a thousand blobs) and large uploads."""

    refuses_second_create = True

    def __init__(self, address: Address, options: Mapping[str, object]) -> None:
        given = fsspec.config.apply_config(S3FileSystem, dict(options))
        fs = _FileSystem(**{**merged(_SETTINGS, given), **_ALWAYS})
        fs.retries = 1
        super().__init__(fs, address.path)

    def create(self, name: str, data: Content, mark: str, limit: float) -> None:
        with _File(data) if isinstance(data, Path) else contextlib.nullcontext(data) as body:
            # Smaller than a chunk, so never a multipart upload: there, servers forget the condition.
            options = {"mode": "create", "chunksize": len(body) + 1, "Metadata": {MARK: mark}}
            self.fs.pipe_file(self.path(name), body, **options, **self.within(limit))

    def has_made(self, name: str, data: Content, mark: str, limit: float) -> bool:
        return bool(self._call("head_object", name, limit).get("Metadata", {}).get(MARK) == mark)

    def overwrite(self, name: str, file: Path, limit: float) -> None:
        self.fs.put_file(str(file), self.path(name), chunksize=_PART, max_concurrency=4, **self.within(limit))

    def size(self, name: str, limit: float) -> int:
        # `info` would list, too, when there is no such key.
        return int(self._call("head_object", name, limit)["ContentLength"])

    def files(self, prefix: str) -> Iterator[Listed]:
        # fsspec's `find` asks twice more where there is nothing.
        bucket, key, _ = self.fs.split_path(self.base)
        above = f"{key}/" if key else ""
        asked: dict[str, object] | None = {"Bucket": bucket, "Prefix": above + prefix, "MaxKeys": transport.LISTED}
        while asked:
            page = self.fs.call_s3("list_objects_v2", **asked, **self.within(transport.LISTING_LIMIT))
            for found in page.get("Contents", ()):
                if not found["Key"].endswith("/"):
                    yield Listed(found["Key"].removeprefix(above), int(found["Size"]), found["LastModified"].timestamp())
            after = page.get("NextContinuationToken")
            asked = {**asked, "ContinuationToken": after} if after else None

    def look_for_bucket(self, limit: float) -> None:
        bucket, _, _ = self.fs.split_path(self.base)
        self.fs.call_s3("list_objects_v2", Bucket=bucket, MaxKeys=1, **self.within(limit))

    def close(self) -> None:
        if self.fs._s3 is not None:  # asking for `s3` would connect
            self.finish(self.fs.s3.close)

    def _call(self, method: str, name: str, limit: float) -> Any:
        bucket, key, _ = self.fs.split_path(self.path(name))
        return self.fs.call_s3(method, Bucket=bucket, Key=key, **self.within(limit))
