"""The two kinds of work on small files that helper processes do: reading them in, and writing them out.

Both are functions of their task alone and need no store, so they run the same here or elsewhere.
"""

import os
from functools import lru_cache
from pathlib import Path

import msgspec

from objstore import errors
from objstore.chunking.boundaries import MIN_SIZE, cut
from objstore.odb.record import Payload, decode, encode
from objstore.values.digest import plain
from objstore.values.key import chunk_key
from objstore.worktree.settled import read_whole, settled
from objstore.worktree.target import ANY, Folder

_OPEN_FOLDERS = 16


class ReadTask(msgspec.Struct, tag="read", array_like=True):
    """Files to read: where they are, and the facts that the scan saw."""

    files: list[tuple[bytes, bytes]]


class Chunk(Payload, frozen=True):
    """A chunk as it will be stored, should it be new; with its own bytes, that can be sent."""

    data: bytes


class FileRead(msgspec.Struct, array_like=True):
    """A file's digest, size and chunks."""

    digest: bytes
    size: int
    chunks: list[Chunk]


class FilesRead(msgspec.Struct, tag="files", array_like=True):
    files: list[FileRead]


class FileToWrite(msgspec.Struct, array_like=True):
    """A file of one chunk: its folder (relative, ending in `/`), name, permissions, its chunk's digest and where its record is.

    `instead_of`: the facts of the file that it may replace (see Folder.write).
    """

    folder: bytes
    name: bytes
    mode: int
    digest: bytes
    at: int
    size: int
    instead_of: bytes = ANY


class Stretch(msgspec.Struct, array_like=True):
    """Part of a pack, with the files whose records are there; `at` of each counts from `start`."""

    pack: str
    start: int
    size: int
    files: list[FileToWrite]


class WriteTask(msgspec.Struct, tag="write", array_like=True):
    """Files to write below `top`. `replace`: folders and links in the way give way."""

    top: str
    replace: bool
    stretches: list[Stretch]


class FilesWritten(msgspec.Struct, tag="facts", array_like=True):
    """The facts of each file afterwards."""

    facts: list[bytes]


class Failure(msgspec.Struct, tag="failure", array_like=True):
    """An error, to be raised by whoever gave the task."""

    kind: str
    message: str
    errno: int

    @classmethod
    def of(cls, error: Exception) -> "Failure":
        return cls(type(error).__name__, str(error), getattr(error, "errno", None) or 0)

    def error(self) -> Exception:
        kind = getattr(errors, self.kind, None)
        return kind(self.message) if kind else OSError(self.errno, self.message)


Task = ReadTask | WriteTask
Answer = FilesRead | FilesWritten | Failure


def run(task: Task) -> FilesRead | FilesWritten:
    """A task's answer."""
    return read(task) if isinstance(task, ReadTask) else write(task)


def read(task: ReadTask) -> FilesRead:
    """Reads, cuts, hashes and compresses. SourceFileError for a file that can't be read or keeps changing."""
    return FilesRead([_read(disk, facts) for disk, facts in task.files])


def write(task: WriteTask) -> FilesWritten:
    """Verifies and writes each file, whole or not at all. NotFoundError when a pack has gone."""
    top = Folder.top(Path(task.top))
    enter = lru_cache(_OPEN_FOLDERS)(lambda path: _enter(top, path, task.replace))
    facts = []
    for stretch in task.stretches:
        block = _read_stretch(stretch)
        for file in stretch.files:
            data = decode(chunk_key(file.digest), block[file.at : file.at + file.size])
            folder = enter(file.folder)
            facts.append(folder.write(file.name, [data], file.mode, replace_folder=task.replace, instead_of=file.instead_of))
    return FilesWritten(facts)


def _read_stretch(stretch: Stretch) -> memoryview:
    try:
        fd = os.open(stretch.pack, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise errors.NotFoundError(f"{stretch.pack} is missing; run `objstore fsck`") from None
    try:
        return memoryview(os.pread(fd, stretch.size, stretch.start))
    finally:
        os.close(fd)


def _read(disk: bytes, facts: bytes) -> FileRead:
    data = settled(disk, facts, read_whole)
    digest = plain(data)
    ends = cut(data, final=True) if len(data) > MIN_SIZE else []
    if len(ends) <= 1:
        return FileRead(bytes(digest), len(data), [_chunk(digest, data)] if data else [])
    view = memoryview(data)
    pieces = [view[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return FileRead(bytes(digest), len(data), [_chunk(plain(piece), piece) for piece in pieces])


def _chunk(digest: bytes, data: bytes | memoryview) -> Chunk:
    payload = encode(chunk_key(digest), data)
    return Chunk(payload.key, payload.codec, payload.raw, bytes(payload.data))


def _enter(top: Folder, path: bytes, replace: bool) -> Folder:
    folder = top
    for name in path.split(b"/")[:-1]:
        folder = folder.enter(name, replace_links=replace)
    return folder
