"""What a decoder has to stand: truncations, flipped bits, bytes added, noise."""

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

from objstore.errors import CorruptionError, UnsupportedFormatError

MEMORY = 1 << 20
"""Bytes that a decoder may take for an input of some hundred bytes."""


def damaged(data: bytes) -> Iterator[bytes]:
    """Every truncation, every single flipped bit, and a few additions."""
    for end in range(len(data)):
        yield data[:end]
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        yield bytes(flipped)
    yield data + b"\0"
    yield data + data
    yield b"\0" + data


def refused(decode: Callable[[bytes], Any], encode: Callable[[Any], bytes], data: bytes) -> bool:
    """Whether `decode` refuses these bytes as damaged or too new; if not, they must be what `encode` makes of the value."""
    try:
        value = decode(data)
    except (CorruptionError, UnsupportedFormatError):
        return True
    assert encode(value) == data
    return False


def peak_memory(work: Callable[[], object]) -> int:
    """The bytes of Python memory that `work` takes at most."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
