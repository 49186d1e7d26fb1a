"""Where the values of Arrow arrays of varying length lie in their buffers."""

from collections.abc import Iterator
from typing import Any

from objstore.host import library

_WORD = 8
_PADDING = b"\0" * 2 * _WORD


def stretches(array: Any) -> tuple[bytes, Any, Any]:
    """The bytes of the values of text, bytes, or numbers of a fixed width; where each begins in them, and its length.

    What hasn't such buffers is written down as Python shows it. Where a value is null, its length is 0 or its bytes are anything.
    """
    numpy, types = library.numpy(), library.pyarrow().types
    type_ = array.type
    if types.is_string_view(type_) or types.is_binary_view(type_):
        return stretches(array.cast(library.pyarrow().large_binary()))
    if types.is_string(type_) or types.is_binary(type_) or types.is_large_string(type_) or types.is_large_binary(type_):
        offsets = _offsets(array, large=types.is_large_string(type_) or types.is_large_binary(type_))
        return _padded(array.buffers()[2], int(offsets[0]), int(offsets[-1])), offsets[:-1] - offsets[0], numpy.diff(offsets)
    if types.is_fixed_size_binary(type_) or types.is_primitive(type_) or types.is_decimal(type_):
        width = type_.bit_width // 8
        data = _padded(array.buffers()[1], array.offset * width, (array.offset + len(array)) * width)
        return data, numpy.arange(len(array)) * width, numpy.full(len(array), width)
    shown = [repr(value).encode() for value in array.to_pylist()]
    lengths = numpy.array([len(each) for each in shown])
    return b"".join(shown) + _PADDING, numpy.cumsum(lengths) - lengths, lengths


def byte_words(data: bytes, starts: Any, lengths: Any) -> Iterator[tuple[Any, Any]]:
    """The bytes of stretches as words of 8, the last ones filled up with zeros: rows (None for all of them) and the next word of each."""
    numpy = library.numpy()
    aligned = numpy.frombuffer(data, "<u8", len(data) // _WORD)
    rows, ends = None, starts + lengths
    at = starts
    while True:
        left = ends - at
        if left.size and left.min() <= 0:
            going = numpy.flatnonzero(left > 0)
            rows = going if rows is None else rows[going]
            at, ends, left = at[going], ends[going], left[going]
        if not left.size:
            return
        yield rows, _words(aligned, at, left)
        at = at + _WORD


def _words(aligned: Any, at: Any, left: Any) -> Any:
    """The 8 bytes from each of these places, of which those after the first `left` are zero."""
    numpy = library.numpy()
    index = at >> 3
    shift = ((at & 7) << 3).astype(numpy.uint64)
    # A shift by 64 bits gives 0 in NumPy.
    words = (aligned[index] >> shift) | (aligned[index + 1] << (numpy.uint64(64) - shift))
    surplus = (numpy.maximum(_WORD - left, 0) << 3).astype(numpy.uint64)
    return (words << surplus) >> surplus if surplus.any() else words


def list_elements(array: Any) -> tuple[Any, Any, Any]:
    """The elements of lists, one after the other; where those of each list begin, and how many there are: none where it is null."""
    numpy, pyarrow = library.numpy(), library.pyarrow()
    types = pyarrow.types
    if types.is_fixed_size_list(array.type):
        size = array.type.list_size
        return array.values.slice(array.offset * size, len(array) * size), numpy.arange(len(array)) * size, numpy.full(len(array), size)
    offsets = _offsets(array, large=types.is_large_list(array.type))
    start, length = int(offsets[0]), int(offsets[-1] - offsets[0])
    if types.is_map(array.type):
        both = [values.slice(start, length) for values in (array.keys, array.items)]
        elements = pyarrow.StructArray.from_arrays(both, ["key", "value"])
    else:
        elements = array.values.slice(start, length)
    return elements, offsets[:-1] - offsets[0], numpy.diff(offsets)


def _offsets(array: Any, *, large: bool) -> Any:
    numpy = library.numpy()
    size = 8 if large else 4
    return numpy.frombuffer(array.buffers()[1], f"<i{size}", len(array) + 1, array.offset * size).astype(numpy.int64)


def _padded(buffer: Any, start: int, end: int) -> bytes:
    """A part of a buffer, with zeros after it, so that words can be read beyond its end."""
    return (memoryview(buffer)[start:end].tobytes() if buffer is not None else b"") + _PADDING
