"""Doing several requests at once, and large objects in parts."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

PART = 8 << 20
_AT_ONCE = 16


def parts(size: int, read: Callable[[int, int], bytes]) -> Iterator[bytes]:
    """The bytes of an object of `size`, asked for part by part, each from its start to before its end."""
    for start in range(0, size, PART):
        yield read(start, min(start + PART, size))


def in_parallel(work: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
    """The results in order. The first error ends it, once what has begun is done."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="objstore-outside") as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()
