"""Choosing and ordering runs by what is said of them. Pure."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from objstore.errors import InvalidInputError, InvalidTypeError
from objstore.history.runs import RunFacts

_MISSING = object()
_FIELDS: Mapping[str, Callable[[RunFacts], Any]] = {
    "id": lambda run: run.id,
    "name": lambda run: run.id,  # so W&B calls it
    "display_name": lambda run: run.name,
    "state": lambda run: run.state,
    "group": lambda run: run.group,
    "job_type": lambda run: run.job_type,
    "jobType": lambda run: run.job_type,
    "sweep": lambda run: run.sweep,
    "tags": lambda run: list(run.tags),
    "notes": lambda run: run.notes,
    "created_at": lambda run: run.created,
    "createdAt": lambda run: run.created,
}
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


class Filter:
    """Conditions in MongoDB's form: field → value or operators; `$and`, `$or`, `$not` of such. InvalidInputError, InvalidTypeError."""

    def __init__(self, conditions: Mapping[str, Any]) -> None:
        if not isinstance(conditions, Mapping):
            raise InvalidTypeError(f"conditions are a dict, not {conditions!r}")
        self._tests = [_test(field, wanted) for field, wanted in conditions.items()]

    @property
    def is_all(self) -> bool:
        """Whether every run matches."""
        return not self._tests

    def matches(self, run: RunFacts) -> bool:
        return all(test(run) for test in self._tests)


def ordering(order: str) -> Callable[[Sequence[RunFacts]], list[RunFacts]]:
    """What puts runs in the order of a field, which follows a `+` or `-`: numbers, then text, then the rest; those without it come last."""
    down, field = order.startswith("-"), order.lstrip("+-")
    value = _value_of(field)

    def ordered(runs: Sequence[RunFacts]) -> list[RunFacts]:
        found = [(_sortable(value(run)), run) for run in runs]
        ranks = ([entry for entry in found if entry[0][0] == rank] for rank in range(4))
        return [run for rank in ranks for _, run in sorted(rank, key=lambda entry: entry[0], reverse=down)]

    return ordered


def _sortable(value: Any) -> tuple[int, Any]:
    """A rank, and what is compared within it."""
    if not _is_there(value):
        return 3, None
    if value in ("Infinity", "-Infinity"):  # so the summary spells them
        return 0, float(value)
    if isinstance(value, int | float):
        return 0, value
    return (1, value) if isinstance(value, str) else (2, repr(value))


def _is_there(value: Any) -> bool:
    return value is not _MISSING and value is not None


def _test(field: str, wanted: Any) -> Callable[[RunFacts], bool]:
    if field in ("$and", "$or"):
        parts = [Filter(part) for part in _several(field, wanted)]
        chosen = all if field == "$and" else any
        return lambda run: chosen(part.matches(run) for part in parts)
    if field == "$not":
        part = Filter(wanted)
        return lambda run: not part.matches(run)
    value = _value_of(field)
    if isinstance(wanted, Mapping) and any(str(key).startswith("$") for key in wanted):
        tests = [_operator(name, operand) for name, operand in wanted.items()]
        return lambda run: all(test(value(run)) for test in tests)
    return lambda run: _equal(value(run), wanted)


def _value_of(field: str) -> Callable[[RunFacts], Any]:
    for prefix, values in (("config.", "config"), ("summary_metrics.", "summary"), ("summary.", "summary")):
        if field.startswith(prefix):
            path = field.removeprefix(prefix)
            return lambda run: _inside(getattr(run, values), path)
    if field not in _FIELDS:
        known = ", ".join(sorted(_FIELDS))
        raise InvalidInputError(f"runs have no field {field!r}; there are config.<key>, summary_metrics.<key>, {known}")
    return _FIELDS[field]


def _inside(values: Any, path: str) -> Any:
    """`a.b` means the key `a.b`, or `b` of what is at `a`; W&B appends `.value` to what is configured."""
    if not isinstance(values, Mapping):
        return _MISSING
    if path in values:
        return values[path]
    head, dot, rest = path.partition(".")
    if not dot or head not in values:
        return _MISSING
    return values[head] if rest == "value" and not isinstance(values[head], Mapping) else _inside(values[head], rest)


def _operator(name: str, operand: Any) -> Callable[[Any], bool]:
    if name in _COMPARISONS:
        return lambda value: _compared(_COMPARISONS[name], value, operand)
    if name == "$eq":
        return lambda value: _equal(value, operand)
    if name == "$ne":
        return lambda value: not _equal(value, operand)
    if name == "$in":
        several = _several(name, operand)
        return lambda value: any(_equal(value, each) for each in several)
    if name == "$nin":
        several = _several(name, operand)
        return lambda value: not any(_equal(value, each) for each in several)
    if name == "$exists":
        return lambda value: _is_there(value) == bool(operand)
    if name == "$regex":
        try:
            pattern = re.compile(operand if isinstance(operand, re.Pattern) else str.__str__(operand))
        except TypeError:
            raise InvalidTypeError(f"$regex is followed by a string, not {operand!r}") from None
        except re.error as error:
            raise InvalidInputError(f"{operand!r} isn't a regular expression: {error}") from None
        return lambda value: isinstance(value, str) and pattern.search(value) is not None
    raise InvalidInputError(f"there is no operator {name!r}; there are $eq $ne $gt $gte $lt $lte $in $nin $exists $regex")


def _several(name: str, operand: Any) -> list[Any]:
    if isinstance(operand, str | bytes | Mapping) or not isinstance(operand, Iterable):
        raise InvalidTypeError(f"{name} is followed by a list, not {operand!r}")
    return list(operand)


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(value, list) and not isinstance(wanted, list):
        return wanted in value  # as in MongoDB: one of them
    return bool(value is not _MISSING and value == wanted)


def _compared(compare: Callable[[Any, Any], bool], value: Any, operand: Any) -> bool:
    try:
        return value is not _MISSING and compare(value, operand)
    except TypeError:
        return False
