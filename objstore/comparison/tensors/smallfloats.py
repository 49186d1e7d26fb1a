"""Floating-point numbers of a byte, as models have them, decoded by a table of all 256.

NumPy has no such types. Their names are those of safetensors; the definitions are OCP's "8-bit Floating Point Specification" (OFP8) and
"Microscaling Formats" (E8M0), and for FNUZ (finite, no negative zero) Noune et al., "8-bit Numerical Formats for Deep Neural Networks".
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

from objstore.host import library

SMALL_FLOATS: dict[str, Callable[[int], float]] = {
    "F8_E5M2": lambda code: _special(code) if code & 0x7C == 0x7C else _finite(code, 2, 15),
    "F8_E4M3": lambda code: math.nan if code & 0x7F == 0x7F else _finite(code, 3, 7),
    "F8_E5M2FNUZ": lambda code: math.nan if code == 0x80 else _finite(code, 2, 16),
    "F8_E4M3FNUZ": lambda code: math.nan if code == 0x80 else _finite(code, 3, 8),
    "F8_E8M0": lambda code: math.nan if code == 0xFF else math.ldexp(1, code - 127),
}
"""What each byte means."""


@cache
def values(name: str) -> Any:
    """The 256 numbers, as an array of 32-bit ones, which hold them exactly."""
    return library.numpy().array([SMALL_FLOATS[name](code) for code in range(256)], "f4")


def _finite(code: int, fraction_bits: int, bias: int) -> float:
    exponent, fraction = (code & 0x7F) >> fraction_bits, code & ((1 << fraction_bits) - 1)
    whole = fraction if exponent == 0 else fraction + (1 << fraction_bits)
    magnitude = math.ldexp(whole, max(exponent, 1) - bias - fraction_bits)
    return -magnitude if code & 0x80 else magnitude


def _special(code: int) -> float:
    return math.nan if code & 3 else math.copysign(math.inf, 0x80 - code - 0.5)
