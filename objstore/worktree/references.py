"""What a version's references stand for."""

import contextlib
import re

from blake3 import blake3

from objstore.errors import StorageError
from objstore.host.clock import boot_id
from objstore.manifest.entry import UNKNOWN_SIZE, Entry, EntryKind, decode_reference, reference_entry
from objstore.odb.cache import Cache
from objstore.outside.seen import BLAKE3, ETAG, Seen

_HEX = re.compile(r"[0-9a-f]{64}")


def entry_to(seen: Seen) -> Entry:
    """The entry of a reference to an outside object as it was seen. InvalidInputError for an address that is too long."""
    return reference_entry({**seen.marks, "uri": seen.uri}, UNKNOWN_SIZE if seen.size is None else seen.size)


def recorded(entry: Entry) -> Seen:
    """What the entry of a reference has recorded."""
    assert entry.reference is not None
    marks = decode_reference(entry.reference)
    return Seen(marks.pop("uri"), None if entry.size == UNKNOWN_SIZE else entry.size, marks)


def is_reference(entry: Entry | None) -> bool:
    return entry is not None and entry.kind == EntryKind.REFERENCE


def known_size(entry: Entry) -> int:
    """In bytes; 0 where it is unknown."""
    return 0 if entry.size == UNKNOWN_SIZE else entry.size


class Contents:
    """The digests of what references stand for: as they say themselves, or as this machine has seen when it fetched them.

    A cache: what it doesn't know, or can't keep, must be fetched again. Thread-safe.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def proven(self, entry: Entry) -> bytes | None:
        """The digest that the content has for sure; None where nobody knows, or where the reference leaves open what is there.

        As one does that is told by size alone, or by a weak ETag (RFC 9110, 8.8.1), which several contents may share.
        """
        marks = dict(recorded(entry).marks)
        if marks.get(ETAG, "").startswith("W/"):
            del marks[ETAG]
        return self.last(entry) if marks else None

    def last(self, entry: Entry) -> bytes | None:
        """The digest that the content had when it was last fetched."""
        mark = recorded(entry).marks.get(BLAKE3)
        if mark is None:
            return self._cache.remembered(_name(entry))
        return bytes.fromhex(mark) if _HEX.fullmatch(mark) else None

    def note(self, entry: Entry, digest: bytes) -> None:
        """Remembers the digest of what was fetched just now."""
        if BLAKE3 not in recorded(entry).marks:
            self._remember(_name(entry), digest)

    def is_at(self, entry: Entry, disk: bytes, facts: bytes) -> bool:
        """Whether a file with these facts is known to be what a reference refers to, since it was read."""
        return self._cache.remembered(_place(disk)) == _known(entry, facts)

    def note_at(self, entry: Entry, disk: bytes, facts: bytes) -> None:
        """Remembers what a file is, until the machine is started again: nobody may have synced it."""
        if boot_id():
            self._remember(_place(disk), _known(entry, facts))

    def _remember(self, name: str, value: bytes) -> None:
        with contextlib.suppress(StorageError):
            self._cache.remember(name, value)


def _place(disk: bytes) -> str:
    return f"reference at {blake3(disk).hexdigest()}"


def _known(entry: Entry, facts: bytes) -> bytes:
    return boot_id() + _name(entry).encode() + facts


def _name(entry: Entry) -> str:
    return f"reference {entry.size} {entry.digest.hex()}"
