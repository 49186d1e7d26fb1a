"""Taking items some at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in order, in lists of `size`; the last may be shorter. None is taken before the list that it is in is asked for."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch
