"""A clone's own log entries that its upstream doesn't have yet (spec/log.md)."""

import contextlib
import re
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from objstore.blobs.protocol import BlobStore
from objstore.errors import BlobExistsError
from objstore.history.encoding import decode_entry, encode_entry
from objstore.history.log import Records
from objstore.history.records import Record

_NAME = re.compile(r"(\d{20})-(\d{20})")


class PendingName(NamedTuple):
    """What a pending entry is called; a name never comes twice, so it tells what is in the entry."""

    n: int
    base: int

    def __str__(self) -> str:
        return f"{self.base:020d}-{self.n:020d}"


class PendingEntry(NamedTuple):
    """Records that wait, and the last entry of the mirror that their writer knew."""

    name: PendingName
    records: Records


class Unpushed:
    """The pending entries of one log. Whoever changes them holds the clone's lock."""

    def __init__(self, blobs: BlobStore, log: str = "main") -> None:
        self._blobs = blobs
        self._prefix = f"pending/{log}/"

    def names(self) -> list[PendingName]:
        """What there is, in order. Lists a folder of the disk."""
        found = (_NAME.fullmatch(name.removeprefix(self._prefix)) for name, _ in self._blobs.list(self._prefix))
        return sorted(PendingName(int(match[2]), int(match[1])) for match in found if match)

    def read(self, name: PendingName) -> PendingEntry:
        path = f"{self._prefix}{name}"
        return PendingEntry(name, decode_entry(self._blobs.read(path), path))

    def append(self, base: int, records: Sequence[Record]) -> PendingEntry:
        """Adds an entry after all others, durably."""
        last = max((name.n for name in self.names()), default=0)
        name = PendingName(max(last + 1, time.time_ns()), base)
        self.put(name, records)
        return PendingEntry(name, list(records))

    def put(self, name: PendingName, records: Sequence[Record]) -> None:
        """Adds an entry of this name."""
        self._blobs.create(f"{self._prefix}{name}", encode_entry(records))

    def lower_base(self, base: int) -> None:
        """Has entries whose writers knew more of the mirror than this entry be based on it. Killed in between, some are there twice."""
        for name in self.names():
            if name.base > base:
                with contextlib.suppress(BlobExistsError):
                    self.put(name._replace(base=base), [record for record in self.read(name).records if isinstance(record, Record)])
                self.remove([name])

    def remove(self, names: Iterable[PendingName]) -> None:
        """Removes entries that have landed, or that others have taken the place of; those that are gone already don't matter."""
        for name in names:
            self._blobs.delete(f"{self._prefix}{name}")
