"""Copying a project as it is: packs, index and log, file by file."""

import contextlib
import os
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from objstore.blobs.protocol import BlobStore
from objstore.errors import BlobExistsError, CorruptionError
from objstore.history.log import EntryTakenError, Log
from objstore.host.ahead import ahead
from objstore.host.progress import Progress
from objstore.host.publish import translated
from objstore.odb.remotedatabase import again
from objstore.odb.verify import check_copy

_AT_ONCE = 3
_PIECE = 16 << 20


def absent(target: BlobStore, files: Mapping[str, int]) -> dict[str, int]:
    """Those files that aren't there in this size. Lists their folders."""
    folders = {name.partition("/")[0] + "/" for name in files}
    there = {name: size for folder in folders for name, size in target.list(folder)}
    return {name: size for name, size in files.items() if there.get(name) != size}


def copy_files(source: BlobStore, target: BlobStore, files: Mapping[str, int], progress: Progress) -> None:
    """Copies packs and segments of these sizes, three at once, each verified. What has the name but another size is replaced.

    CorruptionError when one is damaged in its source; then others have been copied.
    """

    def copy(name: str) -> None:
        _copy(source, target, name, files[name])
        progress.advance(bytes_=files[name])

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="objstore-copy") as pool:
        for _ in ahead(pool, copy, sorted(files), _AT_ONCE):
            pass


def copy_log(source: Log, target: Log, after: int, last: int) -> bool:
    """Appends entries of one log, up to number `last`, to another, which ends with number `after`. What they need must be there by then.

    False when somebody else has appended others.
    """
    for number, data, _ in source.read_both_from(after + 1):
        if number > last:
            break
        try:
            target.append_bytes(number, data)
        except EntryTakenError:
            return False
    return True


def _copy(source: BlobStore, target: BlobStore, name: str, size: int) -> None:
    temporary = target.scratch / f"copy-{os.getpid()}-{os.urandom(8).hex()}.tmp"
    try:
        _write_whole(source, target, name, size, temporary)
        try:
            target.adopt(name, temporary)
        except BlobExistsError:  # in another size, or it wouldn't be copied: half of what it should be
            if target.size(name) != size:
                _write_whole(source, target, name, size, temporary)
                target.replace(name, temporary)
    finally:
        temporary.unlink(missing_ok=True)


def _write_whole(source: BlobStore, target: BlobStore, name: str, size: int, file: Path) -> None:
    """What is damaged in its source, or on the way, isn't copied: nobody would send it again to where its name is."""

    def write() -> None:
        file.unlink(missing_ok=True)
        _write(source, target, name, size, file)
        with translated(file):
            check_copy(name, file)

    try:
        again(write)
    except CorruptionError as error:
        raise CorruptionError(
            f"{name} in {source.location} is damaged, so it wasn't copied; `objstore fsck` there tells what is hit"
        ) from error


def _write(source: BlobStore, target: BlobStore, name: str, size: int, file: Path) -> None:
    with translated(file):
        if source.root is not None:
            if target.root is None:  # what it takes is sent from there, not kept
                with contextlib.suppress(OSError):
                    os.link(source.root / name, file)
                    return
            shutil.copyfile(source.root / name, file)
            return
        with file.open("wb") as copy:
            for piece in source.read_ranges(name, [(at, min(_PIECE, size - at)) for at in range(0, size, _PIECE)]):
                copy.write(piece)
    if file.stat().st_size != size:
        raise CorruptionError(f"{name} in {source.location} isn't of the size that it was listed with")
