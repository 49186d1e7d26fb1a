"""A folder against a manifest: what is extra, missing or changed. Nothing is written, and no link is followed below the folder."""

import os
import stat
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from blake3 import blake3

from objstore.errors import InvalidInputError, SourceMissingError
from objstore.host.publish import translated
from objstore.manifest.entry import Entry, EntryKind

_BLOCK = 1 << 22


class Difference(Enum):
    EXTRA = "extra"
    MISSING = "missing"
    CHANGED = "changed"


class Problem(NamedTuple):
    """A path at which the folder isn't what the manifest says."""

    path: bytes
    difference: Difference


def verify(folder: Path, wanted: Iterable[tuple[bytes, Entry]], keep_mode: bool = True) -> Iterator[Problem]:
    """Every file that is extra, missing or changed, ascending; reads all files that may be right.

    A link is never right, whatever it leads to. Folders don't count but for what is in them. `keep_mode`: whether executable bits
    mean something there. SourceMissingError when there is no such folder.
    """
    if not folder.is_dir():
        raise SourceMissingError(f"{folder} is not a folder")
    files = _files(os.fsencode(folder), b"")
    file = next(files, None)
    for path, entry in wanted:
        while file is not None and file < path:
            yield Problem(file, Difference.EXTRA)
            file = next(files, None)
        if file != path:
            yield Problem(path, Difference.MISSING)
            continue
        if not _is_right(os.fsencode(folder) + b"/" + path, path, entry, keep_mode):
            yield Problem(path, Difference.CHANGED)
        file = next(files, None)
    while file is not None:
        yield Problem(file, Difference.EXTRA)
        file = next(files, None)


def _files(top: bytes, folder: bytes) -> Iterator[bytes]:
    """The paths of all that isn't a folder, ascending. Memory: the names in one path of folders."""
    with translated(os.fsdecode(top)), os.scandir(top + b"/" + folder) as found:
        names = sorted(entry.name + (b"/" if entry.is_dir(follow_symlinks=False) else b"") for entry in found)
    for name in names:
        if name.endswith(b"/"):
            yield from _files(top, folder + name)
        else:
            yield folder + name


def _is_right(disk: bytes, path: bytes, entry: Entry, keep_mode: bool) -> bool:
    if entry.kind == EntryKind.REFERENCE:
        raise InvalidInputError(f"{path.decode()} is a reference to an outside address, which this version of objstore can't check")
    status = os.lstat(disk)
    if not stat.S_ISREG(status.st_mode) or status.st_size != entry.size:
        return False
    if keep_mode and bool(status.st_mode & 0o111) != (entry.kind == EntryKind.EXECUTABLE):
        return False
    hasher = blake3()
    with open(disk, "rb") as file:
        while block := file.read(_BLOCK):
            hasher.update(block)
    return hasher.digest() == entry.digest
