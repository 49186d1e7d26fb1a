"""Reading files into a draft: each file once, cut, hashed, compressed where it pays, and stored where it is new.

Many small files are read in batches by one thread, since Python's cost per file can't be shared out; large ones by several threads, since
hashing, compressing and writing release the interpreter.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from objstore.chunking.boundaries import MIN_SIZE
from objstore.errors import SourceFileError
from objstore.host.progress import Progress
from objstore.manifest.entry import Entry, EntryKind
from objstore.odb.draft import Draft
from objstore.worktree.content import BlockPool, store_large, store_small
from objstore.worktree.listing import FACTS, facts_of

_BATCH_FILES = 256
_BATCH_BYTES = 4 * 1024 * 1024
_ATTEMPTS = 3
_WINDOW = 6  # batches that may wait for their turn


class Wanted(NamedTuple):
    """A file to read, or a path that has gone (no facts)."""

    path: bytes
    disk: bytes
    facts: bytes | None


Change = tuple[bytes, Entry | None]
T = TypeVar("T")


@dataclass
class _Batch:
    files: list[Wanted] = field(default_factory=list)
    bytes: int = 0

    @property
    def is_large(self) -> bool:
        return self.bytes > _BATCH_BYTES

    @property
    def is_tiny(self) -> bool:
        return self.bytes < MIN_SIZE * max(1, len(self.files))


@dataclass
class Ingest:
    """Takes files into `draft`. `keep_mode`: whether executable bits mean something here."""

    draft: Draft
    progress: Progress
    keep_mode: bool = True
    workers: int = 2

    def run(self, wanted: Iterable[Wanted]) -> Iterator[Change]:
        """The entry of each file, in the order given. Memory: a few batches of 4 MiB and blocks of 8 MiB.

        SourceFileError for a file that can't be read, or that keeps changing while it is read.
        """
        waiting: deque[Future[list[Change]]] = deque()
        with BlockPool(self.workers) as blocks, ThreadPoolExecutor(self.workers, thread_name_prefix="objstore-read") as pool:
            try:
                for batch in _batches(wanted):
                    run = self._large if batch.is_large else self._small
                    waiting.append(_done(run(batch, blocks)) if batch.is_tiny else pool.submit(run, batch, blocks))
                    while len(waiting) > _WINDOW or (waiting and waiting[0].done()):
                        yield from waiting.popleft().result()
                while waiting:
                    yield from waiting.popleft().result()
            except BaseException:
                blocks.stop()
                for future in waiting:
                    future.cancel()
                raise

    def _small(self, batch: _Batch, _: BlockPool) -> list[Change]:
        contents = [None if file.facts is None else settled(file, _read_whole) for file in batch.files]
        digests = store_small(self.draft, [data for data in contents if data is not None])
        changes: list[Change] = []
        for file, data in zip(batch.files, contents, strict=True):
            changes.append((file.path, None if data is None else self._entry(file, next(digests), len(data))))
        self.progress.advance(files=len(batch.files), bytes_=batch.bytes)
        return changes

    def _large(self, batch: _Batch, blocks: BlockPool) -> list[Change]:
        (file,) = batch.files
        digest, size = settled(file, lambda fd, _: store_large(self.draft, fd, blocks, lambda n: self.progress.advance(bytes_=n)))
        self.progress.advance(files=1)
        return [(file.path, self._entry(file, digest, size))]

    def _entry(self, file: Wanted, digest: bytes, size: int) -> Entry:
        return entry_of(file, digest, size, self.keep_mode)


def _batches(wanted: Iterable[Wanted]) -> Iterator[_Batch]:
    batch = _Batch()
    for file in wanted:
        size = FACTS.unpack(file.facts)[0] if file.facts else 0
        if batch.files and (batch.bytes + size > _BATCH_BYTES or len(batch.files) == _BATCH_FILES):
            yield batch
            batch = _Batch()
        batch.files.append(file)
        batch.bytes += size
    if batch.files:
        yield batch


def entry_of(file: Wanted, digest: bytes, size: int, keep_mode: bool) -> Entry:
    """The entry of a file that was read. `keep_mode`: whether executable bits mean something here."""
    assert file.facts is not None
    executable = keep_mode and FACTS.unpack(file.facts)[4] & 0o111
    return Entry(EntryKind.EXECUTABLE if executable else EntryKind.FILE, digest, size)


def settled(file: Wanted, read: Callable[[int, int], T]) -> T:
    """What `read` makes of the open file and its size, once the file stayed the same from the scan (or from before) to the end."""
    assert file.facts is not None
    before = file.facts
    for _ in range(_ATTEMPTS):
        try:
            fd = os.open(file.disk, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise _unreadable(file, error) from error
        try:
            result = read(fd, FACTS.unpack(before)[0])
            after = facts_of(os.fstat(fd))
        except OSError as error:
            raise _unreadable(file, error) from error
        finally:
            os.close(fd)
        if after == before:
            return result
        before = after
    raise SourceFileError(f"{os.fsdecode(file.disk)} changes while it is read; wait until nobody writes to it, or exclude it")


def _read_whole(fd: int, size: int) -> bytes:
    data = os.read(fd, size + 1)
    while more := os.read(fd, _BATCH_BYTES) if len(data) != size else b"":
        data += more
    return data


def _unreadable(file: Wanted, error: OSError) -> SourceFileError:
    return SourceFileError(f"{os.fsdecode(file.disk)} can't be read: {error.strerror}; mend or exclude it")


def _done(value: T) -> "Future[T]":
    future: Future[T] = Future()
    future.set_result(value)
    return future
