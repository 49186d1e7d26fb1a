"""Stretches of blobs elsewhere, kept on this machine's disk for the next time."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from objstore.blobs.protocol import BlobStore
from objstore.host.publish import make_folder

_BLOCK = 1 << 20
_EVERY = 64


class Blocks:
    """Reads blobs in blocks of 1 MiB, of which it keeps some `limit` bytes in a folder; the least recently used go.

    What is read with the bytes that are asked for is likely to be wanted next: nodes lie beside those that lead to them. Nothing here
    is verified or durable: whoever reads checks what comes, and says `forget` if it is wrong. Thread-safe; processes may share the folder.
    """

    def __init__(self, blobs: BlobStore, folder: Path, limit: int) -> None:
        self._blobs = blobs
        self._folder = folder
        self._limit = limit
        self._kept = 0

    def read(self, name: str, offset: int, size: int) -> bytes:
        """Bytes of a blob; fewer only where it ends. One request for what isn't here."""
        first, last = offset // _BLOCK, (offset + size - 1) // _BLOCK
        found = {at: self._load(name, at) for at in range(first, last + 1)}
        absent = [at for at, data in found.items() if data is None]
        if absent:
            begin = absent[0] * _BLOCK
            data = self._blobs.read_part(name, begin, (absent[-1] + 1) * _BLOCK - begin)
            for at in range(absent[0], absent[-1] + 1):
                found[at] = data[at * _BLOCK - begin : (at + 1) * _BLOCK - begin]
                self._keep(name, at, found[at] or b"")
        start = offset - first * _BLOCK
        return b"".join(data or b"" for data in found.values())[start : start + size]

    def forget(self, name: str) -> None:
        """What was kept of a blob isn't what it should be."""
        for path in self._files(name):
            path.unlink(missing_ok=True)

    def _load(self, name: str, at: int) -> bytes | None:
        path = self._path(name, at)
        try:
            data = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return data

    def _keep(self, name: str, at: int, data: bytes) -> None:
        path = self._path(name, at)
        temporary = path.with_name(f"{os.getpid()}-{os.urandom(4).hex()}.tmp")
        with contextlib.suppress(OSError):  # a full disk is no reason not to read
            make_folder(self._folder)
            temporary.write_bytes(data)
            temporary.rename(path)
        self._kept += 1
        if self._kept % _EVERY == 1:  # the first time, too: most processes keep only a few
            self._trim()

    def _trim(self) -> None:
        with contextlib.suppress(OSError):
            files = sorted((file.stat().st_mtime_ns, file.stat().st_size, file.path) for file in os.scandir(self._folder))
            excess = sum(size for _, size, _ in files) - self._limit
            for _, size, path in files:
                if excess <= 0:
                    return
                os.unlink(path)
                excess -= size

    def _path(self, name: str, at: int) -> Path:
        return self._folder / f"{name.rpartition('/')[2]}-{at}"

    def _files(self, name: str) -> Iterator[Path]:
        return self._folder.glob(f"{name.rpartition('/')[2]}-*")
