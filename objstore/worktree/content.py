"""Storing the content of files: cut into chunks, hash, and keep what is new, with a recipe where there are several chunks."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Self

from blake3 import blake3

from objstore.chunking.boundaries import MAX_SIZE, MIN_SIZE, cut
from objstore.odb.draft import Draft
from objstore.odb.recipe import ChunkRow, RecipeBuilder
from objstore.odb.record import ZSTD, Payload, encode
from objstore.values.digest import EMPTY, Digest, plain
from objstore.values.key import Key, chunk_key, digest_of
from objstore.worktree.settled import reading
from objstore.worktree.tasks import FileRead

BLOCK = 2 * 1024 * 1024
_BLOCKS = 4
_SKIPPED_AT_MOST = 7


class BlockPool:
    """Threads that store blocks of large files, and the few buffers they work in."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: ThreadPoolExecutor | None = None
        self._free: list[bytearray] = []
        self._permits = threading.Semaphore(_BLOCKS)
        self._lock = threading.Lock()
        self._stopped = False

    def stop(self) -> None:
        """Makes everybody who asks for a buffer give up: the work has failed or was interrupted."""
        self._stopped = True
        self._permits.release()

    def take(self) -> bytearray:
        """A buffer; waits until one is free. CancelledError after `stop`."""
        self._permits.acquire()
        if self._stopped:
            self._permits.release()
            raise CancelledError
        with self._lock:
            return self._free.pop() if self._free else bytearray(BLOCK + MAX_SIZE)

    def give_back(self, buffer: bytearray) -> None:
        with self._lock:
            self._free.append(buffer)
        self._permits.release()

    def submit(self, work: Callable[[], list[ChunkRow]]) -> "Future[list[ChunkRow]]":
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="objstore-store")
            return self._pool.submit(work)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)


def store_small(draft: Draft, contents: Sequence[bytes]) -> Iterator[Digest]:
    """Stores files that are in memory; their digests, in order."""
    digests = [plain(data) for data in contents]
    single: dict[Key, bytes | memoryview] = {}
    for data, digest in zip(contents, digests, strict=True):
        ends = [len(data)] if len(data) <= MIN_SIZE else cut(data, final=True)
        if len(ends) > 1:
            _store_chunks_of(draft, data, digest, ends)
        elif digest != EMPTY:
            single[chunk_key(digest)] = data
    store_chunks(draft, single)
    return iter(digests)


def store_read(draft: Draft, files: Sequence[FileRead]) -> None:
    """Stores what is new of files that were read and encoded elsewhere."""
    chunks = {chunk.key: chunk for file in files for chunk in file.chunks}
    draft.store([chunks[key] for key in draft.claim(list(chunks))])
    for file in files:
        if len(file.chunks) > 1:
            builder = RecipeBuilder(lambda key, part: draft.add(key, part))
            for chunk in file.chunks:
                builder.add((digest_of(chunk.key), chunk.raw))
            draft.add(*builder.finish(file.digest, file.size))


def store_large(draft: Draft, fd: int, blocks: BlockPool, progressed: Callable[[int], None]) -> tuple[Digest, int]:
    """Stores a file of any size from an open descriptor; its digest and size. Memory: the pool's blocks."""
    hasher = blake3()
    builder = RecipeBuilder(lambda key, data: draft.add(key, data))
    size = rows = 0
    last: ChunkRow | None = None
    for future in _stored_blocks(draft, fd, blocks, hasher, progressed):
        for row in future.result():
            builder.add(row)
            last = row
            size += row[1]
            rows += 1
    digest = Digest(hasher.digest())
    if rows > 1:
        draft.add(*builder.finish(digest, size))
    assert rows != 1 or (last is not None and last[0] == digest)
    return digest, size


def store_chunks(draft: Draft, chunks: dict[Key, bytes | memoryview]) -> None:
    """Stores those chunks that are new."""
    fresh = draft.claim(list(chunks))
    with draft.storing():
        draft.store([encode(key, chunks[key]) for key in fresh])


def _encoded_alike(keys: Sequence[Key], chunks: dict[Key, bytes | memoryview]) -> list[Payload]:
    """Encodes chunks of one file. Where one can't be compressed, its neighbours likely can't: then only some are tried."""
    payloads: list[Payload] = []
    pays, skipped = True, 0
    for key in keys:
        attempt = pays or skipped == _SKIPPED_AT_MOST
        payload = encode(key, chunks[key], compress=attempt)
        pays, skipped = (payload.codec == ZSTD, 0) if attempt else (pays, skipped + 1)
        payloads.append(payload)
    return payloads


def _store_chunks_of(draft: Draft, data: bytes, digest: Digest, ends: list[int]) -> None:
    builder = RecipeBuilder(lambda key, part: draft.add(key, part))
    for row in _store_block(draft, memoryview(data), ends):
        builder.add(row)
    draft.add(*builder.finish(digest, len(data)))


def _store_block(draft: Draft, block: memoryview, ends: list[int]) -> list[ChunkRow]:
    rows: list[ChunkRow] = []
    chunks: dict[Key, bytes | memoryview] = {}
    start = 0
    for end in ends:
        piece = block[start:end]
        digest = plain(piece)
        rows.append((digest, end - start))
        chunks[chunk_key(digest)] = piece
        start = end
    fresh = draft.claim(list(chunks))
    with draft.storing():
        draft.store(_encoded_alike(fresh, chunks))
    return rows


def _stored_blocks(
    draft: Draft, fd: int, blocks: BlockPool, hasher: "blake3", progressed: Callable[[int], None]
) -> "Iterator[Future[list[ChunkRow]]]":
    """Reads and hashes block after block while the pool stores those before; the results in order."""
    waiting: list[Future[list[ChunkRow]]] = []
    carry, fresh = b"", 1
    while fresh:
        buffer = blocks.take()
        try:
            block, fresh = _filled(fd, buffer, carry)
            ends = cut(block, final=not fresh)
            done = ends[-1] if ends else 0
            carry = bytes(block[done:])
            hasher.update(block[len(block) - fresh :])
        except BaseException:
            blocks.give_back(buffer)
            raise
        waiting.append(blocks.submit(_storing(draft, blocks, buffer, block[:done], ends)))
        progressed(fresh)
        while len(waiting) >= _BLOCKS or (waiting and waiting[0].done()):
            yield waiting.pop(0)
    yield from waiting


def _storing(draft: Draft, blocks: BlockPool, buffer: bytearray, block: memoryview, ends: list[int]) -> Callable[[], list[ChunkRow]]:
    def store() -> list[ChunkRow]:
        try:
            return _store_block(draft, block, ends)
        finally:
            blocks.give_back(buffer)

    return store


def _filled(fd: int, buffer: bytearray, carry: bytes) -> tuple[memoryview, int]:
    """The bytes carried over and as many from the file as fit; and how many of these are new (0 at the end of the file)."""
    buffer[: len(carry)] = carry
    view = memoryview(buffer)
    at = len(carry)
    with reading():
        while at < len(view) and (count := os.readv(fd, [view[at:]])):
            at += count
    return view[:at], at - len(carry)
