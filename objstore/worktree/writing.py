"""Writing files of the store into places of a folder: every byte verified, each file whole or not at all."""

import contextlib
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from blake3 import blake3

from objstore.chunking.boundaries import MAX_SIZE
from objstore.errors import NotFoundError, ReferenceMissingError
from objstore.host.progress import Progress
from objstore.manifest.entry import EntryKind
from objstore.odb.content import unproven_blocks
from objstore.odb.database import Database, spans
from objstore.odb.pack import pack_name
from objstore.odb.record import decode
from objstore.odb.segment import Location
from objstore.values.key import Key, chunk_key
from objstore.worktree.compare import Found, Place
from objstore.worktree.crew import Crew, crew_for
from objstore.worktree.fetching import Fetching, LeftOut
from objstore.worktree.listing import FACTS, UNKNOWN
from objstore.worktree.references import Contents, is_reference, known_size
from objstore.worktree.target import ANY
from objstore.worktree.tasks import FilesWritten, FileToWrite, Stretch, WriteTask

_BATCH_FILES = 256
_BATCH_BYTES = 8 * 1024 * 1024
_BATCH_FOLDERS = 32  # each holds an open descriptor
_WINDOW = 6
_SMALL = MAX_SIZE
_FETCHED_AT_ONCE = 8


@dataclass
class Outcome:
    """What was done."""

    written: int = 0
    written_bytes: int = 0
    kept: int = 0
    removed: list[str] = field(default_factory=list)


@dataclass
class _Batch:
    places: list[Place] = field(default_factory=list)
    bytes: int = 0
    folders: int = 0


class _Helpers:
    """Threads that read and hash the blocks of large files while others write them, and those that fetch references."""

    def __init__(self, workers: int) -> None:
        self.reading = ThreadPoolExecutor(workers, thread_name_prefix="objstore-read")
        self.hashing = ThreadPoolExecutor(1, thread_name_prefix="objstore-hash")
        self.fetching = ThreadPoolExecutor(_FETCHED_AT_ONCE, thread_name_prefix="objstore-fetch")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.reading.shutdown()
        self.hashing.shutdown()
        self.fetching.shutdown(cancel_futures=True)


@dataclass
class Writing:
    """Writes files below `target`, which the places lie in.

    `replace`: whether folders and links in a file's way give way. `clock`: the file system's time at the beginning, since when what has
    changed may change again unseen. `careful`: only a file that still has the facts of its place is replaced; any other is a ConflictError.
    `left_out`: is told of references to what isn't there any more, an error without. Memory: a few batches of 8 MiB.
    """

    database: Database
    target: Path
    progress: Progress
    keep_mode: bool
    replace: bool
    clock: int
    workers: int = 2
    outcome: Outcome = field(default_factory=Outcome)
    careful: bool = False
    left_out: LeftOut | None = None

    def __post_init__(self) -> None:
        self.crew: Crew | None = None
        self.fetching = Fetching(Contents(self.database.cache), self.left_out)

    def run(self, places: Iterable[Place], files: int, bytes_: int) -> Iterator[tuple[Place, bytes]]:
        """Does what is needed for each place, `files` and `bytes_` in all; each with its facts, in order.

        What is taken from `places` may not be written yet; what is yielded is. Of a reference the facts are UNKNOWN, since whoever
        remembers them would take its file, when it is added, for the reference, and not take its content in.
        """
        with crew_for(files, bytes_) as self.crew, self.fetching:
            yield from self._written(places)

    def _written(self, places: Iterable[Place]) -> Iterator[tuple[Place, bytes]]:
        waiting: deque[Future[list[tuple[Place, bytes]]]] = deque()
        with _Helpers(self.workers) as helpers, ThreadPoolExecutor(self.workers, thread_name_prefix="objstore-write") as pool:
            try:
                for batch in self._batches(places):
                    waiting.append(pool.submit(self._run, batch, helpers))
                    while len(waiting) > _WINDOW or (waiting and waiting[0].done()):
                        yield from waiting.popleft().result()
                while waiting:
                    yield from waiting.popleft().result()
            except BaseException:
                self.fetching.stop()
                for future in waiting:
                    future.cancel()
                raise

    def _batches(self, places: Iterable[Place]) -> Iterator[_Batch]:
        batch = _Batch()
        for place in places:
            # A batch of references may be as large as it likes, since the content of none is held.
            size = 0 if place.found is Found.SAME or is_reference(place.entry) else place.entry.size
            if batch.places and (len(batch.places) == _BATCH_FILES or batch.bytes + size > _BATCH_BYTES or batch.folders == _BATCH_FOLDERS):
                yield batch
                batch = _Batch()
            batch.folders += not batch.places or batch.places[-1].folder is not place.folder
            batch.places.append(place)
            batch.bytes += size
        if batch.places:
            yield batch

    def _run(self, batch: _Batch, helpers: _Helpers) -> list[tuple[Place, bytes]]:
        facts: dict[int, bytes] = {}
        absent: list[tuple[int, Place]] = []
        for at, place in enumerate(batch.places):
            if place.found is not Found.ABSENT and (place.found is Found.SAME or self._is_right(place)):
                facts[at] = UNKNOWN if is_reference(place.entry) else self._unless_recent(self._with_mode(place))
                self.outcome.kept += 1
            else:
                absent.append((at, place))
        references = [(at, place) for at, place in absent if is_reference(place.entry)]
        facts.update((at, UNKNOWN) for at, _ in references)
        self._fetch([place for _, place in references], helpers)
        for at, written in self._write([(at, place) for at, place in absent if not is_reference(place.entry)], helpers):
            facts[at] = written
            self.outcome.written += 1
            self.outcome.written_bytes += batch.places[at].entry.size
        fetched = sum(known_size(place.entry) for _, place in references)
        self.progress.advance(files=len(batch.places), bytes_=sum(known_size(place.entry) for place in batch.places) - fetched)
        return [(place, facts[at]) for at, place in enumerate(batch.places)]

    def _fetch(self, places: list[Place], helpers: _Helpers) -> None:
        """Writes what references stand for, several at once."""
        futures = [helpers.fetching.submit(self._fetch_one, place) for place in places]
        try:
            for future in futures:
                written = future.result()
                self.outcome.written += written is not None
                self.outcome.written_bytes += written or 0
        finally:
            for future in futures:
                future.cancel()

    def _fetch_one(self, place: Place) -> int | None:
        """The bytes written; None if there was nothing to write."""
        path, count = place.folder.path + place.name, 0

        def blocks() -> Iterator[bytes]:
            nonlocal count
            for block in self.fetching.blocks(path, place.entry):
                count += len(block)
                self.progress.advance(bytes_=len(block))
                yield block

        try:
            self._write_one(place, blocks())
        except ReferenceMissingError:
            if not self.fetching.may_leave_out(path, place.entry):
                raise
            return None
        return count

    def _write(self, absent: list[tuple[int, Place]], helpers: _Helpers) -> Iterator[tuple[int, bytes]]:
        """Writes each place; its facts. Small files go together, in the order of the packs, others one by one."""
        keys = {at: chunk_key(place.entry.digest) for at, place in absent if 0 < place.entry.size <= _SMALL}
        stored = self.database.locate(list(dict.fromkeys(keys.values())))
        yield from self._write_small([(at, place) for at, place in absent if keys.get(at) in stored], stored)
        for at, place in absent:
            if keys.get(at) not in stored:
                entry = place.entry
                blocks = unproven_blocks(self.database, entry.digest, entry.size, helpers.reading, helpers.hashing)
                yield at, self._write_one(place, blocks)

    def _write_one(self, place: Place, blocks: Iterable[bytes | memoryview]) -> bytes:
        return place.folder.write(place.name, blocks, _mode(place), replace_folder=self.replace, instead_of=self._instead_of(place))

    def _instead_of(self, place: Place) -> bytes:
        return (place.facts or UNKNOWN) if self.careful else ANY

    def _write_small(self, places: list[tuple[int, Place]], stored: dict[Key, Location]) -> Iterator[tuple[int, bytes]]:
        by_key: dict[Key, list[tuple[int, Place]]] = {}
        for at, place in places:
            by_key.setdefault(chunk_key(place.entry.digest), []).append((at, place))
        if self.crew is not None and self.database.root is not None and len(places) > 1:
            with contextlib.suppress(NotFoundError):  # gc has moved a record since: then it is looked up again, below
                yield from self._write_elsewhere(self.crew, self.database.root, by_key, stored)
                return
        for key, record in self.database.read_records(stored):
            data = decode(key, record)
            for at, place in by_key[key]:
                yield at, self._write_one(place, [data])

    def _write_elsewhere(
        self, crew: Crew, root: Path, by_key: dict[Key, list[tuple[int, Place]]], stored: dict[Key, Location]
    ) -> Iterator[tuple[int, bytes]]:
        order: list[int] = []
        stretches: list[Stretch] = []
        for span in spans(stored):
            files = []
            for key, offset, size in span.records:
                for at, place in by_key[key]:
                    order.append(at)
                    files.append(FileToWrite(place.folder.path, place.name, _mode(place), key[1:], offset, size, self._instead_of(place)))
            stretches.append(Stretch(os.path.join(root, pack_name(span.pack)), span.start, span.size, files))
        answer = crew.run(WriteTask(os.fspath(self.target), self.replace, stretches))
        assert isinstance(answer, FilesWritten)
        yield from zip(order, answer.facts, strict=True)

    def _is_right(self, place: Place) -> bool:
        if is_reference(place.entry):
            with contextlib.suppress(OSError):
                return self.fetching.is_content(place.entry, place.folder.read(place.name))
            return False
        hasher = blake3()
        try:
            for data in place.folder.read(place.name):
                hasher.update(data)
        except OSError:
            return False  # what can't be read is replaced
        return hasher.digest() == place.entry.digest

    def _unless_recent(self, facts: bytes) -> bytes:
        return facts if FACTS.unpack(facts)[2] < self.clock else UNKNOWN

    def _with_mode(self, place: Place) -> bytes:
        assert place.facts is not None
        mode = FACTS.unpack(place.facts)[4]
        if not self.keep_mode or bool(mode & 0o111) == _is_executable(place):
            return place.facts
        readable = (mode & 0o444) >> 2
        return place.folder.set_mode(place.name, (mode | readable if _is_executable(place) else mode & ~0o111) & 0o7777)


def _mode(place: Place) -> int:
    return 0o777 if _is_executable(place) else 0o666


def _is_executable(place: Place) -> bool:
    return place.entry.kind == EntryKind.EXECUTABLE
