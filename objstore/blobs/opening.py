"""Opening the blobs at an address."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from objstore.blobs.address import Address
from objstore.blobs.local import LocalBlobs
from objstore.blobs.remote import RemoteBlobs
from objstore.blobs.retrying import Retrying
from objstore.blobs.transport import Transport
from objstore.errors import InvalidInputError

_NO_OPTIONS: Mapping[str, object] = MappingProxyType({})
_PACKAGES = {"s3": "objstore[s3]", "gs": "objstore[gcs]", "abfs": "adlfs", "abfss": "adlfs", "az": "adlfs"}

Maker = Callable[[Address, Mapping[str, object]], Transport]


def open_blobs(
    address: Address, scratch: Path, options: Mapping[str, object] = _NO_OPTIONS, retrying: Retrying | None = None
) -> LocalBlobs | RemoteBlobs:
    """The blobs there, to be closed by the caller. Nothing is asked of a remote yet.

    `scratch`: a folder of this machine for files on their way to a remote. `options`: fsspec's storage options, such as `key`,
    `secret`, `endpoint_url`, `profile` or `anon`; without them, the environment variables and files of the libraries below count
    as ever. The libraries are loaded when they are first needed; InvalidInputError then where one is missing.
    """
    if address.folder is not None:
        return LocalBlobs(address.folder)
    given = dict(options)
    if "@" in str(given.get("endpoint_url", "")):
        raise InvalidInputError("endpoint_url holds no user and password; give them as key and secret, or in the environment")

    def connect() -> Transport:
        make = maker(address.protocol)
        try:
            return make(address, given)
        except (TypeError, KeyError, ValueError) as error:
            # What they say may repeat a value, and that may be a secret.
            names = ", ".join(sorted(given)) or "from the environment"
            raise InvalidInputError(f"{address.protocol}:// can't be used with the options given ({names})") from error

    return RemoteBlobs(address.url, scratch, connect, retrying or Retrying())


def maker(protocol: str) -> Maker:
    """What makes a transport of this protocol. InvalidInputError where the package for it is missing."""
    try:
        if protocol == "s3":
            from objstore.blobs.s3 import S3Transport

            return S3Transport
        if protocol == "gs":
            from objstore.blobs.gcs import GcsTransport

            return GcsTransport
        from objstore.blobs.anyfs import AnyTransport, load

        load(protocol)
        return AnyTransport
    except ImportError as error:
        package = _PACKAGES.get(protocol, "the package that fsspec names for it")
        command = f"run `pip install '{package}'`" if protocol in _PACKAGES else f"install {package}"
        raise InvalidInputError(f"{protocol}:// needs a package that isn't installed: {command}") from error
