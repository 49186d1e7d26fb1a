"""Cells that are JSON values, as text that is equal when the values are."""

import re
from typing import Any

import msgspec

from objstore.host import library

ABSENT = msgspec.Raw(b"")
"""For a cell that isn't there; in the array a null."""

_ENCODER = msgspec.json.Encoder(order="deterministic")
# Floats with an integral value are written as the integers are that they equal; from 1e21 on, where nobody writes those, they stay.
_INTEGRAL = re.compile(rb'"(?:[^"\\]|\\.)*"|(?<![\d.e+-])(?:(-?\d+)\.0(?![\de])|-?\d(?:\.\d+)?e(?:1[6-9]|20)(?!\d))')
_NESTED = (b".0,", b".0]", b".0}")
_LARGE = (b"e1", b"e2")


def texts(values: list[Any], classes: set[type]) -> Any:
    """An array of the JSON of these values, as msgspec decodes them: without blanks, the keys of objects sorted.

    A number with a fraction or an exponent is taken in double precision, others exactly; so 1, 1.0 and 1e0 are the same text. `null` is
    the text `null`, `ABSENT` a null. `classes`: those of the values.
    """
    numpy, arrow = library.numpy(), library.pyarrow()
    lines = _ENCODER.encode_lines(values)
    if classes & {float, list, dict}:
        lines = _settled(lines, nested=bool(classes & {list, dict}))
    breaks = numpy.flatnonzero(numpy.frombuffer(lines, numpy.uint8) == 0x0A)  # in JSON itself there are none
    offsets = numpy.zeros(2 * len(values) + 1, numpy.int32)
    offsets[1::2], offsets[2::2] = breaks, breaks + 1
    pieces = arrow.StringArray.from_buffers(len(offsets) - 1, arrow.py_buffer(offsets), arrow.py_buffer(lines))
    kept = numpy.arange(0, len(offsets) - 1, 2)  # every other piece is a break
    absent = numpy.diff(offsets)[::2] == 0 if msgspec.Raw in classes else None
    return pieces.take(arrow.array(kept, mask=absent))


def _settled(lines: bytes, *, nested: bool) -> bytes:
    """Lines of JSON with integral floats written as integers."""
    lines = lines.replace(b"-0.0\n", b"0\n").replace(b".0\n", b"\n")
    if any(mark in lines for mark in (_NESTED + _LARGE if nested else _LARGE)):
        lines = _INTEGRAL.sub(_integer, lines)
    return lines


def _integer(found: re.Match[bytes]) -> bytes:
    text = found.group()
    if text.startswith(b'"'):
        return text
    integer = found.group(1) or b"%d" % int(float(text))
    return b"0" if integer == b"-0" else integer
