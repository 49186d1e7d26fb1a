"""The bytes of log entries and of compacted entries (spec/log.md).

Encoding uses the standard library's `json`, since the spec fixes the form of numbers as Python's `repr` and that must
not follow another library's taste; decoding uses msgspec, which checks types and patterns on the way.
"""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from objstore.errors import CorruptionError, InvalidInputError, UnsupportedFormatError
from objstore.history.records import KINDS, AnyRecord, DigestHex, Id, Record, Time, UnknownRecord
from objstore.values.digest import plain

_ENTRY = b"objstore-log "
_COMPACT = b"objstore-compact "
_VERSION = b"1"

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_dump = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class _Common(msgspec.Struct):
    """The fields of a record whose other fields aren't known."""

    kind: str
    write_id: Id
    time: Time
    segments: tuple[DigestHex, ...] = ()


_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(AnyRecord)


def encode_entry(records: Sequence[Record]) -> bytes:
    """The bytes of an entry; InvalidInputError for no records, or one that doesn't follow the spec's rules."""
    if not records:
        raise InvalidInputError("a log entry holds at least one record")
    return _seal(_ENTRY + _VERSION, b"".join(map(_encode, records)))


def decode_entry(data: bytes, what: str = "a log entry") -> list[Record | UnknownRecord]:
    """The records of an entry. Accepts only what `encode_entry` gives, or would give if it knew the kind.

    CorruptionError for anything else, UnsupportedFormatError for an entry of a newer format; both name `what`.
    """
    _, body = _unseal(data, _ENTRY, what)
    if not body.endswith(b"\n"):
        raise _corrupt(what, "is cut short")
    return [_decode(line, what) for line in body[:-1].split(b"\n")]


def encode_compact(first: int, entries: Sequence[bytes]) -> bytes:
    """Entries `first`, `first + 1`, … verbatim in one object."""
    body = b"".join(b"%d\n%b" % (len(entry), entry) for entry in entries)
    return _seal(_COMPACT + _VERSION + b" %020d %020d" % (first, first + len(entries) - 1), body)


def decode_compact(data: bytes, what: str = "a compacted log entry") -> tuple[int, list[bytes]]:
    """The number of the first entry and the bytes of each, themselves not decoded; errors as of `decode_entry`."""
    fields, body = _unseal(data, _COMPACT, what)
    entries = []
    at = 0
    while at < len(body):
        end = body.find(b"\n", at, at + 20)
        length = body[at:end]
        if end < 0 or not length.isdigit() or b"%d" % int(length) != length or end + 1 + int(length) > len(body):
            raise _corrupt(what, "has a wrong length in it")
        at = end + 1 + int(length)
        entries.append(body[end + 1 : at])
    first = int(fields[0]) if fields and fields[0].isdigit() else 0
    if not entries or fields != [b"%020d" % first, b"%020d" % (first + len(entries) - 1)]:
        raise _corrupt(what, "doesn't hold the entries that it says")
    return first, entries


def _encode(record: Record) -> bytes:
    try:
        line = _line(record)
        _decoder.decode(line)
    except (*_UNREADABLE, ValueError) as error:
        kind = type(record).__struct_config__.tag
        raise InvalidInputError(f"not a {kind} record that a log can hold: {error}") from error
    return line + b"\n"


def _line(record: Record) -> bytes:
    return _dump(msgspec.to_builtins(record)).encode()


def _decode(line: bytes, what: str) -> Record | UnknownRecord:
    try:
        record: Record = _decoder.decode(line)
    except _UNREADABLE as error:
        return _unknown(line, what, error)
    if _line(record) != line:
        raise _corrupt(what, "isn't in canonical form")
    return record


def _unknown(line: bytes, what: str, problem: Exception) -> UnknownRecord:
    try:
        common = msgspec.json.decode(line, type=_Common)
        fields = msgspec.json.decode(line, type=dict[str, Any])
    except _UNREADABLE as error:
        raise _corrupt(what, f"can't be read ({error})") from problem
    kind = common.kind
    if not (kind.isascii() and kind.replace("-", "").isalnum()):
        raise _corrupt(what, f"has a record of kind {kind!r}") from problem
    known = None
    if kind in KINDS:
        more = sorted(fields.keys() - set(KINDS[kind].__struct_fields__) - {"kind"})
        if not more:
            raise _corrupt(what, f"has a wrong {kind} record ({problem})") from problem
        kind = f"{kind} with {more[0]!r}"
        try:
            known = msgspec.convert({name: value for name, value in fields.items() if name not in more}, type=KINDS[common.kind])
        except msgspec.ValidationError:
            known = None
    return UnknownRecord(kind, common.write_id, common.time, common.segments, known)


def _seal(head: bytes, body: bytes) -> bytes:
    return b"%b %b\n%b" % (head, plain(body).hex().encode(), body)


def _unseal(data: bytes, magic: bytes, what: str) -> tuple[list[bytes], bytes]:
    """What stands in the first line between the format's version and the checksum, and what follows that line."""
    head, newline, body = data.partition(b"\n")
    if not newline or not head.startswith(magic):
        raise _corrupt(what, "doesn't begin as one should")
    version, *fields = head.removeprefix(magic).split(b" ")
    if version != _VERSION and version.isdigit():
        raise UnsupportedFormatError(f"{what} is of format {version.decode()[:20]}, which this objstore doesn't know; upgrade objstore")
    if version != _VERSION or not fields or fields.pop() != plain(body).hex().encode():
        raise _corrupt(what, "doesn't match its checksum")
    return fields, body


def _corrupt(what: str, problem: str) -> CorruptionError:
    return CorruptionError(f"{what} {problem}; run `objstore fsck`")
