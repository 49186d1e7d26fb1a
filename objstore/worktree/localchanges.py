"""What a survey has found changed, to be read back in order as often as needed."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from objstore.host.spool import Spool
from objstore.manifest.entry import MAX_REFERENCE, Entry
from objstore.values.paths import MAX_BYTES
from objstore.worktree.listing import FACTS

_HEAD = struct.Struct("<HHBB32sQ")
_WAS, _IS = 1, 2
_BLOCK = 256 * 1024
_LONGEST = _HEAD.size + FACTS.size + MAX_BYTES + MAX_REFERENCE


class LocalChange(NamedTuple):
    """A path at which a folder isn't what its base has."""

    path: bytes
    was: bool
    """Whether the base has something there."""
    facts: bytes
    """Those of the scan; all zero when it has gone."""
    entry: Entry | None
    """What is there now, None for nothing."""


class LocalChanges:
    """In memory while few, in a file when many. For one thread; may be read by several at a time once all is added. Close it."""

    def __init__(self, scratch: Path) -> None:
        self._spool = Spool(scratch)
        self.count = 0

    def add(self, change: LocalChange) -> None:
        kind, digest, size, reference = change.entry or (0, b"", 0, None)
        body = reference or b""
        flags = _WAS * change.was | _IS * (change.entry is not None)
        head = _HEAD.pack(len(change.path), len(body), flags, kind, digest, size)
        self._spool.write(head + change.facts + change.path + body)
        self.count += 1

    def __iter__(self) -> Iterator[LocalChange]:
        at, block, done = 0, b"", 0
        while True:
            if len(block) - at < _LONGEST and done < self._spool.size:
                block = block[at:] + self._spool.read_at(done, _BLOCK)
                done, at = min(done + _BLOCK, self._spool.size), 0
            if at == len(block):
                return
            length, body, flags, kind, digest, size = _HEAD.unpack_from(block, at)
            middle = at + _HEAD.size + FACTS.size
            end = middle + length
            entry = Entry(kind, digest, size, block[end : end + body] or None) if flags & _IS else None
            yield LocalChange(block[middle:end], bool(flags & _WAS), block[at + _HEAD.size : middle], entry)
            at = end + body

    def close(self) -> None:
        self._spool.close()


class ChangeCursor:
    """Goes through local changes beside other paths, both ascending."""

    def __init__(self, changes: Iterator[LocalChange]) -> None:
        self._changes = changes
        self._next = next(changes, None)

    def before(self, path: bytes | None) -> Iterator[LocalChange]:
        """Those before a path; None for all that are left."""
        while self._next is not None and (path is None or self._next.path < path):
            yield self._next
            self._next = next(self._changes, None)

    def has(self, path: bytes) -> bool:
        """Whether the path is a changed one, which is passed then."""
        for _ in self.before(path):
            pass
        if self._next is None or self._next.path != path:
            return False
        self._next = next(self._changes, None)
        return True
