"""From the Python values of a column to Arrow."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from objstore.errors import InvalidTypeError
from objstore.host import library
from objstore.sdk.tables.values import (
    FIX,
    NESTED,
    NUMBERS,
    UnfitError,
    first_bad,
    is_nan,
    kind,
    nanoseconds,
    plain,
    same,
    without_nan,
)

_CONVERSION = (ValueError, TypeError, OverflowError, NotImplementedError, RecursionError)

_TO_ONE_KIND = {
    frozenset({"date", "datetime"}): "make the dates datetimes",
    frozenset({"datetime", "datetime with a time zone"}): "give all of them a time zone, or none",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column, ready to be stored."""

    array: Any
    is_json: bool = False


@dataclass(frozen=True, slots=True)
class Hint:
    """How a column was stored that is stored again."""

    type: Any
    is_json: bool


def column(name: str, values: Sequence[Any], *, mixed: bool, hint: Hint | None = None) -> Column:
    """The values in Arrow, each one equal to what was given: whole numbers beside others become floats, and nothing else changes.

    Lists and dicts that Arrow would change (dicts with different keys, lists of different things) are kept as JSON. So is, if `mixed`, a
    column of values of different kinds, or of numbers too large for Arrow. NaN is a number among numbers, and None elsewhere.
    InvalidTypeError, which names column and row, for what can't be kept.
    """
    cells = [_plain(name, row, value) for row, value in enumerate(values)]
    kinds = _kinds(name, cells)
    if hint is not None and hint.is_json:
        return _as_json(name, cells)
    if not kinds.keys() <= NUMBERS:
        cells = [None if is_nan(cell) else cell for cell in cells]
        if len(kinds) > 1:
            if mixed:
                return _as_json(name, cells)
            raise _mixed(name, kinds, cells)
    if kinds.keys() & NESTED:
        array = _nested(cells, hint)
        return Column(array) if array is not None else _as_json(name, cells)
    try:
        return Column(_as_before(_array(name, cells), hint))
    except InvalidTypeError:
        if mixed:
            return _as_json(name, cells)
        raise


def _kinds(name: str, cells: list[Any]) -> dict[str, int]:
    """Each kind of value in the column, with its first row."""
    kinds: dict[str, int] = {}
    for row, cell in enumerate(cells):
        if cell is not None and not is_nan(cell):
            try:
                kinds.setdefault(kind(cell), row)
            except UnfitError as error:
                raise InvalidTypeError(f"column {name!r}, row {row}: {error}") from None
    return kinds


def _plain(name: str, row: int, value: Any) -> Any:
    try:
        return plain(value)
    except UnfitError as error:
        raise InvalidTypeError(f"column {name!r}, row {row}: {error}") from None
    except RecursionError:
        raise InvalidTypeError(f"column {name!r}, row {row}: lists in lists, too deep or without end; {FIX}") from None


def _array(name: str, cells: list[Any]) -> Any:
    pyarrow = library.pyarrow()
    if not any(cell is not None for cell in cells):
        return pyarrow.nulls(len(cells))
    try:
        return _inferred(cells)
    except _CONVERSION as error:
        row = first_bad(cells, _inferred, _CONVERSION)
        if any(isinstance(cell, int) and not -(2**63) <= cell < 2**63 for cell in cells[: row + 1]):
            raise InvalidTypeError(
                f"column {name!r}, row {row}: {_shown(cells[row])} doesn't fit; whole numbers are all from -2^63 to 2^63-1, or all from 0 "
                "to 2^64-1 (up to 2^53 beside fractions); make the column text, or keep it as JSON with Table(…, allow_mixed_types=True)"
            ) from error
        raise InvalidTypeError(
            f"column {name!r}, row {row}: {_shown(cells[row])} can't be kept beside the values before it ({error}); change it, or make the "
            "column text"
        ) from error


def _inferred(cells: list[Any]) -> Any:
    """As Arrow takes them, but with all digits of large numbers and of pandas' times, which it would refuse and cut."""
    pyarrow = library.pyarrow()
    try:
        array = pyarrow.array(cells)
    except OverflowError as error:
        try:
            return pyarrow.array(cells, pyarrow.uint64())
        except _CONVERSION:
            raise error from None
    if pyarrow.types.is_temporal(array.type) and any(map(nanoseconds, cells)):
        fine = pyarrow.duration("ns") if pyarrow.types.is_duration(array.type) else pyarrow.timestamp("ns", array.type.tz)
        return pyarrow.array(cells, fine)
    return array


def _nested(cells: list[Any], hint: Hint | None) -> Any:
    """Arrow's lists or structs, as they were before if they can be; None where they aren't what was given."""
    for type_ in (None,) if hint is None else (hint.type, None):
        try:
            array = library.pyarrow().array(cells, type_)
            if not _has_empty_struct(array.type) and same(cells, array.to_pylist()):
                return array
        except _CONVERSION:
            pass
    return None


def _has_empty_struct(type_: Any) -> bool:
    """Parquet has no struct without fields."""
    types = library.pyarrow().types
    if types.is_list(type_):
        return _has_empty_struct(type_.value_type)
    return types.is_struct(type_) and (not type_.num_fields or any(_has_empty_struct(field.type) for field in type_))


def _as_before(array: Any, hint: Hint | None) -> Any:
    """The array in the type it had, if it loses nothing by that."""
    if hint is None or array.type == hint.type:
        return array
    try:
        before = array.cast(hint.type)
        return before if same(array.to_pylist(), before.cast(array.type).to_pylist()) else array
    except _CONVERSION:
        return array


def _as_json(name: str, cells: list[Any]) -> Column:
    texts = [None if cell is None else _text(name, row, without_nan(cell)) for row, cell in enumerate(cells)]
    return Column(library.pyarrow().array(texts, "string"), is_json=True)


def _text(name: str, row: int, value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidTypeError(
            f"column {name!r}, row {row}: {_shown(value)} can't be kept as JSON ({error}), and the column's values are too different to be "
            "kept otherwise; make them of one kind"
        ) from None
    return text


def _mixed(name: str, kinds: dict[str, int], cells: list[Any]) -> InvalidTypeError:
    fix = _TO_ONE_KIND.get(frozenset(kinds), "make them of one kind")
    with suppress(InvalidTypeError):
        _as_json(name, cells)
        fix += ", or keep them as JSON with Table(…, allow_mixed_types=True)"
    (first, at), (other, row) = sorted(kinds.items(), key=lambda item: item[1])[:2]
    return InvalidTypeError(f"column {name!r}, row {row}: {other} in a column that has {first} in row {at}; {fix}")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
