"""Google Cloud Storage, through gcsfs. Loaded only when needed: it takes most of a second."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fsspec.config
from aiohttp import ClientTimeout
from fsspec.asyn import sync
from gcsfs.core import GCSFileSystem

from objstore.blobs.address import Address
from objstore.blobs.options import merged
from objstore.blobs.transport import Transport

_PART = 16 << 20
_SETTINGS: Mapping[str, object] = {"requests_timeout": ClientTimeout(total=None, sock_connect=5, sock_read=20)}
_ALWAYS: Mapping[str, object] = {"skip_instance_cache": True, "use_listings_cache": False}


class _FileSystem(GCSFileSystem):  # type: ignore[misc]
    """gcsfs without its retries, which can't be turned off and print a traceback when they end: `retrying` does it, once.

    The class of `gcsfs.core`, not the one that the name `gs` stands for: that asks for the kind of every bucket first, by another
    service, which emulators don't have and objects of ours don't need.
    """

    _request = getattr(GCSFileSystem._request, "__wrapped__", GCSFileSystem._request)


class GcsTransport(Transport):
    """Every operation is one request, but listings (one a thousand blobs) and large uploads."""

    refuses_second_create = True

    def __init__(self, address: Address, options: Mapping[str, object]) -> None:
        given = fsspec.config.apply_config(GCSFileSystem, dict(options))
        super().__init__(_FileSystem(**merged(_SETTINGS, given), **_ALWAYS), address.path)

    def create(self, name: str, data: bytes, limit: float) -> None:
        # Not `pipe_file`: that copies the data between two fixed lines, and what contains such a line would end there.
        bucket, key, _ = self.fs.split_path(self.path(name))
        self.fs.call(
            "POST",
            self.fs.base.removesuffix("storage/v1/") + "upload/storage/v1/b/{}/o",
            bucket,
            uploadType="media",
            name=key,
            ifGenerationMatch="0",
            headers={"Content-Type": "application/octet-stream"},
            data=data,
            **self.within(limit),
        )

    def overwrite(self, name: str, file: Path, limit: float) -> None:
        self.fs.put_file(str(file), self.path(name), chunksize=_PART, **self.within(limit))

    def size(self, name: str, limit: float) -> int:
        # `info` would list at the same time, in case it is a folder.
        bucket, key, _ = self.fs.split_path(self.path(name))
        return int(self._call("b/{}/o/{}", bucket, key, limit=limit)["size"])

    def look_for_bucket(self, limit: float) -> None:
        bucket, _, _ = self.fs.split_path(self.base)
        self._call("b/{}/o", bucket, maxResults=1, limit=limit)

    def close(self) -> None:
        if self.fs.session is not None:
            sync(self.fs.loop, self.fs.session.close)
            self.fs._session = None

    def _call(self, path: str, *parts: str, limit: float, **parameters: object) -> Any:
        return self.fs.call("GET", path, *parts, json_out=True, **parameters, **self.within(limit))
