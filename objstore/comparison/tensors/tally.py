"""Adding up how far the elements of two tensors are apart."""

import math
from typing import Any

from objstore.comparison.tensors.figures import Figures
from objstore.comparison.tensors.sums import Sum
from objstore.host import library

# Arrays of so few stay in a processor's own cache, and their sums in one thread: several that wait for each other on a busy machine can
# take ten times as long.
_PIECE = 8192
_EXACT = 53  # bits of an integer that a float64 holds
_SAFE_ABOVE, _SAFE_BELOW = 2.0**-300, 2.0**450  # squares of these, and sums of millions of them, are far from a float's ends


class Tally:
    """Adds up blocks of elements. Memory: some times that of a block."""

    def __init__(self) -> None:
        self._elements = self._changed = self._finite = self._old_non_finite = self._new_non_finite = 0
        self._largest = 0.0
        self._distance = self._difference = self._old = self._new = self._product = Sum()

    def add_opaque(self, old: bytes, new: bytes, width: int) -> None:
        """Elements that are compared by their bytes."""
        np = library.numpy()
        before, after = (np.frombuffer(data, "u1").reshape(-1, width) for data in (old, new))
        self._elements += len(before)
        self._changed += 0 if old == new else int((before != after).any(axis=1).sum())

    def add_logical(self, old: Any, new: Any) -> None:
        self._elements += len(old)
        self._changed += int((old != new).sum())

    def add_numbers(self, old: Any, new: Any) -> None:
        """As many of each, in any types of numbers."""
        with library.numpy().errstate(all="ignore"):  # NaN and infinities are expected
            for start in range(0, len(old), _PIECE):
                self._add_piece(old[start : start + _PIECE], new[start : start + _PIECE])

    def _add_piece(self, old: Any, new: Any) -> None:
        np = library.numpy()
        self._elements += len(old)
        self._changed += int(np.count_nonzero(_unequal(np, old, new)))
        wide = np.complex128 if "c" in (old.dtype.kind, new.dtype.kind) else np.float64
        before, after = old.astype(wide), new.astype(wide)
        if not (_surely_finite(before.view(np.float64)) and _surely_finite(after.view(np.float64))):
            old_finite, new_finite = np.isfinite(before), np.isfinite(after)
            self._old_non_finite += len(old) - int(np.count_nonzero(old_finite))
            self._new_non_finite += len(new) - int(np.count_nonzero(new_finite))
            both = old_finite & new_finite
            before, after = before[both], after[both]
        if len(before):
            ranged = any(map(_is_far_ranged, (old.dtype, new.dtype)))
            self._add_finite(np, before.view(np.float64), after.view(np.float64), wide, ranged, _exact_differences(np, old, new))

    def _add_finite(self, np: Any, old: Any, new: Any, wide: Any, ranged: bool, apart: Any) -> None:
        """Floats; of complex numbers both parts. `ranged`: they can be so large or small that their squares are none."""
        shrunk = 2 if ranged and max(_largest(old), _largest(new)) >= 2.0**1022 else 0  # bits, lest a difference be infinite
        difference = new / 4 - old / 4 if shrunk else new - old
        if apart is None:
            apart = np.abs(difference.view(wide))
        self._finite += len(apart)
        self._largest = max(self._largest, float(apart.max()) * 2**shrunk)
        scaled, exponent = _scaled(np, apart, ranged)
        self._distance = self._distance.plus(float(scaled.sum()), exponent + shrunk)
        scaled, exponent = _scaled(np, difference, ranged)
        self._difference = self._difference.plus(float(scaled @ scaled), 2 * (exponent + shrunk))
        (old, old_exponent), (new, new_exponent) = _scaled(np, old, ranged), _scaled(np, new, ranged)
        self._old = self._old.plus(float(old @ old), 2 * old_exponent)
        self._new = self._new.plus(float(new @ new), 2 * new_exponent)
        self._product = self._product.plus(float(old @ new), old_exponent + new_exponent)

    def figures(self) -> Figures:
        if not self._finite:
            return Figures(self._elements, self._changed, None, None, None, None, self._old_non_finite, self._new_non_finite)
        cosine = self._product.over(self._old.root().times(self._new.root()))
        return Figures(
            self._elements,
            self._changed,
            self._largest if math.isfinite(self._largest) else None,
            self._distance.over(Sum(float(self._finite))),
            self._difference.root().over(self._old.root()),
            None if cosine is None else max(-1.0, min(1.0, cosine)),
            self._old_non_finite,
            self._new_non_finite,
        )


def _unequal(np: Any, old: Any, new: Any) -> Any:
    if "c" in (old.dtype.kind, new.dtype.kind):
        return _unequal(np, old.real, new.real) | _unequal(np, old.imag, new.imag)
    unequal = old != new
    if "f" in (old.dtype.kind, new.dtype.kind) and unequal.any():
        unequal &= ~(np.isnan(old) & np.isnan(new))
    return unequal


def _exact_differences(np: Any, old: Any, new: Any) -> Any:
    """|new − old| of integers that are wider than a float64 is exact, rounded only once; None for others."""
    if old.dtype.kind not in "iu" or old.dtype != new.dtype or old.dtype.itemsize * 8 <= _EXACT:
        return None
    # The subtraction wraps round, and so is right: what comes out is never negative, and below two to the power of 64.
    return (np.maximum(old, new).astype("u8") - np.minimum(old, new).astype("u8")).astype("f8")


def _surely_finite(numbers: Any) -> bool:
    """Whether all are finite; can be False for very large ones that are."""
    return math.isfinite(float(numbers @ numbers))


def _is_far_ranged(dtype: Any) -> bool:
    """Whether its numbers can be beyond 2⁴⁵⁰, or below 2⁻³⁰⁰ and not 0; those of up to 32 bits, and integers, aren't."""
    return bool((dtype.kind == "f" and dtype.itemsize > 4) or (dtype.kind == "c" and dtype.itemsize > 8))


def _scaled(np: Any, numbers: Any, ranged: bool) -> tuple[Any, int]:
    """The numbers times a power of two that makes their squares safe, and the exponent of what they are to be multiplied by."""
    largest = _largest(numbers) if ranged else 0
    if largest == 0 or _SAFE_ABOVE < largest < _SAFE_BELOW:
        return numbers, 0
    exponent = math.frexp(largest)[1]
    return np.ldexp(numbers, -exponent), exponent


def _largest(numbers: Any) -> float:
    return max(float(numbers.max()), -float(numbers.min()))
