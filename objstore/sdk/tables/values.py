"""Python values as a table's cells: plain, and of which kind."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from objstore.host import library

NUMBERS = frozenset({"int", "float"})
NESTED = frozenset({"list", "dict"})
FIX = "use numbers, text, bytes, dates and times, or lists and dicts of these"

_KINDS: dict[type, str] = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    bytes: "bytes",
    date: "date",
    time: "time",
    timedelta: "timedelta",
    Decimal: "Decimal",
    list: "list",
    dict: "dict",
}
_AS_THEY_ARE = frozenset(_KINDS) - {list, dict, time}
_SUBCLASSES: tuple[tuple[type, str], ...] = ((datetime, "datetime"), *_KINDS.items())


class UnfitError(Exception):
    """A value that no table can keep."""

    def __init__(self, what: str, fix: str = FIX) -> None:
        super().__init__(f"{what} can't be kept in a table; {fix}")


def plain(value: Any) -> Any:
    """A cell without NumPy's and pandas' types, and with lists for tuples, at any depth; None for pandas' NA and NaT. UnfitError.

    Of pandas' types those values stay that have nanoseconds, which Python's haven't.
    """
    if value is None or type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise UnfitError("a dict whose keys aren't all str")
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, time):
        if value.tzinfo is not None:
            raise UnfitError("a time of day with a time zone", "take the zone off, or make it a datetime")
        return value
    if isinstance(value, (datetime, timedelta)) and type(value).__name__ in ("Timestamp", "Timedelta"):
        return _of_pandas(value)
    numpy = library.loaded("numpy")
    if numpy is not None and isinstance(value, (numpy.generic, numpy.ndarray)):
        return _of_numpy(numpy, value)
    return value


def kind(value: Any) -> str:
    """What a plain value is, in a word; values of different kinds make a column mixed. UnfitError for what no table can keep."""
    found = _KINDS.get(type(value))
    if found is not None:
        return found
    if type(value).__name__ in ("datetime64", "timedelta64"):
        return type(value).__name__.removesuffix("64")
    for known, name in _SUBCLASSES:
        if isinstance(value, known):
            return "datetime with a time zone" if isinstance(value, datetime) and value.tzinfo is not None else name
    raise UnfitError(f"a {type(value).__name__}")


def nanoseconds(value: Any) -> int:
    """Those of a plain value that are less than a microsecond."""
    found: int = getattr(value, "nanosecond", 0) or getattr(value, "nanoseconds", 0)
    return found


def is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value


def without_nan(value: Any) -> Any:
    """A plain value with None for each NaN in it."""
    if isinstance(value, list):
        return [without_nan(item) for item in value]
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    return None if is_nan(value) else value


def same(a: Any, b: Any) -> bool:
    """Whether two plain values are equal; NaN is equal to NaN."""
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return bool(a == b) or (is_nan(a) and is_nan(b))


def first_bad(values: list[Any], convert: Callable[[list[Any]], object], errors: tuple[type[Exception], ...]) -> int:
    """The first row that `convert`, which fails for all, fails for; log(n) tries."""
    good, bad = 0, len(values)
    while bad - good > 1:
        middle = (good + bad) // 2
        try:
            convert(values[:middle])
        except errors:
            bad = middle
        else:
            good = middle
    return bad - 1


def _of_pandas(value: Any) -> Any:
    if nanoseconds(value):
        return value
    try:
        return value.to_pydatetime() if hasattr(value, "to_pydatetime") else value.to_pytimedelta()
    except (ValueError, OverflowError):
        raise UnfitError(f"a {type(value).__name__} that is none of Python's", "keep it as text or a number") from None


def _of_numpy(numpy: Any, value: Any) -> Any:
    if isinstance(value, numpy.ndarray):
        return [plain(item) for item in value] if value.ndim else plain(value[()])
    if isinstance(value, (numpy.datetime64, numpy.timedelta64)):
        return None if numpy.isnat(value) else value  # item() would make a number of nanoseconds
    return plain(value.item())
