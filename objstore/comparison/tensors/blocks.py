"""The elements of two tensors of one shape, side by side."""

from collections.abc import Iterator
from typing import Any

from objstore.comparison.tensors.pair import Tensor
from objstore.host import library


def blocks(old: Tensor, new: Tensor, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Both tensors' elements in the same order, as many of each, about `size` bytes at a time.

    Memory: two blocks. Where one is in Fortran's order and the other isn't, and it matters, also one of the tensors as a whole.
    """
    count = max(1, size // max(1, old.elements.width, new.elements.width))
    turned = order_matters(old, new)
    before, after = _pieces(old, count, turned), _pieces(new, count, turned)
    return zip(before, after, strict=True)


def order_matters(old: Tensor, new: Tensor) -> bool:
    """Whether the elements of one have to be put into another order to be compared with the other's."""
    return old.fortran != new.fortran and sum(length > 1 for length in old.shape) > 1


def _pieces(tensor: Tensor, count: int, turned: bool) -> Iterator[bytes]:
    if turned and tensor.fortran:
        return _turned(tensor, count)
    return _in_order(tensor, count)


def _in_order(tensor: Tensor, count: int) -> Iterator[bytes]:
    reader, left = tensor.source.open(), tensor.count
    while left:
        taken = min(count, left)
        yield reader.read(taken * tensor.elements.width)
        left -= taken


def _turned(tensor: Tensor, count: int) -> Iterator[bytes]:
    data: Any = tensor.source.open().read(tensor.count * tensor.elements.width)
    whole = library.numpy().frombuffer(data, f"V{tensor.elements.width}").reshape(tensor.shape, order="F")
    for start in range(0, tensor.count, count):
        yield whole.flat[start : start + count].tobytes()
