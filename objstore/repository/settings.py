"""A project's `objstore.json` (spec/layout.md)."""

import os
import re
from typing import Self

import msgspec

from objstore.errors import CorruptionError, UnsupportedFormatError
from objstore.host.clock import now_text
from objstore.values.digest import plain

NAME = "objstore.json"
FORMAT = 1

_ID = re.compile(r"[0-9a-f]{32}")
_NOT_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)  # what msgspec raises for hostile bytes


class Chunker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How files are cut: fixed for one format version."""

    algorithm: str = "fastcdc2020"
    min: int = 16384
    avg: int = 65536
    max: int = 262144
    normalization: int = 2


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a project says about itself; never changes."""

    format: int
    project: str
    chunker: Chunker
    created: str

    @classmethod
    def new(cls, id_: str | None = None) -> Self:
        """Those of a new project, or of one whose id is known from elsewhere."""
        return cls(FORMAT, id_ or os.urandom(16).hex(), Chunker(), now_text())

    def encode(self) -> bytes:
        body = msgspec.json.encode(self)[:-1]
        return body + b',"checksum":"' + plain(body).hex().encode() + b'"}\n'

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """UnsupportedFormatError for a newer format, CorruptionError for anything else than a project's settings."""
        version = _version(data)
        if version > FORMAT:
            raise UnsupportedFormatError(f"this store has format {version}; this objstore reads up to {FORMAT}: upgrade objstore")
        body, _, _ = data.partition(b',"checksum":')
        try:
            settings = msgspec.json.decode(body + b"}", type=cls)
        except _NOT_JSON as error:
            raise CorruptionError(f"{NAME} is damaged: {error}") from error
        is_ours = settings.format == FORMAT and settings.chunker == Chunker() and _ID.fullmatch(settings.project)  # a part of file names
        if not is_ours or settings.encode() != data:
            raise CorruptionError(f"{NAME} is damaged: it doesn't match its checksum")
        return settings


class _Versioned(msgspec.Struct):
    format: int


def _version(data: bytes) -> int:
    try:
        return msgspec.json.decode(data, type=_Versioned).format
    except _NOT_JSON as error:
        raise CorruptionError(f"{NAME} is damaged: {error}") from error
