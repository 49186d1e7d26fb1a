"""A log: numbered entries, appended by putting entry n where none is (spec/log.md).

One writer wins a number (Delta Lake's commit protocol); nothing is listed on the way, the next number is asked for directly.
"""

import contextlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from objstore.blobs.protocol import BlobStore
from objstore.errors import BlobExistsError, ConflictError, CorruptionError, InvalidInputError, NotFoundError, ObjstoreError, RemoteError
from objstore.history.encoding import decode_compact, decode_entry, encode_compact, encode_entry
from objstore.history.records import KINDS_OF, Record, UnknownRecord
from objstore.host.batches import batches
from objstore.values.digest import Digest, plain

COMPACT_SIZES = (64, 512, 4096, 32768)
MAX_COMPACT_BYTES = 64 << 20
_MOST_AT_ONCE = 16
_TOGETHER = 1000

Records = list[Record | UnknownRecord]


class EntryTakenError(ConflictError):
    """Another writer has appended the entry of this number: read it, then decide again."""

    def __init__(self, number: int) -> None:
        super().__init__(f"log entry {number} was appended by another writer; read it, then try again")
        self.number = number


class Log:
    """One log of a project. Keeps no state of its own, so it may be used by any number of threads."""

    def __init__(self, blobs: BlobStore, name: Literal["main", "runs", "holdings"] = "main") -> None:
        self.name = name
        self.blobs = blobs
        self._kinds = KINDS_OF[name]
        self._most_at_once = 1 if blobs.root is not None else _MOST_AT_ONCE

    def entry_name(self, number: int) -> str:
        return f"log/{self.name}/{number:020d}"

    def compact_name(self, first: int, last: int) -> str:
        return f"log/{self.name}/compact/{first:020d}-{last:020d}"

    def names_ending_at(self, number: int) -> Iterator[str]:
        """What holds an entry and none after it, in the order in which it is to be removed: the compacted ones first."""
        for size in COMPACT_SIZES:
            if number % size == 0:
                yield self.compact_name(number - size + 1, number)
        yield self.entry_name(number)

    def read_from(self, number: int) -> Iterator[tuple[int, Records]]:
        """Entries `number`, `number` + 1, … with their numbers, until the first that isn't there.

        n entries take O(log n) large requests and at most 63 small ones at either end, in a store elsewhere ever more of these at a
        time, and a few in vain; to learn that there is nothing new takes one. Memory: one compacted entry (64 MiB). Errors:
        CorruptionError, UnsupportedFormatError, RemoteError, StorageError.
        """
        for at, _, records in self.read_both_from(number):
            yield at, records

    def read_both_from(self, number: int) -> Iterator[tuple[int, bytes, Records]]:
        """As `read_from`, with each entry's bytes too. One that arrives damaged is read once more."""
        for at, data in self.read_bytes_from(number):
            try:
                yield at, data, decode_entry(data, self.entry_name(at))
                continue
            except CorruptionError:
                again = self.read_entry(at) or data
            yield at, again, decode_entry(again, self.entry_name(at))

    def read_bytes_from(self, number: int) -> Iterator[tuple[int, bytes]]:
        """As `read_from`, but each entry as it is stored, not decoded: for copying a log."""
        if number < 1:
            raise InvalidInputError(f"log entries are numbered from 1, not {number}")
        entries = self._single(number)  # first of all, since mostly there is nothing new
        if entries:
            entries = self._compacted(number, 0) or entries
        at_once = asked = 1
        while entries:
            for data in entries:
                yield number, data
                number += 1
            if len(entries) < asked:
                return
            entries, asked = self._compacted(number, len(entries)), 1
            if not entries:
                asked = min(at_once, COMPACT_SIZES[0] - (number - 1) % COMPACT_SIZES[0])
                entries = self._several(number, asked)
                at_once = min(2 * at_once, self._most_at_once)

    def read_entry(self, number: int) -> bytes | None:
        """The bytes of one entry, None when it isn't there. Cost: one request."""
        return self._read(self.entry_name(number))

    def append(self, number: int, records: Sequence[Record]) -> None:
        """Makes `records` entry `number`, all or nothing, durably; then it is there for every reader.

        EntryTakenError when another writer has that number, InvalidInputError for records of another log or that don't
        follow its rules. After RemoteError it is unknown whether the entry is there: a later look at the log tells.
        """
        for record in records:
            if not isinstance(record, self._kinds):
                raise InvalidInputError(f"{type(record).__name__} doesn't belong into the log {self.name!r}")
        self.append_bytes(number, encode_entry(records))

    def append_bytes(self, number: int, data: bytes) -> None:
        """As `append`, with an entry as another log stores it; appending again what is there already succeeds."""
        name = self.entry_name(number)
        try:
            self.blobs.create(name, data)
        except (BlobExistsError, RemoteError) as error:
            # The put may have landed although its answer was lost or a retry of it was refused. A record's write_id
            # is random, so what reads the same is ours.
            if not self._holds(name, data):
                if isinstance(error, RemoteError):
                    raise
                raise EntryTakenError(number) from error
        if number % COMPACT_SIZES[0] == 0:
            self.write_compact(number)

    def append_all(self, entries: Sequence[tuple[int, bytes]]) -> None:
        """Appends several as `append_bytes` does, in their order; on a disk in much less time than one by one."""
        for batch in batches(entries, _TOGETHER):
            try:
                self.blobs.create_all(f"log/{self.name}", [(f"{number:020d}", data) for number, data in batch])
            except BlobExistsError:  # perhaps some are there from a time before, when this was cut off
                for number, data in batch:
                    self.append_bytes(number, data)
                continue
            for number, _ in batch:
                if number % COMPACT_SIZES[0] == 0:
                    self.write_compact(number)

    def write_compact(self, last: int) -> None:
        """Writes the compacted entries that end at entry `last`, best effort: they only make reading faster."""
        entries: list[bytes] = []
        for size in COMPACT_SIZES:
            first = last - size + 1
            if last % size or first < 1:
                return
            with contextlib.suppress(ObjstoreError):
                entries = self._take(first, size - len(entries)) + entries
                if len(entries) < size or sum(map(len, entries)) > MAX_COMPACT_BYTES:
                    return
                self.blobs.create(self.compact_name(first, last), encode_compact(first, entries))

    def newest(self) -> int:
        """The number of the last entry that is there, whether or not all before it are. Lists the log."""
        names = (name.removeprefix(f"log/{self.name}/") for name, _ in self.blobs.list(f"log/{self.name}/"))
        return max((int(name) for name in names if name.isdigit()), default=0)

    def check_ends_at(self, last: int, newest: int | None = None) -> None:
        """CorruptionError when there are entries after `last`, where reading ended: one between them is missing.

        `newest`: that of before one began to read, where others may append meanwhile; else lists the log.
        """
        newest = self.newest() if newest is None else newest
        if newest > last:
            raise CorruptionError(f"{self.entry_name(last + 1)} is missing, though entry {newest} is there; run `objstore fsck`")

    def verify(self) -> Iterator[str]:
        """The problems of the log, each as a sentence: undecodable entries, gaps, compacted entries that differ from the single ones.

        Lists the log. Reads every entry; RemoteError and StorageError propagate.
        """
        prefix = f"log/{self.name}/"
        numbers: dict[int, Digest] = {}
        compacts: list[str] = []
        for name in sorted(name for name, _ in self.blobs.list(prefix)):
            number = name.removeprefix(prefix)
            if number.startswith("compact/"):
                compacts.append(name)
            elif not number.isdigit() or name != self.entry_name(int(number)) or number == "0" * 20:
                yield f"{name} is not the name of a log entry"
            else:
                data = self.blobs.read(name)
                numbers[int(number)] = plain(data)
                try:
                    decode_entry(data, name)
                except ObjstoreError as error:
                    yield str(error)
        yield from self._gaps(numbers)
        for name in compacts:
            yield from self._verify_compact(name, numbers)

    def _single(self, number: int) -> list[bytes]:
        data = self._read(self.entry_name(number))
        return [] if data is None else [data]

    def _several(self, number: int, count: int) -> list[bytes]:
        """Entries from `number`, asked for at once; fewer than `count` where the log ends."""
        if count == 1:
            return self._single(number)
        names = [self.entry_name(number + at) for at in range(count)]
        with ThreadPoolExecutor(count, thread_name_prefix="objstore-log") as pool:
            return list(_until_none(pool.map(self._read, names)))

    def _compacted(self, first: int, likely: int) -> list[bytes]:
        """The entries of the longest compacted entry that begins at `first`; none if there is none.

        Those of the size `likely` are tried first: there mostly are more of a size than one.
        """
        sizes = [size for size in COMPACT_SIZES if (first - 1) % size == 0]
        entries = self._compact(first, likely) if likely in sizes else None
        if entries is not None:
            sizes = [size for size in sizes if size > likely]
        elif likely in sizes:
            sizes = [size for size in sizes if size < likely]
        for size in sizes:
            found = self._compact(first, size)
            if found is None:
                break
            entries = found or entries
        return entries or []

    def _compact(self, first: int, size: int) -> list[bytes] | None:
        """The entries of a compacted entry, None where it isn't there. Of a damaged copy none: the entries themselves are still there."""
        name = self.compact_name(first, first + size - 1)
        data = self._read(name)
        if data is None:
            return None
        with contextlib.suppress(CorruptionError):  # that is for fsck to report
            began, found = decode_compact(data, name)
            if (began, len(found)) == (first, size):
                return found
        return []

    def _take(self, first: int, count: int) -> list[bytes]:
        """Up to `count` entries from `first`; fewer where the log ends or they are too many bytes for a compacted entry."""
        taken: list[bytes] = []
        size = 0
        for _, data in itertools.islice(self.read_bytes_from(first), count):
            taken.append(data)
            size += len(data)
            if size > MAX_COMPACT_BYTES:
                break
        return taken

    def _read(self, name: str) -> bytes | None:
        try:
            return self.blobs.read(name)
        except NotFoundError:
            return None

    def _holds(self, name: str, data: bytes) -> bool:
        return self._read(name) == data

    def _gaps(self, numbers: Iterable[int]) -> Iterator[str]:
        expected = 1
        for number in sorted(numbers):
            if number > expected:
                missing = self.entry_name(expected)
                yield f"{missing} is missing, though entry {number} is there" + (
                    f" ({number - expected} in all)" if number - expected > 1 else ""
                )
            expected = number + 1

    def _verify_compact(self, name: str, numbers: Mapping[int, Digest]) -> Iterator[str]:
        try:
            first, entries = decode_compact(self.blobs.read(name), name)
        except ObjstoreError as error:
            yield f"{error} (a copy: deleting it loses nothing)"
            return
        if name != self.compact_name(first, first + len(entries) - 1) or len(entries) not in COMPACT_SIZES:
            yield f"{name} holds entries other than its name says (a copy: deleting it loses nothing)"
        differing = [number for number, data in enumerate(entries, first) if numbers.get(number) != plain(data)]
        if differing:
            yield f"{name} differs from entry {differing[0]} itself (a copy: deleting it loses nothing)"


def _until_none(answers: Iterable[bytes | None]) -> Iterator[bytes]:
    for data in answers:
        if data is None:
            return
        yield data
