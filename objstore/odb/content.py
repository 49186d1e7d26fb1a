"""Reading the content of a file, given its digest: verified chunk by chunk, and as a whole when read as a whole."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from itertools import islice
from typing import TypeVar

from blake3 import blake3

from objstore.errors import CorruptionError, NotFoundError
from objstore.odb import recipe
from objstore.odb.database import Database
from objstore.odb.layout import Layout
from objstore.odb.recipe import ChunkRow
from objstore.odb.record import unpacked
from objstore.values.digest import Digest
from objstore.values.key import Key, chunk_key

_BLOCK = 2 * 1024 * 1024
_AHEAD = 2

Pieces = list[bytes | memoryview]
Piece = TypeVar("Piece", bytes, bytes | memoryview)


def file_blocks(database: Database, digest: bytes, size: int) -> Iterator[Pieces]:
    """A whole file, in order, some MiB at a time.

    The last block comes only once the digest of the whole was found right, so a caller that publishes after the end publishes nothing
    wrong. NotFoundError when the content isn't stored, CorruptionError when it isn't what it was.
    """
    hasher = blake3()
    previous: Pieces = []
    for group in _grouped(file_chunks(database, digest, size)):
        pieces = _read(database, group)
        if previous:
            yield previous
        _update(hasher, pieces)
        previous = pieces
    if hasher.digest() != digest:
        raise CorruptionError(f"file {Digest(digest).short} has a recipe that doesn't lead to its content; run `objstore fsck`")
    if previous:
        yield previous


def unproven_blocks(database: Database, digest: bytes, size: int, ahead: Executor, hashing: Executor) -> Iterator[bytes]:
    """The same, for who writes where nobody looks before the end: only the digest of the whole is checked, after the last block.

    That is half the hashing of `file_blocks`. Reading goes on ahead of the caller in one executor, hashing beside it in the other, which
    has one thread. Errors come as there, naming the damaged chunk if there is one.
    """
    hasher = blake3()
    waiting: deque[Future[None]] = deque()
    for block in _read_ahead(database, _grouped(file_chunks(database, digest, size)), ahead):
        waiting.append(hashing.submit(_update, hasher, [block]))
        if len(waiting) > _AHEAD:
            waiting.popleft().result()
        yield block
    for future in waiting:
        future.result()
    if hasher.digest() != digest:
        for _ in file_blocks(database, digest, size):  # finds what is wrong
            pass
        raise CorruptionError(f"file {Digest(digest).short} was read wrong, but not when it was read again; check this machine's memory")


def file_range(database: Database, digest: bytes, size: int, start: int, length: int) -> Iterator[bytes | memoryview]:
    """The bytes [start, start + length) of a file, each chunk verified; reads only the chunks it needs."""
    end = min(start + length, size)
    wanted = list(file_layout(database, digest, size).chunks(start, end))
    if not wanted:
        return
    at = wanted[0][0]
    for group in _grouped(row for _, row in wanted):
        for piece in _read(database, group):
            yield memoryview(piece)[max(0, start - at) : end - at]
            at += len(piece)


def file_layout(database: Database, digest: bytes, size: int) -> Layout:
    """Where the chunks of a file lie in it. NotFoundError when it isn't stored."""
    return Layout(_top(database, digest, size), database.read)


def file_chunks(database: Database, digest: bytes, size: int) -> Iterator[ChunkRow]:
    """The chunks of a file, in order. NotFoundError when it isn't stored."""
    yield from recipe.chunks(_top(database, digest, size), database.read)


def _top(database: Database, digest: bytes, size: int) -> recipe.Recipe:
    """The top of a recipe of the file; also of one that has none, since it is one chunk or empty."""
    found = _found_top(database, digest, size)
    if found is None:
        again = (_found_top(database, digest, size) for _ in database.catching_up())
        found = next((top for top in again if top is not None), None)
    if found is None:
        raise NotFoundError(f"the content of file {Digest(digest).short} is not in this store")
    return found


def _found_top(database: Database, digest: bytes, size: int) -> recipe.Recipe | None:
    if size == 0 or chunk_key(digest) in database:
        return recipe.Recipe(digest, size, 0, [(digest, size)] if size else [])
    keys = database.recipe_keys(digest)
    return _usable(database, keys, digest, size) if keys else None


def _usable(database: Database, keys: list[Key], digest: bytes, size: int) -> recipe.Recipe:
    """The first recipe that can be read and is of the right size: any of them serves."""
    problem = CorruptionError(f"file {Digest(digest).short} has a recipe of another size; run `objstore fsck`")
    for key in keys:
        try:
            found = recipe.decode(database.read(key))
        except CorruptionError as error:
            problem = error
        else:
            if found.size == size:
                return found
    raise problem


def _update(hasher: "blake3", pieces: Pieces) -> None:
    for piece in pieces:
        hasher.update(piece)


def _read_ahead(database: Database, groups: Iterator[list[ChunkRow]], ahead: Executor) -> Iterator[bytes]:
    waiting: deque[Future[bytes]] = deque()
    while True:
        for group in islice(groups, _AHEAD - len(waiting)):
            waiting.append(ahead.submit(_read_unproven, database, group))
        if not waiting:
            return
        yield waiting.popleft().result()


def _grouped(rows: Iterator[ChunkRow]) -> Iterator[list[ChunkRow]]:
    group: list[ChunkRow] = []
    size = 0
    for row in rows:
        group.append(row)
        size += row[1]
        if size >= _BLOCK:
            yield group
            group, size = [], 0
    if group:
        yield group


def _read(database: Database, group: list[ChunkRow]) -> Pieces:
    lengths, found = lengths_of(group), {}
    for key, piece in database.read_many(list(lengths)):
        check_length(piece, lengths[key])
        found[key] = piece
    return in_order(group, found)


def _read_unproven(database: Database, group: list[ChunkRow]) -> bytes:
    located = database.locate(_keys(group))
    lengths, found = lengths_of(group), {}
    for key, record in database.read_records(located):
        found[key] = unpacked(key, record)
        check_length(found[key], lengths[key])
    found.update((key, database.read(key)) for key in _keys(group) if key not in located)
    return b"".join(in_order(group, found))  # hashing and writing one large piece is quicker than twenty small ones


def _keys(group: list[ChunkRow]) -> list[Key]:
    return [chunk_key(digest) for digest, _ in group]


def in_order(group: Sequence[ChunkRow], found: Mapping[Key, Piece]) -> list[Piece]:
    """The chunks of these rows, among those that were found. CorruptionError if one doesn't have the length that its row says."""
    pieces = [found[chunk_key(digest)] for digest, _ in group]
    for piece, (_, length) in zip(pieces, group, strict=True):
        check_length(piece, length)
    return pieces


def lengths_of(group: Sequence[ChunkRow]) -> dict[Key, int]:
    """By the keys of chunks what their rows say of their lengths."""
    return {chunk_key(digest): length for digest, length in group}


def check_length(piece: bytes | memoryview, length: int) -> None:
    """CorruptionError unless a chunk has the length that its row says.

    To be asked of each chunk before the next is read: a recipe of a few bytes may name thousands of chunks of zeros, each unpacked to
    64 MiB, and say that it is one byte.
    """
    if len(piece) != length:
        raise CorruptionError("a recipe gives a chunk the wrong length; run `objstore fsck`")
