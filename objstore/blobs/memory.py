"""A BlobStore in memory, for tests and experiments."""

import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from objstore.blobs.protocol import Listed
from objstore.errors import BlobExistsError, CorruptionError, NotFoundError


class MemoryBlobs:
    """Fulfils every guarantee of the protocol but durability."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}
        self._made: dict[str, float] = {}
        self._lock = threading.Lock()
        self._scratch: Path | None = None

    @property
    def location(self) -> str:
        return "memory"

    @property
    def scratch(self) -> Path:
        with self._lock:
            if self._scratch is None:
                self._scratch = Path(tempfile.mkdtemp(prefix="objstore-"))
                # Not a TemporaryDirectory: that one warns when it goes with its owner.
                weakref.finalize(self, shutil.rmtree, self._scratch, ignore_errors=True)
            return self._scratch

    @property
    def root(self) -> None:
        return None

    def create(self, name: str, data: bytes, /) -> None:
        with self._lock:
            if name in self._blobs:
                raise BlobExistsError(f"{name} exists already")
            self._blobs[name] = bytes(data)
            self._made[name] = time.time()

    def create_all(self, folder: str, items: Sequence[tuple[str, bytes]], /) -> None:
        for name, data in items:
            self.create(f"{folder}/{name}", data)

    def adopt(self, name: str, file: Path, /) -> None:
        try:
            self.create(name, file.read_bytes())
        finally:
            file.unlink()

    def replace(self, name: str, file: Path, /) -> None:
        with self._lock:
            self._blobs[name] = file.read_bytes()
            self._made[name] = time.time()
        file.unlink()

    def read(self, name: str, /) -> bytes:
        try:
            return self._blobs[name]
        except KeyError:
            raise NotFoundError(f"no {name} in memory") from None

    def read_ranges(self, name: str, ranges: Iterable[tuple[int, int]], /) -> Iterator[bytes]:
        data = self.read(name)
        for offset, length in ranges:
            if offset + length > len(data):
                raise CorruptionError(f"{name} is cut short; run `objstore fsck`")
            yield data[offset : offset + length]

    def read_part(self, name: str, offset: int, most: int, /) -> bytes:
        return self.read(name)[offset : offset + most]

    def size(self, name: str, /) -> int:
        return len(self.read(name))

    def has(self, name: str, /) -> bool:
        return name in self._blobs

    def list(self, prefix: str, /) -> Iterator[tuple[str, int]]:
        for name, data in list(self._blobs.items()):
            if name.startswith(prefix):
                yield name, len(data)

    def list_dated(self, prefix: str, /) -> Iterator[Listed]:
        return (Listed(name, size, self._made[name]) for name, size in self.list(prefix))

    def delete(self, name: str, /) -> None:
        self._blobs.pop(name, None)

    def delete_all(self, names: Sequence[str], /) -> None:
        for name in names:
            self.delete(name)

    def close(self) -> None:
        pass
