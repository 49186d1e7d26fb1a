"""The one door through which files of the store appear.

`publish(source, target)` makes a finished temporary file appear under its name, whole and durable, or not at all:
sync the file, link it to the name, sync the folder. Linking refuses a name that exists, on every local file system
that we know, also under a race; `open("xb")` would show a partial file, rename would overwrite. That is what `replace` is for, where a
file has been damaged and comes again.
"""

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from objstore.errors import BlobExistsError, StorageError

_SIDE_BY_SIDE = 16
FULL = (errno.ENOSPC, errno.EDQUOT)
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


@contextlib.contextmanager
def translated(what: str | os.PathLike[str]) -> Iterator[None]:
    """Turns the disk's refusals into StorageError with what to do next."""
    try:
        yield
    except OSError as error:
        raise_translated(error, what)
        raise


def raise_translated(error: OSError, what: str | os.PathLike[str]) -> None:
    """Raises StorageError for what `translated` turns into one."""
    if error.errno in FULL:
        raise StorageError(
            f"no space left on the disk of {what}; free some and try again (`objstore gc` may, but needs a little itself)"
        ) from error
    if error.errno in _READ_ONLY:
        raise StorageError(
            f"cannot use {what}: {error.strerror}; check the permissions, or whether the disk is mounted read-only"
        ) from error
    if error.errno == errno.EIO:
        raise StorageError(f"the disk failed at {what}: {error.strerror}") from error


def publish(source: Path, target: Path) -> None:
    """Makes the file `source` appear as `target`, durably, and removes the name `source`.

    BlobExistsError when `target` exists; then `source` is left to the caller. Both must be in one file system.
    """
    with translated(target):
        sync_file(source)
        make_folder(target.parent)
        try:
            os.link(source, target)
        except FileExistsError:
            sync_folder(target.parent)  # whoever made it may have died before that: what exists must be durable, too
            raise BlobExistsError(f"{target} exists already") from None
        sync_folder(target.parent)
        os.unlink(source)


def publish_all(files: Sequence[tuple[Path, Path]]) -> None:
    """Publishes (source, target) one after the other, all of one folder: whoever is cut off leaves the first ones.

    BlobExistsError at the first target that exists; those before it are there then. Cheaper than one by one: what is in the files is
    synced side by side, which a journal does for many at once, and the folder when all have their names.
    """
    if not files:
        return
    from concurrent.futures import ThreadPoolExecutor  # only here: start-up needn't wait for it

    folder = files[0][1].parent
    with translated(folder):
        make_folder(folder)
        with ThreadPoolExecutor(min(_SIDE_BY_SIDE, len(files)), thread_name_prefix="objstore-sync") as pool:
            list(pool.map(sync_file, (source for source, _ in files)))
        try:
            for source, target in files:
                try:
                    os.link(source, target)
                except FileExistsError:
                    raise BlobExistsError(f"{target} exists already") from None
                os.unlink(source)
        finally:
            sync_folder(folder)


def replace(source: Path, target: Path) -> None:
    """Makes the file `source` take the place of the damaged `target`, at once and durably."""
    with translated(target):
        sync_file(source)
        os.rename(source, target)
        sync_folder(target.parent)


def sync_file(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_folder(path: Path) -> None:
    sync_file(path)


def make_folder(path: Path) -> None:
    """Creates a folder and those above it durably; a cheap check when it is there."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with contextlib.suppress(FileExistsError):
        path.mkdir()
    sync_folder(path.parent)  # also when another process has just made it, and not yet got here
