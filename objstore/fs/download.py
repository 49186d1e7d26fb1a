"""A whole file of a version, on its way elsewhere."""

import os
from collections.abc import Iterator
from typing import Any

from objstore.fs.view import View
from objstore.worktree.newfile import Data, write_new


def save(view: View, path: str, target: str, callback: Any) -> None:
    """Writes a file to the disk, whole or not at all; folders above it are made. Keeps the executable bit."""
    folder, name = os.path.split(os.path.abspath(target))
    os.makedirs(folder, exist_ok=True)
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        mode = 0o777 if view.info(path)["executable"] else 0o666
        write_new(fd, os.fsencode(name), download(view, path, callback), mode, lambda: None)
    finally:
        os.close(fd)


def download(view: View, path: str, callback: Any) -> Iterator[Data]:
    """The bytes of a file, in order; tells a callback of fsspec's how far it is.

    CorruptionError, before the last of them, when they aren't what the file's digest says.
    """
    content = view.content(path)
    callback.set_size(content.size)
    with view.reading():
        for pieces in view.mount.blocks(content.digest, content.size):
            for piece in pieces:
                yield piece
                callback.relative_update(len(piece))
