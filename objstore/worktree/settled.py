"""Reading a file that may be changing: what is read is what the file was at one time, or an error says so."""

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import TypeVar

from objstore.errors import SourceFileError
from objstore.host.regular import open_regular
from objstore.worktree.listing import FACTS, facts_of

_ATTEMPTS = 3
_PIECE = 4 * 1024 * 1024

T = TypeVar("T")


class ReadError(OSError):
    """Reading the user's file failed."""


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """Around reads of the user's file: tells their failure from that of anything else."""
    try:
        yield
    except OSError as error:
        raise ReadError(error.errno, error.strerror) from error


def settled(disk: bytes, facts: bytes, read: Callable[[int, int], T]) -> T:
    """What `read` makes of the open file and its size, once the file stayed as it is from before (`facts`, at first) to the end.

    SourceFileError for a file that can't be read, or that changes again and again.
    """
    before = facts
    for _ in range(_ATTEMPTS):
        try:
            fd = open_regular(disk)
        except OSError as error:
            raise _unreadable(disk, error) from error
        try:
            result = read(fd, FACTS.unpack(before)[0])
            after = facts_of(os.fstat(fd))
        except ReadError as error:  # an OSError of whatever else `read` does isn't the file's fault
            raise _unreadable(disk, error) from error
        finally:
            os.close(fd)
        if after == before:
            return result
        before = after
    raise SourceFileError(f"{os.fsdecode(disk)} changes while it is read; wait until nobody writes to it, or exclude it")


def read_whole(fd: int, size: int) -> bytes:
    """The bytes of an open file that has `size` of them, or more, or fewer."""
    with reading():
        data = os.read(fd, size + 1)
        while len(data) != size and (more := os.read(fd, _PIECE)):
            data += more
        return data


def _unreadable(disk: bytes, error: OSError) -> SourceFileError:
    return SourceFileError(f"{os.fsdecode(disk)} can't be read: {error.strerror}; mend or exclude it")
