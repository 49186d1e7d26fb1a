"""Large objects, asked for range by range."""

from collections.abc import Callable, Iterator

RANGE = 8 << 20


def ranges(size: int, read: Callable[[int, int], bytes]) -> Iterator[bytes]:
    """The bytes of an object of `size`, each range from its start to before its end."""
    for start in range(0, size, RANGE):
        yield read(start, min(start + RANGE, size))
