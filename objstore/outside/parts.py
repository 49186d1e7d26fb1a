"""Large objects, asked for in parts."""

from collections.abc import Callable, Iterator

PART = 8 << 20


def parts(size: int, read: Callable[[int, int], bytes]) -> Iterator[bytes]:
    """The bytes of an object of `size`, part by part, each from its start to before its end."""
    for start in range(0, size, PART):
        yield read(start, min(start + PART, size))
