"""How far numbers in cells are apart."""

from typing import Any

from objstore.comparison.rows.pair import TEXT_NUMBERS
from objstore.host import library


def largest_change(old: Any, new: Any, old_type: str, new_type: str) -> float | None:
    """The largest |new − old| of two arrays of one type, where both are finite numbers; None where none are.

    Text counts as the numbers that it says, if `old_type` and `new_type`, what people call the columns, are those of numbers.
    """
    types = library.pyarrow().types
    says_numbers = types.is_string(new.type) and {old_type, new_type} <= TEXT_NUMBERS
    if not (says_numbers or types.is_integer(new.type) or types.is_floating(new.type) or types.is_decimal(new.type)):
        return None
    numpy = library.numpy()
    try:
        before, after = (_floats(array) for array in (old, new))
    except library.pyarrow().ArrowException:  # not all cells of the column have been seen when it was called so
        return None
    with numpy.errstate(all="ignore"):
        apart = numpy.abs(after - before)
    apart = apart[numpy.isfinite(apart)]
    return float(apart.max()) if len(apart) else None


def _floats(array: Any) -> Any:
    """What is no number is NaN."""
    compute, arrow = library.compute(), library.pyarrow()
    if arrow.types.is_string(array.type):
        nothing = compute.is_in(array, arrow.array(["", "null"]))  # the latter in JSON
        array = compute.if_else(nothing, arrow.scalar(None, arrow.string()), array)
    return array.cast(arrow.float64(), safe=False).to_numpy(zero_copy_only=False).astype("f8")
