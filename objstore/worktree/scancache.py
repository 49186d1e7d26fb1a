"""What is remembered of a source's last scan, so that an unchanged folder costs a walk and no reading.

A source's record says which manifest root its content had; each of its folders has its listing. The root is only trusted while the
store holds it, and the store holds whatever it reaches (the index is closed), so a remembered file needs no look-up of its own.
"""

import contextlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from blake3 import blake3

from objstore.errors import StorageError
from objstore.host.clock import boot_id
from objstore.host.spool import Spool
from objstore.odb.cache import Cache
from objstore.values.digest import Digest
from objstore.worktree.ignore import Patterns
from objstore.worktree.listing import forgetting_newer, split_rows
from objstore.worktree.scan import Scanned, Source

_BATCH = 8 * 1024 * 1024
_LENGTH = struct.Struct("<Q")
_HEAD = struct.Struct("<QQq")
_KEY = 16
_GONE = bytes(32)


class ScanCache:
    """The memory of one source, under given patterns."""

    def __init__(self, cache: Cache, source: Source, patterns: Patterns, settings: bytes = b"") -> None:
        self._cache = cache
        hasher = blake3(repr((source, patterns.include, patterns.exclude, settings)).encode(errors="surrogateescape"))
        self._source = hasher.digest(_KEY)

    def root(self) -> Digest | None:
        """The manifest root of the source's content when it was last taken in."""
        return root_of(self.record())

    def record(self) -> bytes | None:
        """What is remembered of the source itself: the root, and the boot that it is good for unless it is good for ever."""
        return self._cache.scanned(self._source)

    def listing(self, folder: bytes) -> bytes | None:
        """The joined rows of a folder's last listing."""
        return self._cache.scanned(self._key(folder))

    def remember(self, root: Digest, notes: "Notes", *, until_reboot: bool = False) -> None:
        """Remembers the scan that led to `root`; best effort, since it is only a cache.

        `until_reboot`: the files were written just now and not synced. After a crash of the machine one may have its size and times
        but not its content, so what is remembered of them, and what is built on that, ends with this boot.

        Notes say what has changed since `notes.base`. When somebody else has remembered another root meanwhile they don't fit what is
        there, and a file whose facts are remembered beside a root without its content would never be read again. So then the source
        counts as unknown, and the next scan reads all of it.
        """
        if not notes.changed and not notes.folders_gone and self.root() == root:
            return
        if until_reboot and not boot_id():
            return  # nobody would know when it ends
        gone = list(self._gone(notes)) if notes.folders_gone else []
        with contextlib.suppress(StorageError):
            self._cache.remember_scan(
                self._source,
                notes.base,
                root + (boot_id() if until_reboot else b""),
                ((self._key(folder), rows) for folder, rows in notes),
                gone,
            )

    def remember_gone(self) -> None:
        """From now on the source counts as taken away: as one with a root that nothing has."""
        with contextlib.suppress(StorageError):
            self._cache.remember_scan(self._source, self.record(), _GONE)

    def _key(self, folder: bytes) -> bytes:
        return self._source + blake3(folder).digest(_KEY)

    def _gone(self, notes: "Notes") -> Iterator[bytes]:
        seen = {self._source, *(self._key(folder) for folder in notes.seen)}
        return (key for key in self._cache.scan_keys(self._source) if key not in seen)


def root_of(record: bytes | None) -> Digest | None:
    """The root that a source's record names, if it is still good."""
    return Digest(record[:32]) if record and record[32:] in (b"", boot_id()) else None


def ends_with_boot(record: bytes | None) -> bool:
    """Whether a record is good until the machine is started again."""
    return record is not None and len(record) > 32


class Notes:
    """The listings to remember once the files they list are in the store; in memory while small, in a file when large."""

    def __init__(self, scratch: Path, clock: int, base: bytes | None) -> None:
        """`clock`: the file system's time when the scan began; `base`: the record of the source then."""
        self._clock = clock
        self._trusted: int | None = None
        self.base = base
        self._spool = Spool(scratch)
        self.seen: list[bytes] = []
        self.changed = False
        self.folders_gone = False
        self._at: dict[bytes, tuple[int, int]] = {}

    def add(self, scanned: Scanned) -> None:
        if scanned.same:
            self.seen.append(scanned.folder)
            return
        rows = scanned.listing.rows
        newest = scanned.listing.newest
        self.add_rows(scanned.folder, forgetting_newer(rows, self._clock) if newest >= self._clock else rows, newest)

    def add_rows(self, folder: bytes, rows: list[bytes], newest: int) -> None:
        """Notes a folder's rows as they are. `newest`: the latest change time of any of its files."""
        self.seen.append(folder)
        self.changed = True
        joined = b"".join(rows)
        self._spool.write(_HEAD.pack(len(folder), len(joined), newest) + folder)
        self._at[folder] = (self._spool.size, len(joined))
        self._spool.write(joined)

    def rows(self, folder: bytes) -> bytes | None:
        """The joined rows of a folder as they were last noted; None if they weren't. Not while the notes are read."""
        at = self._at.get(folder)
        return None if at is None else self._spool.read_at(*at)

    def trust_before(self, clock: int) -> None:
        """Of files that changed at `clock` or later the facts are forgotten: an edit in the same tick wouldn't show."""
        self._trusted = clock

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        self._spool.rewind()
        while head := self._spool.read(_HEAD.size):
            folder_size, rows_size, newest = _HEAD.unpack(head)
            folder, rows = self._spool.read(folder_size), self._spool.read(rows_size)
            if self._trusted is not None and newest >= self._trusted:
                rows = b"".join(forgetting_newer(split_rows(rows), self._trusted))
            yield folder, rows

    def close(self) -> None:
        self._spool.close()


class NamedFacts(NamedTuple):
    """A changed path and its facts."""

    path: bytes
    facts: bytes | None


class ChangeSpool:
    """Changes found by a scan, to be read back in order; in memory while few, in a file when many."""

    def __init__(self, scratch: Path) -> None:
        self._spool = Spool(scratch)
        self.count = 0

    def add(self, path: bytes, facts: bytes | None) -> None:
        self._spool.write(_LENGTH.pack(len(path) << 1 | (facts is not None)) + path + (facts or b""))
        self.count += 1

    def read(self, facts_size: int) -> Iterator[NamedFacts]:
        self._spool.rewind()
        while head := self._spool.read(_LENGTH.size):
            (word,) = _LENGTH.unpack(head)
            path = self._spool.read(word >> 1)
            yield NamedFacts(path, self._spool.read(facts_size) if word & 1 else None)

    def close(self) -> None:
        self._spool.close()
