"""Blob stores that count, and that lose replies."""

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from objstore.blobs.memory import MemoryBlobs
from objstore.blobs.protocol import BlobStore
from objstore.errors import RemoteError


class Wrapper:
    """Passes everything on; subclasses interfere."""

    def __init__(self, inner: BlobStore | None = None) -> None:
        self.inner = inner or MemoryBlobs()

    @property
    def location(self) -> str:
        return self.inner.location

    @property
    def scratch(self) -> Path:
        return self.inner.scratch

    @property
    def root(self) -> Path | None:
        return self.inner.root

    def create(self, name: str, data: bytes, /) -> None:
        self.inner.create(name, data)

    def create_all(self, folder: str, items: Sequence[tuple[str, bytes]], /) -> None:
        for name, data in items:
            self.create(f"{folder}/{name}", data)

    def adopt(self, name: str, file: Path, /) -> None:
        self.inner.adopt(name, file)

    def replace(self, name: str, file: Path, /) -> None:
        self.inner.replace(name, file)

    def read(self, name: str, /) -> bytes:
        return self.inner.read(name)

    def read_ranges(self, name: str, ranges: Iterable[tuple[int, int]], /) -> Iterator[bytes]:
        return self.inner.read_ranges(name, ranges)

    def read_part(self, name: str, offset: int, most: int, /) -> bytes:
        return self.inner.read_part(name, offset, most)

    def size(self, name: str, /) -> int:
        return self.inner.size(name)

    def has(self, name: str, /) -> bool:
        return self.inner.has(name)

    def list(self, prefix: str, /) -> Iterator[tuple[str, int]]:
        return self.inner.list(prefix)

    def delete(self, name: str, /) -> None:
        self.inner.delete(name)

    def delete_all(self, names: Sequence[str], /) -> None:
        for name in names:
            self.delete(name)


class CountingBlobs(Wrapper):
    """Counts the calls of each operation."""

    def __init__(self, inner: BlobStore | None = None) -> None:
        super().__init__(inner)
        self.calls: Counter[str] = Counter()

    def create(self, name: str, data: bytes, /) -> None:
        self.calls["create"] += 1
        super().create(name, data)

    def read(self, name: str, /) -> bytes:
        self.calls["read"] += 1
        return super().read(name)

    def list(self, prefix: str, /) -> Iterator[tuple[str, int]]:
        self.calls["list"] += 1
        return super().list(prefix)


class Died(BaseException):
    """Stands for the death of the process."""


class DyingBlobs(Wrapper):
    """Dies at its n-th change, before or after it is made."""

    def __init__(self, inner: BlobStore, step: int, *, after: bool) -> None:
        super().__init__(inner)
        self._left = step
        self._after = after

    def create(self, name: str, data: bytes, /) -> None:
        with self._dying():
            super().create(name, data)

    def delete(self, name: str, /) -> None:
        with self._dying():
            super().delete(name)

    @contextlib.contextmanager
    def _dying(self) -> Iterator[None]:
        self._left -= 1
        if self._left < 0 or (self._left == 0 and not self._after):
            raise Died
        yield
        if self._left == 0:
            raise Died


class LossyBlobs(Wrapper):
    """Fails the next creates as told: `lost` is a reply lost after the put landed, `dropped` a put that never arrived,
    `retried` a put that landed and was sent again by the library below, which then sees that the name exists."""

    def __init__(self, inner: BlobStore | None = None) -> None:
        super().__init__(inner)
        self.faults: list[str] = []

    def create(self, name: str, data: bytes, /) -> None:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "dropped":
            raise RemoteError("the connection was reset")
        super().create(name, data)
        if fault == "lost":
            raise RemoteError("the connection was reset")
        if fault == "retried":
            super().create(name, data)
