"""How the elements of a tensor are written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from objstore.comparison.tensors.smallfloats import SMALL_FLOATS, values
from objstore.host import library


@dataclass(frozen=True, slots=True)
class Elements:
    """Each takes `width` bytes; `numbers` makes those of many to a NumPy array. None for what isn't a number: text, times, records."""

    width: int
    numbers: Callable[[bytes], Any] | None = None
    logical: bool = False
    """Whether they are no numbers but true or false; `numbers` then gives booleans."""
    shared: bool = False
    """Whether several share a byte; `width` says nothing then."""


def of_numpy(dtype: Any) -> Elements:
    """Those of an array of NumPy's; of types with Python objects there are none in bytes, so nobody may ask."""
    width = int(dtype.itemsize)
    if dtype.kind == "b":
        return Elements(width, _booleans, logical=True)
    if dtype.kind in "iufc":
        return Elements(width, lambda data: library.numpy().frombuffer(data, dtype))
    return Elements(width)


def of_safetensors(name: str) -> Elements:
    """Those of a type of safetensors that takes whole bytes. KeyError for another."""
    if name in SMALL_FLOATS:
        return Elements(1, lambda data: values(name)[library.numpy().frombuffer(data, "u1")])
    if name == "BF16":
        return Elements(2, _brain_floats)
    if name == "BOOL":
        return Elements(1, _booleans, logical=True)
    code = _IN_NUMPY[name]
    return Elements(int(code[1:]), lambda data: library.numpy().frombuffer(data, f"<{code}"))


_IN_NUMPY = {
    "F64": "f8",
    "F32": "f4",
    "F16": "f2",
    "C64": "c8",
    "I64": "i8",
    "I32": "i4",
    "I16": "i2",
    "I8": "i1",
    "U64": "u8",
    "U32": "u4",
    "U16": "u2",
    "U8": "u1",
}


def _booleans(data: bytes) -> Any:
    return library.numpy().frombuffer(data, "u1") != 0


def _brain_floats(data: bytes) -> Any:
    """The upper halves of 32-bit numbers, which NumPy has no type for."""
    return (library.numpy().frombuffer(data, "<u2").astype("u4") << 16).view("f4")
