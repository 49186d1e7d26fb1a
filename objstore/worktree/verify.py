"""A folder against a manifest: what is extra, missing or changed. Nothing is written, and no link is followed below the folder."""

import os
import stat
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from blake3 import blake3

from objstore.errors import SourceMissingError
from objstore.host.publish import translated
from objstore.manifest.entry import UNKNOWN_SIZE, Entry, EntryKind
from objstore.worktree.references import Contents, is_reference

_BLOCK = 1 << 22


class Difference(Enum):
    EXTRA = "extra"
    MISSING = "missing"
    CHANGED = "changed"


class Problem(NamedTuple):
    """A path at which the folder isn't what the manifest says."""

    path: bytes
    difference: Difference


def verify(folder: Path, wanted: Iterable[tuple[bytes, Entry]], contents: Contents, keep_mode: bool = True) -> Iterator[Problem]:
    """Every file that is extra, missing or changed, ascending; reads all files that may be right.

    A link is never right, whatever it leads to. Folders don't count but for what is in them. `keep_mode`: whether executable bits
    mean something there. Of a reference the size is compared, where it is known, and the content where that is known for sure: from the
    reference itself, or since this machine has fetched it (`contents`). SourceMissingError when there is no such folder.
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
        if not _is_right(os.fsencode(folder) + b"/" + path, entry, contents, keep_mode):
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


def _is_right(disk: bytes, entry: Entry, contents: Contents, keep_mode: bool) -> bool:
    status = os.lstat(disk)
    if not stat.S_ISREG(status.st_mode) or entry.size not in (status.st_size, UNKNOWN_SIZE):
        return False
    if is_reference(entry):
        known = contents.proven(entry)
        return known is None or _digest(disk) == known
    if keep_mode and bool(status.st_mode & 0o111) != (entry.kind == EntryKind.EXECUTABLE):
        return False
    return _digest(disk) == entry.digest


def _digest(disk: bytes) -> bytes:
    hasher = blake3()
    with open(disk, "rb") as file:
        while block := file.read(_BLOCK):
            hasher.update(block)
    return hasher.digest()
