"""Metadata: the JSON object that a user attaches to a version, a run's config, its summary."""

import json
import math
from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any

from objstore.errors import InvalidInputError, InvalidTypeError

MAX_KEYS = 100
MAX_DEPTH = 100
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**64 - 1

Json = Any
"""None, bool, int, float, str, or a list or dict (with str keys) of them."""
Other = Callable[[object, str], Any]
"""What becomes of a value that JSON can't hold, and that is somewhere."""


def check_metadata(metadata: object) -> dict[str, Json]:
    """A deep copy of what a caller gave, as a JSON object, its keys ascending.

    Tuples, sets, arrays (whatever has `tolist`) become lists, their scalars (`item`) plain numbers, NaN null; keys that
    are numbers, booleans or None become strings as in `json.dumps`. Lists and dicts that contain themselves, infinities,
    integers beyond 64 bits, more than 100 keys at the top, and more than 100 levels are InvalidInputError; values of
    other types are InvalidTypeError.
    """
    if not isinstance(metadata, Mapping):
        raise InvalidTypeError(f"metadata is a JSON object, so give a dict, not {type(metadata).__name__}")
    if len(metadata) > MAX_KEYS:
        raise InvalidInputError(f"metadata has {len(metadata)} keys at the top; at most {MAX_KEYS} are allowed (nested ones don't count)")
    return check_values(metadata, "metadata")


def check_values(values: Mapping[Any, Any], what: str, other: Other | None = None) -> dict[str, Json]:
    """The same for a mapping with any number of keys, which errors call `what`; `other` makes something of what JSON can't hold."""
    normal: dict[str, Json] = _normal(values, what, set(), other or _refused)
    return normal


def spelt(value: object, where: str) -> Json:
    """As text: a path, a date, an infinity, … NaN is null."""
    if isinstance(value, float):
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    written = value.isoformat() if isinstance(value, date | time) else str(value)
    return _text(written, where)


def kept(value: object, _where: str) -> object:
    """As it is."""
    return value


def _refused(value: object, where: str) -> Json:
    if isinstance(value, float):
        if math.isnan(value):
            return None
        raise InvalidInputError(f"{where} is infinite, which JSON can't hold")
    if isinstance(value, int):
        raise InvalidInputError(f"{where} is an integer beyond 64 bits; store it as a string")
    raise InvalidTypeError(f"{where} is {type(value).__name__}, which JSON can't hold; convert it to numbers, strings, lists or dicts")


def canonical(value: Json) -> Json:
    """The same JSON value with ascending keys everywhere; InvalidInputError for what a log record can't hold."""
    return _canonical(value, 0)


def _canonical(value: Json, depth: int) -> Json:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int:
        return _integer(value, "a value")
    if kind is float:
        if not math.isfinite(value):
            raise InvalidInputError(f"JSON has no {value}")
        return value
    if depth == MAX_DEPTH:
        raise InvalidInputError(f"JSON nested deeper than {MAX_DEPTH} levels")
    if kind is dict:
        if not all(type(key) is str for key in value):
            raise InvalidTypeError("the keys of a JSON object are strings")
        return {key: _canonical(value[key], depth + 1) for key in sorted(value)}
    if kind is list:
        return [_canonical(item, depth + 1) for item in value]
    raise InvalidTypeError(f"{kind.__name__} is not a JSON type")


def _normal(value: Any, where: str, above: set[int], other: Other) -> Json:
    """`above` holds the ids of the containers that `value` lies in: one met again contains itself."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(str.__str__(value), where)
    if isinstance(value, int):
        return int(value) if MIN_INTEGER <= value <= MAX_INTEGER else other(value, where)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else other(value, where)
    if id(value) in above:
        raise InvalidInputError(f"{where} contains itself")
    if len(above) == MAX_DEPTH:
        raise InvalidInputError(f"{where[:80]}… is nested deeper than {MAX_DEPTH} levels")
    above.add(id(value))
    try:
        return _container(value, where, above, other)
    finally:
        above.discard(id(value))


def _container(value: Any, where: str, above: set[int], other: Other) -> Json:
    if isinstance(value, Mapping):
        result: dict[str, Json] = {}
        for key, item in value.items():
            name = _key(key, where)
            if name in result:
                raise InvalidInputError(f"{where} has two keys that JSON writes {name!r}")
            result[name] = _normal(item, f"{where}[{name!r}]", above, other)
        return dict(sorted(result.items()))
    if isinstance(value, list | tuple):
        return [_normal(item, f"{where}[{at}]", above, other) for at, item in enumerate(value)]
    if isinstance(value, set | frozenset):
        # Sets have no order of their own; equal sets must give equal metadata.
        return sorted((_normal(item, where, above, other) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    for method in ("tolist", "item"):
        convert = getattr(value, method, None)
        if callable(convert) and not isinstance(value, type):
            plain = convert()
            if type(plain) is not type(value):
                return _normal(plain, where, above, other)
    return other(value, where)


def _key(key: Any, where: str) -> str:
    if not isinstance(key, str | int | float) and key is not None and callable(getattr(key, "item", None)):
        key = key.item()
    if isinstance(key, str):
        return _text(str.__str__(key), where)
    if key is None or isinstance(key, bool):
        return json.dumps(key)
    if isinstance(key, int):
        return str(int(key))
    if isinstance(key, float) and math.isfinite(key):
        return repr(float(key))
    raise InvalidTypeError(f"{where} has the key {key!r}; JSON keys are strings")


def _integer(value: int, where: str) -> int:
    if MIN_INTEGER <= value <= MAX_INTEGER:
        return value
    raise InvalidInputError(f"{where} is an integer beyond 64 bits; store it as a string")


def _text(value: str, where: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidInputError(f"{where} has text that is not valid Unicode: {value!r}") from None
    return value
