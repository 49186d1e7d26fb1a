"""Sums of squares that neither overflow nor vanish."""

import math
from typing import NamedTuple


class Sum(NamedTuple):
    """A number beyond what a float can hold: `value` times two to the power of `exponent`."""

    value: float = 0.0
    exponent: int = 0

    def plus(self, value: float, exponent: int = 0) -> "Sum":
        if not value:
            return self
        if not self.value:
            return Sum(value, exponent)
        highest = max(self.exponent, exponent)
        return Sum(math.ldexp(self.value, self.exponent - highest) + math.ldexp(value, exponent - highest), highest)

    def root(self) -> "Sum":
        fraction, exponent = math.frexp(self.value)  # so that doubling it can't overflow
        odd = (self.exponent + exponent) % 2
        return Sum(math.sqrt(math.ldexp(fraction, odd)), (self.exponent + exponent - odd) // 2)

    def times(self, other: "Sum") -> "Sum":
        (first, first_exponent), (second, second_exponent) = math.frexp(self.value), math.frexp(other.value)
        return Sum(first * second, self.exponent + first_exponent + other.exponent + second_exponent)

    def over(self, other: "Sum") -> float | None:
        """The quotient; None where it is undefined or no float can hold it."""
        if not other.value:
            return None
        (first, first_exponent), (second, second_exponent) = math.frexp(self.value), math.frexp(other.value)
        try:
            return math.ldexp(first / second, self.exponent + first_exponent - other.exponent - second_exponent)
        except OverflowError:
            return None
