"""Finding out whether a place keeps the promises that a project relies on, before one is put there."""

import contextlib
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from math import inf

from objstore.blobs.protocol import BlobStore
from objstore.errors import BlobExistsError, ObjstoreError, UnsafeStoreError

_CONTENDERS = 4
_OVERWRITES = (
    "it lets a second write replace the first, so two pushes at once could overwrite each other's log; "
    "use a store that keeps the condition `If-None-Match: *`"
)


def probe(blobs: BlobStore) -> None:
    """Writes a few small blobs below `probe/`, checks what comes of it, and deletes them.

    UnsafeStoreError if a second create isn't refused, leaves anything but the first bytes, or a name has other than one winner; or
    if blobs aren't read, listed and deleted at once. RemoteError or StorageError where writing isn't allowed. A store that passes may
    still break its promises on another day; a file system that isn't known to have them at all is refused before anything is written.
    """
    with _names(blobs) as (name, contended):
        _check(_made(blobs, name, b"0123456789"), blobs, "it says that a name is taken which nobody has used")
        _check(not _made(blobs, name, b"other bytes"), blobs, _OVERWRITES)
        _check(blobs.read(name) == b"0123456789", blobs, _OVERWRITES)
        _check(list(blobs.read_ranges(name, [(3, 4), (9, 1)])) == [b"3456", b"9"], blobs, "it doesn't give the ranges asked for")
        _check(dict(blobs.list("probe/")).get(name) == 10, blobs, "it doesn't list what was just written")
        _check(_winners(blobs, contended) == 1, blobs, _OVERWRITES)
        blobs.delete(name)
        _check(not blobs.has(name), blobs, "it still has what was just deleted")


def clock(blobs: BlobStore) -> float:
    """What a place's own clock says, in seconds since 1970: writes a blob, lists it, deletes it. Infinity where listings don't tell."""
    with _names(blobs) as (name, _):
        blobs.create(name, b"0")
        return next((made for found, _, made in blobs.list_dated("probe/") if found == name), inf)


@contextlib.contextmanager
def _names(blobs: BlobStore) -> Iterator[tuple[str, str]]:
    """Two names that nobody has used; afterwards nobody has."""
    names = (f"probe/{os.urandom(16).hex()}", f"probe/{os.urandom(16).hex()}")
    try:
        yield names
    finally:
        for name in names:
            with contextlib.suppress(ObjstoreError):  # what went wrong before says more
                blobs.delete(name)


def _winners(blobs: BlobStore, name: str) -> int:
    """How many of the threads that create one name at the same time believe that their bytes are there."""
    together = threading.Barrier(_CONTENDERS)

    def contend(number: int) -> bool:
        together.wait()
        return _made(blobs, name, b"%d" % number)

    with ThreadPoolExecutor(_CONTENDERS) as pool:
        wins = list(pool.map(contend, range(_CONTENDERS)))
    kept = blobs.read(name)
    return sum(wins) if any(won and kept == b"%d" % number for number, won in enumerate(wins)) else 0


def _made(blobs: BlobStore, name: str, data: bytes) -> bool:
    """Whether this call has made the blob; a refusal may follow a try of its own whose answer was lost."""
    try:
        blobs.create(name, data)
    except BlobExistsError:
        return blobs.read(name) == data
    return True


def _check(kept: bool, blobs: BlobStore, problem: str) -> None:
    if not kept:
        raise UnsafeStoreError(f"{blobs.location} can't hold a project that is written to: {problem}")
