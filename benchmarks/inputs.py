"""The files that are added: made from fixed seeds, the same in every run."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import BinaryIO

_PIECE = 1024 * 1024
_WORDS = ("the", "data", "of", "a", "model", "and", "its", "results", "kept", "once", "under", "digest", "that", "names", "them")


def write_random_file(path: Path, size: int, seed: int) -> None:
    """Writes `size` incompressible bytes, holding one piece of them at a time."""
    random = Random(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        for start in range(0, size, _PIECE):
            file.write(random.randbytes(min(_PIECE, size - start)))


def write_edited_copy(source: Path, target: Path, edits: int, seed: int) -> None:
    """Writes `source` with 1,000 bytes inserted at a random place and `edits` times 16 bytes overwritten."""
    random = Random(seed)
    size = source.stat().st_size
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as old, target.open("xb") as new:
        _copy_bytes(old, new, random.randrange(size))
        new.write(random.randbytes(1_000))
        shutil.copyfileobj(old, new, _PIECE)
        for _ in range(edits):
            new.seek(random.randrange(size))
            new.write(random.randbytes(16))


def write_many_files(folder: Path, count: int, folders: int, seed: int) -> None:
    """Writes `count` files of 2 to 6 KiB below `folder`, every other one text, the rest incompressible."""
    random = Random(seed)
    prose = _prose(random, _PIECE)
    for number, path in enumerate(_spread(folder, count, folders)):
        size = random.randint(2048, 6144)
        if number % 2:
            start = random.randrange(len(prose) - size)
            path.write_bytes(b"file %d\n" % number + prose[start : start + size - 16])
        else:
            path.write_bytes(random.randbytes(size))


def write_tiny_files(folder: Path, count: int, folders: int) -> None:
    """Writes `count` files of 20 bytes below `folder`, no two alike."""
    for number, path in enumerate(_spread(folder, count, folders)):
        path.write_bytes(b"%020d" % number)


def rewrite_one(folder: Path, seed: int) -> None:
    """Gives the first file below `folder` content that it never had."""
    rewrite(folder, 0, seed)


def rewrite(folder: Path, number: int, seed: int) -> None:
    """The same for another file of its first subfolder."""
    path = folder / "000" / f"{number:07}.bin"
    path.write_bytes(Random(seed).randbytes(4096))


def facts(folder: Path) -> dict[str, tuple[int, int]]:
    """What changes when somebody writes to a file, or replaces it: the inode and change time of each."""
    found: dict[str, tuple[int, int]] = {}
    for inside in os.scandir(folder):
        for file in os.scandir(inside.path):
            status = file.stat()
            found[file.path] = (status.st_ino, status.st_ctime_ns)
    return found


def _spread(folder: Path, count: int, folders: int) -> Iterator[Path]:
    """The paths of `count` files in `folders` folders, folder by folder; makes the folders."""
    each = -(-count // folders)
    for number in range(count):
        inside = folder / f"{number // each:03}"
        if number % each == 0:
            inside.mkdir(parents=True)
        yield inside / f"{number:07}.bin"


def _prose(random: Random, size: int) -> bytes:
    return " ".join(random.choices(_WORDS, k=size // 4)).encode()[:size]


def _copy_bytes(source: BinaryIO, target: BinaryIO, size: int) -> None:
    while size:
        piece = source.read(min(_PIECE, size))
        target.write(piece)
        size -= len(piece)
