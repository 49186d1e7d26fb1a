"""Files of safetensors, as models are saved.

Format: https://github.com/huggingface/safetensors#format. Its library reads a path or the whole file at once, and a file of a version is
neither, so its header is read here, as strictly.
"""

import json
from collections.abc import Mapping
from typing import Any

from objstore.comparison.content import Content
from objstore.comparison.handlers import Handler, Kind
from objstore.comparison.tensors.elements import Elements, of_safetensors
from objstore.comparison.tensors.pair import Plain, Stretch, Tensor, TensorFile, TensorPair
from objstore.comparison.unreadable import cut, shown, unreadable

_LENGTH = 8
_MOST_HEADER = 100_000_000  # as in the library
_BITS = {
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    **dict.fromkeys(["BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"], 8),
    **dict.fromkeys(["I16", "U16", "F16", "BF16"], 16),
    **dict.fromkeys(["I32", "U32", "F32"], 32),
    **dict.fromkeys(["I64", "U64", "F64", "C64"], 64),
}
_METADATA = "__metadata__"


def read(content: Content) -> TensorFile:
    """What a file has. Reads the header alone. UnreadableFileError for one that the library wouldn't take."""
    start, header = _header(content)
    metadata = header.pop(_METADATA, None)
    if metadata is None:
        metadata = {}
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise unreadable(content, f"its {_METADATA} doesn't consist of texts")
    tensors = {name: _tensor(content, start, name, known) for name, known in header.items()}
    _check_places(content, start, tensors)
    return TensorFile(tensors, metadata)


def _header(content: Content) -> tuple[int, dict[str, Any]]:
    """Where the elements begin, and what the header says."""
    start = content.read(0, _LENGTH)
    length = int.from_bytes(start, "little")
    if len(start) < _LENGTH or length > min(_MOST_HEADER, content.size - _LENGTH):
        raise unreadable(content, "it doesn't begin with the length of a header that is in it, and so is no file of safetensors")
    data = content.read(_LENGTH, _LENGTH + length)
    try:
        if not data.startswith(b"{"):
            raise ValueError("no object")
        header = json.loads(data.decode(), object_pairs_hook=_object, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise unreadable(content, f"its header isn't JSON as safetensors have it: {cut(error)}") from error
    return _LENGTH + length, header


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name is there twice")
    return made


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} isn't JSON")


def _tensor(content: Content, start: int, name: str, known: Any) -> Tensor:
    where = f"its tensor {shown(name)}"
    if not isinstance(known, dict) or not {"dtype", "shape", "data_offsets"} <= known.keys():
        raise unreadable(content, f"{where} is without dtype, shape or data_offsets")
    dtype, shape, offsets = known["dtype"], known["shape"], known["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _BITS:
        raise unreadable(content, f"{where} has the dtype {shown(dtype)}, which this version of objstore doesn't know")
    if not _are_counts(shape) or not _are_counts(offsets) or len(offsets) != 2:
        raise unreadable(content, f"{where} has the shape {shown(shape)} and the data_offsets {shown(offsets)}")
    begin, end = offsets
    if begin > end or end > content.size - start:
        raise unreadable(content, f"{where} would take the bytes from {begin:,} to {end:,} of {content.size - start:,} that there are")
    if _count(shape) * _BITS[dtype] != (end - begin) * 8:
        raise unreadable(content, f"{where} has {end - begin:,} bytes, which isn't what {dtype} and the shape {shown(shape)} take")
    elements = Elements(0, shared=True) if _BITS[dtype] < 8 else of_safetensors(dtype)
    return Tensor(dtype, tuple(shape), elements, Plain(Stretch(content, start + begin, end - begin)))


def _count(shape: list[int]) -> int:
    """How many elements there are; where that is beyond 64 bits, something beyond them."""
    count = 1
    for length in shape:
        count *= length
        if count >= 2**64:  # as in the library; the product of millions of lengths would take hours
            break
    return count


def _are_counts(value: Any) -> bool:
    return isinstance(value, list) and all(type(each) is int and 0 <= each < 2**64 for each in value)


def _check_places(content: Content, start: int, tensors: Mapping[str, Tensor]) -> None:
    """No two tensors overlap, and there is nothing between or after them."""
    at = start
    for name, tensor in sorted(tensors.items(), key=lambda item: item[1].source.stretch[1:]):
        _, begin, length = tensor.source.stretch
        if begin != at:
            problem = "overlaps another" if begin < at else "comes after bytes that belong to none"
            raise unreadable(content, f"its tensor {shown(name)} {problem}")
        at = begin + length
    if at != content.size:
        raise unreadable(content, f"{content.size - at:,} bytes at its end belong to no tensor")


def pair(old: Content, new: Content) -> TensorPair:
    return TensorPair(read(old), read(new))


HANDLER = Handler("safetensors", Kind.TENSORS, (".safetensors",), pair)
