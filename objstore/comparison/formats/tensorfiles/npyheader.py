"""What a .npy file says of its array.

Format: `numpy.lib.format`, versions 1.0, 2.0 and 3.0. NumPy's own reader warns, and has no public function for version 3.0; so the
text is parsed here, and NumPy makes the type of it.
"""

import ast
import re
from dataclasses import dataclass
from math import prod
from typing import Any

from objstore.comparison.content import Content
from objstore.comparison.tensors.pair import Reader
from objstore.comparison.unreadable import cut, shown, unreadable
from objstore.errors import ObjstoreError
from objstore.host import library

MAGIC = b"\x93NUMPY"
# NumPy itself doesn't read longer ones than 10,000 bytes without being asked to.
_MOST = 64 * 1024

_KEYS = {"descr", "fortran_order", "shape"}
_MOST_DIMENSIONS = 64  # NumPy's own limit
# Python 2 wrote some lengths as 3L.
_LONG = re.compile(r"(?<=[(, ]\d)L\b|(?<=\d\d)L\b")


@dataclass(frozen=True, slots=True)
class ArrayHeader:
    """Where the elements begin, counted from the magic, and what they are."""

    length: int
    dtype: Any
    shape: tuple[int, ...]
    fortran: bool

    def check_length(self, content: Content, where: str, size: int) -> None:
        """UnreadableFileError unless the elements take just what is left of `size` bytes after the header."""
        left = size - self.length
        if prod(self.shape) * int(self.dtype.itemsize) != left:
            taken = f"{cut(self.dtype)} and the shape {shown(self.shape)}"
            raise unreadable(content, f"{where} has {left:,} bytes after its header, which isn't what {taken} take")


def parse(reader: Reader, content: Content, where: str) -> ArrayHeader:
    """From where the magic begins; reads no further than it goes.

    UnreadableFileError, with `where` in front, for what isn't a header, and for arrays of Python objects: those are pickled, and never
    loaded.
    """
    try:
        length, text = _text(reader)
        known = _literal(text)
        if not isinstance(known, dict) or known.keys() != _KEYS:
            raise ValueError("it doesn't have just " + ", ".join(sorted(_KEYS)))
        shape, fortran = known["shape"], known["fortran_order"]
        if not isinstance(shape, tuple) or len(shape) > _MOST_DIMENSIONS or not all(map(_is_length, shape)):
            raise ValueError(f"its shape is {shown(shape)}")
        if not isinstance(fortran, bool):
            raise ValueError(f"its fortran_order is {shown(fortran)}")
        dtype = library.numpy().lib.format.descr_to_dtype(known["descr"])
    except ObjstoreError:  # of reading, not of what was read
        raise
    except Exception as error:  # Python's parser and NumPy raise nearly anything for what is damaged
        raise unreadable(content, f"{where} has no valid header of a NumPy array ({cut(error) or type(error).__name__})") from error
    if dtype.hasobject:
        wrong = f"{where} holds Python objects as a pickle, which can run code when it is read, and so is never opened"
        raise unreadable(content, wrong, "save arrays of numbers or text, or safetensors")
    return ArrayHeader(length, dtype, shape, fortran)


def _text(reader: Reader) -> tuple[int, str]:
    """Where the header ends, and what it says."""
    magic, version = reader.read(len(MAGIC)), reader.read(2)
    if magic != MAGIC or version not in (b"\1\0", b"\2\0", b"\3\0"):
        raise ValueError("it doesn't begin as arrays of versions 1.0, 2.0 and 3.0 do")
    length = reader.read(2 if version == b"\1\0" else 4)
    size = int.from_bytes(length, "little")
    text = reader.read(size) if size <= _MOST else b""
    if len(text) < size:
        raise ValueError(f"it would take {size:,} bytes, more than there are or could be needed")
    return len(magic + version + length) + size, text.decode("utf-8" if version == b"\3\0" else "latin-1")


def _is_length(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except SyntaxError:
        return ast.literal_eval(_LONG.sub("", text))
