"""What a manifest keeps for a path: a file, or a reference to an outside URI."""

import re
from collections.abc import Mapping
from enum import IntEnum
from struct import Struct
from typing import Any, NamedTuple

from objstore.errors import InvalidInputError
from objstore.values.binary import Reader
from objstore.values.digest import reference_digest

UNKNOWN_SIZE = 2**64 - 1
MAX_REFERENCE = 32_768

_U16 = Struct("<H")
_U32 = Struct("<I")
_PROPERTY = re.compile(r"[a-z0-9_]+\Z")


class EntryKind(IntEnum):
    FILE = 1
    EXECUTABLE = 2
    REFERENCE = 3


class Entry(NamedTuple):
    """One path's content. Two entries are equal exactly when the path counts as unmodified.

    `kind` is an `EntryKind` or its plain number. `digest` is that of the whole file, or of `reference`, the encoded
    properties that entries of kind 3 have and others don't. `size` is in bytes; a reference's may be `UNKNOWN_SIZE`.
    A named tuple because millions are made; `node.encode` checks the fields.
    """

    kind: int
    digest: bytes
    size: int
    reference: bytes | None = None


def reference_entry(properties: Mapping[str, str], size: int = UNKNOWN_SIZE) -> Entry:
    """The entry of a reference with these properties; `uri` must be one of them."""
    body = encode_reference(properties)
    return Entry(EntryKind.REFERENCE, reference_digest(body), size, body)


def encode_reference(properties: Mapping[str, str]) -> bytes:
    """The one encoding of these properties. InvalidInputError if `uri` is missing, a name or value isn't allowed, or all is too long."""
    if "uri" not in properties:
        raise InvalidInputError("a reference needs a `uri`")
    fields = [_U16.pack(len(properties))]
    for name, value in sorted(properties.items()):
        if not _PROPERTY.match(name):
            raise InvalidInputError(f"the name of a reference's property is made of a-z, 0-9 and _, not {name!r}")
        try:
            text = value.encode()
        except UnicodeEncodeError:
            raise InvalidInputError(f"the reference's {name} is not valid UTF-8: {value!r}") from None
        fields += (_U16.pack(len(name)), name.encode(), _U32.pack(len(text)), text)
        if sum(map(len, fields)) > MAX_REFERENCE:
            raise InvalidInputError(f"a reference is longer than {MAX_REFERENCE} bytes; shorten its properties")
    return b"".join(fields)


def decode_reference(body: bytes) -> dict[str, str]:
    """The properties of a reference, by name. CorruptionError unless `encode_reference` would return the same bytes."""
    reader = Reader(body, "reference")
    reader.check(len(body) <= MAX_REFERENCE, f"is longer than {MAX_REFERENCE} bytes")
    properties: dict[str, str] = {}
    last = ""
    for _ in range(_length(reader, _U16)):
        name = _text(reader, _U16)
        reader.check(_PROPERTY.match(name) is not None and name > last, "has a misnamed or misplaced property")
        properties[name] = _text(reader, _U32)
        last = name
    reader.end()
    reader.check("uri" in properties, "has no uri")
    return properties


def _length(reader: Reader, layout: Struct) -> int:
    fields: tuple[Any, ...] = reader.unpack(layout)
    return int(fields[0])


def _text(reader: Reader, length: Struct) -> str:
    try:
        return reader.take(_length(reader, length)).decode()
    except UnicodeDecodeError:
        raise reader.corrupt("has a property that is not valid UTF-8") from None
