"""What a manifest would say of files, found by reading them; nothing is stored."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from blake3 import blake3

from objstore.host.batches import batches
from objstore.host.progress import Progress
from objstore.manifest.entry import Entry
from objstore.worktree.settled import reading, settled
from objstore.worktree.wanted import Change, Wanted, entry_of

_BATCH_FILES = 64
_BLOCK = 1024 * 1024
_WINDOW = 6


def hashed(wanted: Iterable[Wanted], progress: Progress, keep_mode: bool = True, workers: int = 2) -> Iterator[Change]:
    """The entry of each file, in the order given. Memory: a block for each worker.

    SourceFileError for a file that can't be read, or that keeps changing while it is read.
    """
    waiting: deque[Future[list[Change]]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="objstore-hash") as pool:
        try:
            for batch in batches(wanted, _BATCH_FILES):
                waiting.append(pool.submit(_hashed, batch, progress, keep_mode))
                while len(waiting) > _WINDOW or (waiting and waiting[0].done()):
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _hashed(batch: list[Wanted], progress: Progress, keep_mode: bool) -> list[Change]:
    changes: list[Change] = []
    for file in batch:
        entry: Entry | None = None
        if file.facts is not None:
            digest, size = settled(file.disk, file.facts, lambda fd, _: _digest(fd, progress))
            entry = entry_of(file, digest, size, keep_mode)
        changes.append((file.path, entry))
    progress.advance(files=len(batch))
    return changes


def _digest(fd: int, progress: Progress) -> tuple[bytes, int]:
    hasher = blake3()
    size = 0
    with reading():
        while block := os.read(fd, _BLOCK):
            hasher.update(block)
            size += len(block)
            progress.advance(bytes_=len(block))
    return hasher.digest(), size
