"""What the columns of a text hold, in a word for people."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from objstore.comparison.rows.pair import EMPTY, UNREAD
from objstore.host import library

TEXT, MIXED = "text", "mixed"
_FEW = 8
_DIGITS = "^[+-]?[0-9]+$"  # also those that 64 bits don't hold
_TIME = "^([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]+)?)?$"  # Arrow has no cast for times
_WIDER = {frozenset(("int", "float")): "float", frozenset(("date", "datetime")): "datetime"}
_OF_JSON = {int: "int", float: "float", str: TEXT, bool: "bool", dict: "object", list: "list"}


class CellTypes:
    """The type of each column, which widens as cells are read. Cells that are read again change nothing, in whatever order."""

    def __init__(self, columns: Iterable[str], otherwise: str) -> None:
        """`otherwise`: what a column holds whose cells have nothing in common."""
        self._types = dict.fromkeys(columns, UNREAD)
        self._otherwise = otherwise

    @property
    def seen(self) -> Mapping[str, str]:
        return self._types

    def add(self, column: str, kind: str) -> None:
        """Some of its cells are of that type."""
        self._types[column] = joined(self._types[column], kind, self._otherwise)


def joined(first: str, second: str, otherwise: str) -> str:
    """The narrowest type that has both."""
    if first == second or second in (EMPTY, UNREAD):
        return EMPTY if (first, second) == (UNREAD, EMPTY) else first
    if first in (EMPTY, UNREAD):
        return second
    return _WIDER.get(frozenset((first, second)), otherwise)


def of_texts(cells: Any, supposed: str) -> str:
    """The type of an array of texts as a person would write them, such as `int` or `date`; empty ones say nothing.

    Quick if they are of the `supposed` type; never looks at a cell when that is `text`.
    """
    if supposed == TEXT:
        return TEXT
    compute = library.compute()
    empty = compute.equal(cells, "")
    if compute.any(empty).as_py():
        cells = cells.filter(compute.invert(empty))
    if not len(cells):
        return EMPTY
    fitting = _fitting()
    if supposed in fitting and fitting[supposed](cells):
        return supposed
    # A cast that fails costs a microsecond for each cell. The first few cells rule out most types.
    few = cells[:_FEW]
    return next((kind for kind, fits in fitting.items() if fits(few) and fits(cells)), TEXT)


def of_json(classes: set[type]) -> str:
    """The type of cells whose JSON values are of these classes, as msgspec decodes them; `null` and absent ones say nothing."""
    kind = EMPTY
    for each in classes & _OF_JSON.keys():
        kind = joined(kind, _OF_JSON[each], MIXED)
    return kind


def _fitting() -> dict[str, Callable[[Any], bool]]:
    """By type, whether all cells are of it; the narrowest first."""
    arrow = library.pyarrow()
    return {
        "int": lambda cells: _casts(cells, arrow.int64()) or _all_match(cells, _DIGITS),
        "float": lambda cells: _casts(cells, arrow.float64()),
        "bool": _bools,
        "date": lambda cells: _casts(cells, arrow.date32()),
        "datetime": lambda cells: any(_casts(cells, arrow.timestamp(unit, zone)) for unit in ("us", "ns") for zone in (None, "UTC")),
        "time": lambda cells: _all_match(cells, _TIME),
    }


def _casts(cells: Any, kind: Any) -> bool:
    try:
        cells.cast(kind)
    except library.pyarrow().ArrowInvalid:
        return False
    return True


def _all_match(cells: Any, pattern: str) -> bool:
    compute = library.compute()
    return bool(compute.all(compute.match_substring_regex(cells, pattern)).as_py())


def _bools(cells: Any) -> bool:
    """Arrow takes digits for them too."""
    compute = library.compute()
    return _casts(cells, library.pyarrow().bool_()) and not compute.any(compute.equal(compute.binary_length(cells), 1)).as_py()
