"""Reading binary fields strictly: running out of bytes or leaving some over is corruption."""

import struct
from collections.abc import Callable
from typing import Any

from objstore.errors import CorruptionError


class Reader:
    """A cursor over bytes that were stored. Every short read is a CorruptionError naming `what`."""

    def __init__(self, data: bytes | memoryview, what: str) -> None:
        self._data = memoryview(data)
        self._what = what
        self._at = 0

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise self.corrupt("is cut short")
        taken = bytes(self._data[self._at : end])
        self._at = end
        return taken

    def unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        return layout.unpack(self.take(layout.size))

    def column(self, code: str, count: int) -> tuple[Any, ...]:
        """`count` little-endian fields of one struct format code."""
        if count * struct.calcsize("<" + code) > len(self._data) - self._at:
            raise self.corrupt("is cut short")
        return self.unpack(struct.Struct(f"<{count}{code}"))

    def digests(self, count: int) -> list[bytes]:
        block = self.take(32 * count)
        return [block[at : at + 32] for at in range(0, len(block), 32)]

    def end(self) -> None:
        if self._at != len(self._data):
            raise self.corrupt("has bytes after its end")

    def check(self, holds: bool, problem: str | Callable[[], str]) -> None:
        if not holds:
            raise self.corrupt(problem if isinstance(problem, str) else problem())

    def corrupt(self, problem: str) -> CorruptionError:
        return CorruptionError(f"{self._what} {problem}; run `objstore fsck`")
