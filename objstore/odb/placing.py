"""Putting a finished file where the name that follows from its bytes says."""

import contextlib
from pathlib import Path

from objstore.blobs.protocol import BlobStore
from objstore.errors import BlobExistsError, CorruptionError

_BLOCK = 1 << 20


def put_in_place(blobs: BlobStore, name: str, file: Path) -> None:
    """Makes `file` appear under `name`, durably; the file is gone afterwards.

    What has that name already is the same, so it stays, unless it has been damaged: then the whole file takes its place. Otherwise
    content that is stored once more because it was found damaged would seem stored, and not be. Cost: then both are read. Elsewhere
    than on this machine, where to ask costs as much as to write, what is there isn't looked at: that is for whoever checks a remote.
    """
    if blobs.root is not None and blobs.has(name) and not _is_same(blobs, name, file):
        blobs.replace(name, file)
        return
    with contextlib.suppress(BlobExistsError):
        blobs.adopt(name, file)


def _is_same(blobs: BlobStore, name: str, file: Path) -> bool:
    size = file.stat().st_size
    if blobs.size(name) != size:
        return False
    ranges = [(at, min(_BLOCK, size - at)) for at in range(0, size, _BLOCK)]
    with file.open("rb") as ours:
        try:
            return all(theirs == ours.read(_BLOCK) for theirs in blobs.read_ranges(name, ranges))
        except CorruptionError:  # it has become shorter
            return False
