"""A bucket on one of the servers, as tests see it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from objstore.blobs.address import Address
from objstore.blobs.opening import open_blobs
from objstore.blobs.remote import RemoteBlobs
from objstore.blobs.retrying import Retrying


@dataclass(frozen=True)
class Bucket:
    """`url` is the bucket's, `options` are fsspec's for it, `readonly` those of somebody who may only read."""

    url: str
    endpoint: str
    options: Mapping[str, object]
    readonly: Mapping[str, object] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which Amazon's own tools would find it."""
        names = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL": "endpoint_url"}
        return {name: str(self.options[option]) for name, option in names.items()}

    def place(self) -> str:
        """The URL of an empty place in it that nobody else uses."""
        return f"{self.url}/{os.urandom(8).hex()}"

    def open(self, scratch: Path, url: str | None = None, retrying: Retrying | None = None, **options: object) -> RemoteBlobs:
        """The blobs at `url`, or in a place of their own, with some options in place of the usual ones."""
        opened = open_blobs(Address.parse(url or self.place()), scratch, {**self.options, **options}, retrying)
        assert isinstance(opened, RemoteBlobs)
        return opened
