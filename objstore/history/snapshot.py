"""A folded log as bytes, to be kept in a cache. Not a format of the store: whatever can't be read is folded again.

The first bytes say which records and fields this program knew when it folded, since one that knows more folds differently;
a checksum follows, since a cache may be torn.
"""

from typing import Any

import msgspec
from msgspec import Struct

from objstore.errors import CorruptionError
from objstore.history.collection import Version
from objstore.history.pending import Pending
from objstore.history.records import MAIN_KINDS
from objstore.values.digest import plain

_FOLD = 5  # counts up when a record comes to mean something else
_MAGIC = plain(repr((_FOLD, [(kind.__struct_config__.tag, kind.__struct_fields__) for kind in MAIN_KINDS])).encode())


class Gc(Struct, frozen=True):
    """A `gc` record: the packs it condemned, and the entry of its verdict, 0 without one."""

    number: int
    condemned: frozenset[str]
    verdict: int = 0


class CollectionSnapshot(Struct, array_like=True):
    id: str
    name: str
    type: str
    description: str
    created: str
    versions: list[Version]
    aliases: dict[str, int]


class Snapshot(Struct, array_like=True):
    position: int
    generation: int
    default_ttl: int | None
    collections: list[CollectionSnapshot]
    segments: list[str]
    superseded: set[str]
    dead_packs: set[str]
    gcs: list[Gc]
    pendings: list[Pending]
    unknown: set[str]
    noted: str
    former: dict[str, str]


def encode(snapshot: Snapshot) -> bytes:
    body = msgspec.msgpack.encode(snapshot, enc_hook=bytes)
    return _MAGIC + plain(body) + body


def decode(data: bytes) -> Snapshot:
    """CorruptionError for anything but what `encode` of this very program version gave."""
    body = data[64:]
    if data[:64] != _MAGIC + plain(body):
        raise CorruptionError("a cached fold of the log is damaged, or another version's")
    try:
        return _decoder.decode(body)
    except msgspec.DecodeError as error:
        raise CorruptionError(f"a cached fold of the log is damaged: {error}") from error


def _from_bytes(type_: type, value: Any) -> Any:
    return type_(value)


_decoder = msgspec.msgpack.Decoder(Snapshot, dec_hook=_from_bytes)
