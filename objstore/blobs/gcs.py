"""Google Cloud Storage, through gcsfs. Loaded only when needed: it takes most of a second."""

import io
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import fsspec.config
from aiohttp import ClientTimeout
from gcsfs.core import GCSFileSystem

from objstore.blobs import transport
from objstore.blobs.address import Address
from objstore.blobs.options import merged
from objstore.blobs.protocol import Listed
from objstore.blobs.transport import MARK, Content, Transport

_PART = 16 << 20
_SETTINGS: Mapping[str, object] = {"requests_timeout": ClientTimeout(total=None, sock_connect=5, sock_read=20)}
_ALWAYS: Mapping[str, object] = {"skip_instance_cache": True, "use_listings_cache": False}


class _FileSystem(GCSFileSystem):  # type: ignore[misc]
    """gcsfs without its retries, which can't be turned off and print a traceback when they end: `retrying` does it, once.

    The class of `gcsfs.core`, not the one that the name `gs` stands for: that asks for the kind of every bucket first, by another
    service, which emulators don't have and objects of ours don't need.
    """

    async def _request(self, *args: object, data: object = None, **kwargs: object) -> Any:
        if isinstance(data, bytes | bytearray | memoryview):
            data = io.BytesIO(data)  # aiohttp warns of large bytes
        return await _request_once(self, *args, data=data, **kwargs)


_request_once = getattr(GCSFileSystem._request, "__wrapped__", GCSFileSystem._request)


class GcsTransport(Transport):
    """Every operation is one request, but listings (one a thousand blobs) and large uploads."""

    refuses_second_create = True

    def __init__(self, address: Address, options: Mapping[str, object]) -> None:
        given = fsspec.config.apply_config(GCSFileSystem, dict(options))
        super().__init__(_FileSystem(**{**merged(_SETTINGS, given), **_ALWAYS}), address.path)

    def create(self, name: str, data: Content, mark: str, limit: float) -> None:
        self._upload({"name": self._key(name), "metadata": {MARK: mark}}, data, limit, ifGenerationMatch="0")

    def has_made(self, name: str, data: Content, mark: str, limit: float) -> bool:
        return bool(self._about(name, limit).get("metadata", {}).get(MARK) == mark)

    def overwrite(self, name: str, file: Path, limit: float) -> None:
        if file.stat().st_size <= _PART:
            self._upload({"name": self._key(name)}, file, limit)
        else:
            self.fs.put_file(str(file), self.path(name), chunksize=_PART, **self.within(limit))

    def size(self, name: str, limit: float) -> int:
        return int(self._about(name, limit)["size"])

    def files(self, prefix: str) -> Iterator[Listed]:
        # fsspec's `find` asks once more where there is nothing.
        _, slash, key = self.base.partition("/")
        above = f"{key}/" if slash else ""
        asked: dict[str, object] | None = {"prefix": above + prefix, "maxResults": transport.LISTED}
        while asked:
            page = self._get("b/{}/o", self._bucket, limit=transport.LISTING_LIMIT, **asked)
            for found in page.get("items", ()):
                if not found["name"].endswith("/"):
                    made = datetime.fromisoformat(found["timeCreated"]).timestamp()
                    yield Listed(found["name"].removeprefix(above), int(found["size"]), made)
            after = page.get("nextPageToken")
            asked = {**asked, "pageToken": after} if after else None

    def look_for_bucket(self, limit: float) -> None:
        self._get("b/{}/o", self._bucket, maxResults=1, limit=limit)

    def close(self) -> None:
        if self.fs.session is not None:
            self.finish(self.fs.session.close)
            self.fs._session = None

    @property
    def _bucket(self) -> str:
        return self.base.partition("/")[0]

    def _key(self, name: str) -> str:
        return self.path(name).partition("/")[2]

    def _about(self, name: str, limit: float) -> Any:
        # `info` would list at the same time, in case it is a folder.
        return self._get("b/{}/o/{}", self._bucket, self._key(name), limit=limit)

    def _upload(self, about: Mapping[str, object], data: Content, limit: float, **condition: str) -> None:
        # gcsfs itself puts the data between lines that are always `--==0==`, ended by a line feed alone. What contains such a line ends
        # there, what ends in a carriage return loses it, and neither is noticed. Nobody can foresee our lines.
        line = os.urandom(16).hex()
        body = io.BytesIO()  # written piece by piece, since one made of bytes is copied when it is sent
        body.write(f"--{line}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{json.dumps(about)}\r\n".encode())
        body.write(f"--{line}\r\nContent-Type: application/octet-stream\r\n\r\n".encode())
        if isinstance(data, Path):
            with data.open("rb") as file:
                shutil.copyfileobj(file, body, 1 << 20)
        else:
            body.write(data)
        body.write(f"\r\n--{line}--\r\n".encode())
        body.seek(0)
        self.fs.call(
            "POST",
            self.fs.base.removesuffix("storage/v1/") + "upload/storage/v1/b/{}/o",
            self._bucket,
            uploadType="multipart",
            headers={"Content-Type": f'multipart/related; boundary="{line}"'},
            data=body,
            **condition,
            **self.within(limit),
        )

    def _get(self, path: str, *parts: str, limit: float, **parameters: object) -> Any:
        return self.fs.call("GET", path, *parts, json_out=True, **parameters, **self.within(limit))
