"""Values of cells as Python has them, and as JSON can."""

import math
from datetime import date, datetime, time, timedelta
from typing import Any

from objstore.host import library


def python_values(array: Any) -> list[Any]:
    """The values of a column. Times that Python can't hold (a year 20,000; nanoseconds without pandas) are text, as PyArrow writes them."""
    pyarrow = library.pyarrow()
    try:
        values = array.to_pylist()
    except (ValueError, OverflowError, pyarrow.ArrowException):
        try:
            return array.cast(pyarrow.string()).to_pylist()  # type: ignore[no-any-return]
        except pyarrow.ArrowException:
            return [_shown(value) for value in array]
    return values  # type: ignore[no-any-return]


def json_value(value: Any) -> Any:
    """A value for JSON: times in ISO form (durations `P1DT2.5S`), bytes as hex digits; decimals, `NaN` and infinities as text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case bytes():
            return value.hex()
        case timedelta():
            isoformat = getattr(value, "isoformat", None)  # pandas' has nanoseconds
            return isoformat() if isoformat else _duration(value)
        case datetime() | date() | time():
            return value.isoformat()
        case dict():
            return {str(key): json_value(each) for key, each in value.items()}
        case list() | tuple():
            return [json_value(each) for each in value]
    return str(value)


def _shown(value: Any) -> Any:
    try:
        return value.as_py()
    except (ValueError, OverflowError):
        return str(value)


def _duration(value: timedelta) -> str:
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    seconds = f"{value.seconds}.{value.microseconds:06}".rstrip("0").rstrip(".")
    return f"{sign}P{value.days}DT{seconds}S"
