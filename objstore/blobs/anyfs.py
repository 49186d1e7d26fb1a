"""Any other file system that fsspec knows."""

from collections.abc import Mapping

import fsspec
from fsspec.core import url_to_fs

from objstore.blobs.address import Address
from objstore.blobs.transport import Transport

# Azure's, through adlfs: its create is a Put Blob with If-None-Match, or a Put Block List with it.
_REFUSE_SECOND_CREATE = {"abfs", "abfss", "az"}


def load(protocol: str) -> None:
    """ImportError where the package for it is missing."""
    fsspec.get_filesystem_class(protocol)


class AnyTransport(Transport):
    """Good for reading; for writing only where the file system is known to refuse a second create."""

    def __init__(self, address: Address, options: Mapping[str, object]) -> None:
        fs, base = url_to_fs(address.url, **{**options, "skip_instance_cache": True, "use_listings_cache": False})
        super().__init__(fs, base)
        self.refuses_second_create = address.protocol in _REFUSE_SECOND_CREATE
