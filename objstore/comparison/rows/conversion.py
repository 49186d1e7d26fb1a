"""Columns of both tables, made comparable."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from objstore.comparison.rows.types import in_common
from objstore.comparison.rows.values import python_values
from objstore.host import library


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

    @classmethod
    def between(cls, old: Any, new: Any, as_text: Collection[str]) -> "Conversion":
        """For two schemas. The columns `as_text` are those whose values don't fit in a common type."""
        known = set(old.names)
        names = [name for name in new.names if name in known]
        text = library.pyarrow().string()
        return cls(names, [text if name in as_text else in_common(old.field(name).type, new.field(name).type) for name in names])

    def of(self, names: Sequence[str]) -> "Conversion":
        """For some of the columns."""
        types = dict(zip(self.names, self.types, strict=True))
        return Conversion(names, [types[name] for name in names])

    def arrays(self, batch: Any) -> list[Any]:
        """The columns of a batch, which may have others too. UnfitError."""
        return [converted(name, batch.column(name), type_) for name, type_ in zip(self.names, self.types, strict=True)]


def converted(name: str, array: Any, type_: Any) -> Any:
    """An array in another type. To text everything can be converted; UnfitError for others, where that would change a value."""
    pyarrow, compute = library.pyarrow(), library.compute()
    types = pyarrow.types
    while types.is_dictionary(array.type) or types.is_run_end_encoded(array.type):
        array = array.dictionary_decode() if types.is_dictionary(array.type) else compute.run_end_decode(array)
    if array.type == type_:
        return array
    rounds = types.is_floating(type_) and types.is_integer(array.type)
    with suppress(pyarrow.ArrowException):
        return array.cast(type_, safe=not rounds)
    if type_ != pyarrow.string():
        raise UnfitError(name)
    return pyarrow.array([None if value is None else str(value) for value in python_values(array)], type_)
