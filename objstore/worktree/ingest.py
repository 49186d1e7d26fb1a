"""Reading files into a draft: each file once, cut, hashed, compressed where it pays, and stored where it is new.

Many tiny files are read in batches by helper processes, or by one thread, since Python's cost per file can't be shared out among threads;
larger ones by several threads, since hashing, compressing and writing release the interpreter.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from objstore.chunking.boundaries import MIN_SIZE
from objstore.host.progress import Progress
from objstore.odb.draft import Draft
from objstore.worktree.content import BlockPool, store_large, store_read, store_small
from objstore.worktree.crew import Crew
from objstore.worktree.listing import FACTS
from objstore.worktree.settled import read_whole, settled
from objstore.worktree.tasks import FilesRead, ReadTask
from objstore.worktree.wanted import Change, Wanted, entry_of

_BATCH_FILES = 256
_BATCH_BYTES = 4 * 1024 * 1024
_WINDOW = 6  # batches that may wait for their turn


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
    crew: Crew | None = None
    """Helper processes for tiny files."""

    def run(self, wanted: Iterable[Wanted]) -> Iterator[Change]:
        """The entry of each file, in the order given. Memory: a few batches of 4 MiB and blocks of 8 MiB.

        SourceFileError for a file that can't be read, or that keeps changing while it is read.
        """
        waiting: deque[Future[list[Change]]] = deque()
        with BlockPool(self.workers) as blocks, ThreadPoolExecutor(self.workers, thread_name_prefix="objstore-read") as pool:
            try:
                for batch in _batches(wanted):
                    if batch.is_tiny and self.crew is None:
                        waiting.append(_done(self._small(batch)))
                    elif batch.is_large:
                        waiting.append(pool.submit(self._large, batch, blocks))
                    else:
                        waiting.append(pool.submit(self._elsewhere if batch.is_tiny else self._small, batch))
                    while len(waiting) > _WINDOW or (waiting and waiting[0].done()):
                        yield from waiting.popleft().result()
                while waiting:
                    yield from waiting.popleft().result()
            except BaseException:
                blocks.stop()
                for future in waiting:
                    future.cancel()
                raise

    def _small(self, batch: _Batch) -> list[Change]:
        contents = [None if file.facts is None else settled(file.disk, file.facts, read_whole) for file in batch.files]
        digests = store_small(self.draft, [data for data in contents if data is not None])
        sizes = [len(data) for data in contents if data is not None]
        return self._changes(batch, zip(digests, sizes, strict=True))

    def _elsewhere(self, batch: _Batch) -> list[Change]:
        assert self.crew is not None
        answer = self.crew.run(ReadTask([(file.disk, file.facts) for file in batch.files if file.facts is not None]))
        assert isinstance(answer, FilesRead)
        store_read(self.draft, answer.files)
        return self._changes(batch, ((file.digest, file.size) for file in answer.files))

    def _changes(self, batch: _Batch, read: Iterator[tuple[bytes, int]]) -> list[Change]:
        self.progress.advance(files=len(batch.files), bytes_=batch.bytes)
        return [(file.path, None if file.facts is None else entry_of(file, *next(read), self.keep_mode)) for file in batch.files]

    def _large(self, batch: _Batch, blocks: BlockPool) -> list[Change]:
        (file,) = batch.files
        assert file.facts is not None
        digest, size = settled(
            file.disk, file.facts, lambda fd, _: store_large(self.draft, fd, blocks, lambda n: self.progress.advance(bytes_=n))
        )
        self.progress.advance(files=1)
        return [(file.path, entry_of(file, digest, size, self.keep_mode))]


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


def _done(value: T) -> "Future[T]":
    future: Future[T] = Future()
    future.set_result(value)
    return future
