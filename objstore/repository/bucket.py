"""A project that is in a bucket, as it is opened there directly."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs

from objstore.blobs.address import Address
from objstore.blobs.opening import open_blobs
from objstore.blobs.probing import probe
from objstore.errors import BlobExistsError, ConflictError, CorruptionError, NotFoundError, StorageError
from objstore.host.lines import replace_text
from objstore.repository.connection import read_settings
from objstore.repository.settings import NAME, Settings
from objstore.values.digest import plain


class Bucket:
    """Where a project is elsewhere, and the folder in the user's cache where this machine keeps what it knows of it."""

    def __init__(self, address: Address, options: Mapping[str, Any]) -> None:
        """`address` isn't a folder's. Asks nothing of it yet."""
        self.address = address
        self.options = options
        self.folder = platformdirs.user_cache_path("objstore") / "elsewhere" / plain(address.url.encode()).hex()[:32]
        self.blobs = open_blobs(address, self.folder / "local" / "staging", options)

    @property
    def name(self) -> str:
        """`entity/project`: the last two parts of the address."""
        return "/".join(["default", *self.address.path.split("/")][-2:])

    def settings(self) -> Settings:
        """What the project says of itself, which never changes; so it is asked for once. NotFoundError when there is none."""
        with contextlib.suppress(OSError, CorruptionError):
            return Settings.decode(self._known.read_bytes())
        settings = self._ask()
        with contextlib.suppress(OSError, StorageError):  # where nothing can be kept they are asked for each time
            replace_text(self._known, settings.encode().decode())
        return settings

    def check_still_there(self, settings: Settings) -> None:
        """For who writes: NotFoundError when the project isn't there any more, ConflictError when another one is. Cost: one request."""
        try:
            there = self._ask()
        except NotFoundError:
            self.forget()
            raise
        if there != settings:
            self.forget()
            raise ConflictError(f"another project is at {self.address} than when this machine last looked; open the repository anew")

    def forget(self) -> None:
        """Has the project asked again what it is when it is next opened."""
        with contextlib.suppress(OSError):
            self._known.unlink(missing_ok=True)

    @property
    def _known(self) -> Path:
        return self.folder / NAME

    def _ask(self) -> Settings:
        try:
            return read_settings(self.blobs)
        except NotFoundError:
            raise NotFoundError(f"there is no objstore project at {self.address}; is the address right?") from None


def make_in_bucket(address: Address, options: Mapping[str, Any]) -> None:
    """Makes an empty project at an address, after a probe of the place. ConflictError when there is one."""
    bucket = Bucket(address, options)
    with contextlib.closing(bucket.blobs):
        probe(bucket.blobs)
        try:
            bucket.blobs.create(NAME, Settings.new().encode())
        except BlobExistsError:
            raise ConflictError(f"{address} holds a project already") from None
