"""Columns of both tables, made comparable."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from objstore.comparison.rows.types import are_written_alike, in_common, plain
from objstore.host import library

_ENOUGH = Context(prec=100)
"""More digits than a decimal has."""


class UnfitError(Exception):
    """A value of a column has no place in the type that was thought to hold the values of both sides."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


@dataclass(frozen=True)
class Conversion:
    """The columns that both sides have, in the order of the new one, and the types in which they are compared."""

    names: Sequence[str]
    types: Sequence[Any]
    alike: Collection[str] = ()
    """Those compared as text whose values are written without zeros at the end, so that equal ones of either type are the same text."""

    @classmethod
    def between(cls, old: Any, new: Any, as_text: Collection[str]) -> "Conversion":
        """For two schemas. The columns `as_text` are those whose values don't fit in a common type."""
        known = set(old.names)
        names = [name for name in new.names if name in known]
        text = library.pyarrow().string()
        types = {name: (plain(old.field(name).type), plain(new.field(name).type)) for name in names}
        common = [text if name in as_text else in_common(*types[name]) for name in names]
        alike = {name for name, type_ in zip(names, common, strict=True) if type_ == text and are_written_alike(*types[name])}
        return cls(names, common, alike)

    def of(self, names: Sequence[str]) -> "Conversion":
        """For some of the columns."""
        types = dict(zip(self.names, self.types, strict=True))
        return Conversion(names, [types[name] for name in names], self.alike)

    def arrays(self, batch: Any) -> list[Any]:
        """The columns of a batch, which may have others too. UnfitError."""
        return [self._array(name, batch.column(name), type_) for name, type_ in zip(self.names, self.types, strict=True)]

    def _array(self, name: str, array: Any, type_: Any) -> Any:
        return _written_alike(array) if name in self.alike else converted(name, array, type_)


def _written_alike(array: Any) -> Any:
    """Times or decimals, or whole numbers, as text without zeros at the end."""
    pyarrow, compute = library.pyarrow(), library.compute()
    array = _decoded(array)
    if pyarrow.types.is_timestamp(array.type):
        if array.type.tz is not None:
            array = array.cast(pyarrow.timestamp(array.type.unit, "UTC"))
        text = compute.replace_substring_regex(array.cast(pyarrow.string()), r"(\.\d*?)0+(Z?)$", r"\1\2")
        return compute.replace_substring_regex(text, r"\.(Z?)$", r"\1")
    values = (None if value is None else Decimal(value).normalize(_ENOUGH) for value in array.to_pylist())
    return pyarrow.array([None if value is None else f"{value:f}" for value in values], pyarrow.string())


def _decoded(array: Any) -> Any:
    """The values themselves."""
    types = library.pyarrow().types
    while types.is_dictionary(array.type) or types.is_run_end_encoded(array.type):
        array = array.dictionary_decode() if types.is_dictionary(array.type) else library.compute().run_end_decode(array)
    return array


def converted(name: str, array: Any, type_: Any) -> Any:
    """An array in another type. To text everything can be converted; UnfitError for others, where that would change a value."""
    pyarrow = library.pyarrow()
    types = pyarrow.types
    array = _decoded(array)
    if array.type == type_:
        return array
    rounds = types.is_floating(type_) and types.is_integer(array.type)
    with suppress(pyarrow.ArrowException):
        return array.cast(type_, safe=not rounds)
    if type_ != pyarrow.string():
        raise UnfitError(name)
    return pyarrow.array([None if value is None else str(value) for value in array.to_pylist()], type_)
