"""Opening what should be a file, but may be anything by now: somebody else's, or one that others write to meanwhile."""

import errno
import os
import stat


class NotRegularError(OSError):
    """A folder, pipe, socket or device is where a file should be."""

    def __init__(self, path: str | bytes | os.PathLike[str]) -> None:
        super().__init__(errno.EINVAL, "it is not a regular file (but a folder, pipe, device, …)", os.fsdecode(path))


def open_regular(path: str | bytes | os.PathLike[str]) -> int:
    """A descriptor for reading the file at a path; links are followed. NotRegularError for anything else, other OSErrors as of `os.open`.

    Opening a pipe would wait for whoever writes into it, and reading a device may never end.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a link that leads round in a circle, a socket
            raise NotRegularError(path) from error
        raise
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise NotRegularError(path)
    return fd


def read_small(path: str | os.PathLike[str], most: int = 1 << 20) -> bytes:
    """All of a file that people write, at most `most` bytes. ValueError for a larger one, else as `open_regular`."""
    with open(open_regular(path), "rb", buffering=0) as file:
        data = file.read(most + 1) or b""
    if len(data) > most:
        raise ValueError(f"it has more than {most:,} bytes")
    return data
