"""Making a file appear in an open folder, whole or not at all.

Where the system can (Linux: O_TMPFILE, open(2)), the file has no name until it is complete, and then gets it by a link: a killed process
leaves nothing, and it is quicker than the other way, which is another name first and then a rename.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Iterable

from objstore.host.memory import MAX_WRITE

# One name per thread (and process: a forked one has the same random part), used again and again: a new one for each file would
# touch another block of the folder each time, at half the speed.
_temporary = b".objstore-%s-%%d-%%d.tmp" % os.urandom(6).hex().encode()

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_UNNAMED = os.O_WRONLY | getattr(os, "O_TMPFILE", 0) | getattr(os, "O_CLOEXEC", 0)

_unnamed_works: dict[int, bool] = {}
"""By device."""

Data = bytes | memoryview


def write_new(folder: int, name: bytes, blocks: Iterable[Data], mode: int, complete: Callable[[], None]) -> os.stat_result:
    """Writes a file into the folder with this descriptor, in place of another if there is one; its status.

    Calls `complete` when all is written, before the file appears. OSError as the system has it, IsADirectoryError when a folder is in its
    place; then nothing is left of it. Thread-safe.
    """
    device = os.fstat(folder).st_dev
    if device not in _unnamed_works:
        _unnamed_works[device] = _can_be_unnamed(folder)
    write = _write_unnamed if _unnamed_works[device] else _write_named
    return write(folder, name, blocks, mode, complete)


def _write_unnamed(folder: int, name: bytes, blocks: Iterable[Data], mode: int, complete: Callable[[], None]) -> os.stat_result:
    fd = os.open(b".", _UNNAMED, mode, dir_fd=folder)
    try:
        for block in blocks:
            _write_all(fd, block)
        complete()
        try:
            _link(fd, folder, name)
        except FileExistsError:
            temporary = _temporary_name()
            _link(fd, folder, temporary)
            _rename(folder, temporary, name)
        return os.fstat(fd)
    finally:
        os.close(fd)


def _write_named(folder: int, name: bytes, blocks: Iterable[Data], mode: int, complete: Callable[[], None]) -> os.stat_result:
    temporary = _temporary_name()
    fd = os.open(temporary, _CREATE, mode, dir_fd=folder)
    try:
        try:
            for block in blocks:
                _write_all(fd, block)
            complete()
        except BaseException:
            os.unlink(temporary, dir_fd=folder)
            raise
        _rename(folder, temporary, name)
        return os.fstat(fd)
    finally:
        os.close(fd)


def _rename(folder: int, temporary: bytes, name: bytes) -> None:
    try:
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.unlink(temporary, dir_fd=folder)
        raise


def _can_be_unnamed(folder: int) -> bool:
    """Found by trying: not every file system can, some can't link, and some systems have no /proc."""
    if not hasattr(os, "O_TMPFILE"):
        return False
    temporary = _temporary_name()
    try:
        fd = os.open(b".", _UNNAMED, 0o600, dir_fd=folder)
    except OSError:
        return False
    try:
        _link(fd, folder, temporary)
    except OSError:
        return False
    finally:
        os.close(fd)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary, dir_fd=folder)
    return True


def _link(fd: int, folder: int, name: bytes) -> None:
    os.link(b"/proc/self/fd/%d" % fd, name, dst_dir_fd=folder, follow_symlinks=True)


def _temporary_name() -> bytes:
    return _temporary % (os.getpid(), threading.get_ident())


def _write_all(fd: int, data: Data) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest[:MAX_WRITE]) :]
