"""Values of cells as Python has them, and as JSON can."""

import math
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

from objstore.comparison.rows.pair import HOLDS_JSON
from objstore.errors import UnreadableFileError
from objstore.host import library

ABSENT = object()
"""For a cell of a column that its row hasn't got."""


def cells(field: Any, array: Any) -> list[Any]:
    """The values of a column: as of `python_values`; but what is kept as JSON is what the JSON says, or ABSENT."""
    values = python_values(array)
    if field.metadata != HOLDS_JSON:
        return values
    return [ABSENT if value is None else msgspec.json.decode(value) for value in values]


def python_values(array: Any) -> list[Any]:
    """The values of a column. Times that Python can't hold are text, as PyArrow writes them: those of the year 20,000, of nanoseconds
    without pandas, of a time zone that isn't known here. UnreadableFileError for such times within lists and structs.
    """
    pyarrow = library.pyarrow()
    try:
        return array.to_pylist()  # type: ignore[no-any-return]
    except (ValueError, OverflowError, KeyError, pyarrow.ArrowException) as error:  # KeyError: what pytz and zoneinfo raise
        try:
            return _as_text(pyarrow, array)
        except pyarrow.ArrowException:
            raise UnreadableFileError(f"there are values of the type {array.type} that can't be shown: {error}") from error


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


def _as_text(pyarrow: Any, array: Any) -> list[Any]:
    if not pyarrow.types.is_timestamp(array.type) or array.type.tz is None:
        return array.cast(pyarrow.string()).to_pylist()  # type: ignore[no-any-return]
    shown = array.cast(pyarrow.timestamp(array.type.unit)).cast(pyarrow.string()).to_pylist()
    return [None if value is None else f"{value}Z" for value in shown]


def _duration(value: timedelta) -> str:
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    seconds = f"{value.seconds}.{value.microseconds:06}".rstrip("0").rstrip(".")
    return f"{sign}P{value.days}DT{seconds}S"
