"""Where a project is, as its user writes it: a folder, or the URL of a place elsewhere."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from objstore.errors import InvalidInputError

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_ONE_SLASH = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/(?!/)")
_HOST_AND_PORT = re.compile(r"[^:@]*:[0-9]{1,5}")
_SAME = {"local": "file", "s3a": "s3", "gcs": "gs"}
# These needn't be looked up, so that fsspec isn't loaded for what only reads a setting.
_WELL_KNOWN = {"file", "s3", "gs", "abfs", "abfss", "az"}


@dataclass(frozen=True, slots=True)
class Address:
    """A folder (`url` is its absolute path) or a URL in one canonical spelling, without a slash at its end.

    `path` is what follows the protocol: `bucket/team/vision`, or the folder's path. Holds no secret: an address that has
    one, or could have, isn't taken, and no refusal repeats what was given.
    """

    protocol: str
    path: str

    @classmethod
    def parse(cls, text: str) -> "Address":
        """The address that `text` means; InvalidInputError saying what is wrong if it can't be one. Opens nothing."""
        if not text.strip():
            raise InvalidInputError("an empty address; give a folder or a URL such as s3://bucket/project")
        if any(ord(character) < 32 or ord(character) == 127 for character in text):
            raise InvalidInputError("an address can't contain control characters")
        url = _URL.fullmatch(text)
        if url is None:
            return _folder(text)
        protocol = _SAME.get(url[1].lower(), url[1].lower())
        _check_no_secret(url[2], protocol)
        _check_known(protocol)
        return _local(url[2]) if protocol == "file" else cls(protocol, _location(url[2], protocol))

    @property
    def folder(self) -> Path | None:
        """The folder of this machine, if it is one."""
        return Path(self.path) if self.protocol == "file" else None

    @property
    def url(self) -> str:
        return self.path if self.protocol == "file" else f"{self.protocol}://{self.path}"

    def __str__(self) -> str:
        return self.url


def _folder(text: str) -> Address:
    if _ONE_SLASH.match(text):
        raise InvalidInputError("neither a folder nor a URL: write two slashes after the colon, or ./ before a folder's name")
    if "::" in text:
        raise InvalidInputError("chained addresses (`::`) can't hold a project")
    return Address("file", os.path.abspath(text))


def _local(rest: str) -> Address:
    if not rest.startswith("/"):
        raise InvalidInputError("a file URL needs an absolute path, as in file:///data/project")
    return Address("file", os.path.abspath(rest))


def _location(rest: str, protocol: str) -> str:
    # Some have neither bucket nor host: memory:///project.
    rooted = rest.startswith("/") and protocol not in _WELL_KNOWN
    path = rest.rstrip("/")
    parts = path[rooted:].split("/")
    if not parts[0]:
        raise InvalidInputError(f"the address names no bucket; write {protocol}://bucket/project")
    if any(part in ("", ".", "..") for part in parts):
        raise InvalidInputError("the address has an empty, '.' or '..' part")
    return path


def _check_no_secret(rest: str, protocol: str) -> None:
    authority = rest.partition("/")[0]
    user, at, _ = authority.rpartition("@")
    # A secret key may contain slashes, so the @ that ends it may come after one.
    cut = ":" in authority and "@" in rest and (protocol in _WELL_KNOWN or not _HOST_AND_PORT.fullmatch(authority))
    if ":" in user if at else cut:
        raise InvalidInputError(
            f"an address holds no user and password; write {protocol}://bucket/project and give them as options or in the environment"
        )
    if "::" in rest:
        raise InvalidInputError("chained addresses (`::`) can't hold a project")
    if "?" in rest or "#" in rest:
        raise InvalidInputError("an address has no query or fragment; what belongs there is given as options")


def _check_known(protocol: str) -> None:
    if protocol in _WELL_KNOWN:
        return
    import fsspec

    if protocol not in fsspec.available_protocols():
        raise InvalidInputError(
            f"unknown protocol {protocol}://; s3:// needs `pip install 'objstore[s3]'`, gs:// `pip install 'objstore[gcs]'`, "
            "others a package for fsspec"
        )
