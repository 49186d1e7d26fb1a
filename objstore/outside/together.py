"""Several requests at once."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_AT_ONCE = 16


def together(work: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
    """The results in order. The first error ends it, once what has begun is done."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="objstore-outside") as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()
