"""The types of columns: what people call them, and in which type two of them are compared."""

from typing import Any

from objstore.host import library

_DIGITS = {8: 3, 16: 5, 32: 10, 64: 20}
"""By the bits of whole numbers, how many digits they have."""


def word(type_: Any) -> str:
    """What people call a type. How Arrow lays values out (`large_string`, views, the width of a dictionary's indices) isn't part of it."""
    types = library.pyarrow().types
    if types.is_dictionary(type_):
        return f"dictionary<{word(type_.value_type)}>"
    if types.is_large_string(type_) or types.is_string_view(type_):
        return "string"
    if types.is_large_binary(type_) or types.is_binary_view(type_):
        return "binary"
    if types.is_large_list(type_) or types.is_list(type_):
        return f"list<{word(type_.value_type)}>"
    return str(type_)


def plain(type_: Any) -> Any:
    """The type of the values themselves: without dictionaries, run ends and views."""
    pyarrow = library.pyarrow()
    types = pyarrow.types
    if types.is_dictionary(type_) or types.is_run_end_encoded(type_):
        return plain(type_.value_type)
    if types.is_string_view(type_):
        return pyarrow.string()
    if types.is_binary_view(type_):
        return pyarrow.binary()
    return type_


def plain_schema(schema: Any) -> Any:
    """The columns with plain types, and without what libraries note about them."""
    pyarrow = library.pyarrow()
    return pyarrow.schema([pyarrow.field(field.name, plain(field.type)) for field in schema])


def in_common(old: Any, new: Any) -> Any:
    """The type that holds the values of both: PyArrow's permissive promotion of the plain ones; else text.

    Whole numbers beside floats are floats, those beyond 2^53 rounded. Booleans beside numbers are 1 and 0, dates beside times midnights.
    Times of two zones are the instants that they are.
    """
    pyarrow = library.pyarrow()
    old, new = plain(old), plain(new)
    if old == new:
        return new
    types = pyarrow.types
    for one, other in ((old, new), (new, old)):
        is_number = types.is_integer(other) or types.is_floating(other)
        if (types.is_boolean(one) and is_number) or (types.is_date(one) and types.is_timestamp(other) and other.tz is None):
            return other
    if types.is_timestamp(old) and types.is_timestamp(new) and old.tz and new.tz:
        old, new = (pyarrow.timestamp(type_.unit, "UTC") for type_ in (old, new))
    if types.is_decimal(old) or types.is_decimal(new):  # PyArrow casts whole numbers only to what has room for all that have their width
        old, new = (pyarrow.decimal128(_DIGITS[type_.bit_width], 0) if types.is_integer(type_) else type_ for type_ in (old, new))
    schemas = [pyarrow.schema([("value", type_)]) for type_ in (old, new)]
    try:
        return pyarrow.unify_schemas(schemas, promote_options="permissive").field(0).type
    except pyarrow.ArrowException:
        return pyarrow.string()


def are_written_alike(old: Any, new: Any) -> bool:
    """Whether values of these types that are equal can be written in one way, whatever the unit of times or the places of decimals."""
    types = library.pyarrow().types
    if types.is_timestamp(old) and types.is_timestamp(new):
        return (old.tz is None) == (new.tz is None)
    return all(types.is_integer(type_) or types.is_decimal(type_) for type_ in (old, new))


def without_views(type_: Any) -> Any:
    """The same type with text and bytes as PyArrow can take rows of them, which it can't where they are views."""
    pyarrow = library.pyarrow()
    types = pyarrow.types
    if types.is_string_view(type_):
        return pyarrow.string()
    if types.is_binary_view(type_):
        return pyarrow.binary()
    if types.is_struct(type_):
        return pyarrow.struct([field.with_type(without_views(field.type)) for field in type_])
    if types.is_map(type_):
        return pyarrow.map_(without_views(type_.key_type), type_.item_field.with_type(without_views(type_.item_type)), type_.keys_sorted)
    for is_kind, make in (
        (types.is_list, pyarrow.list_),
        (types.is_large_list, pyarrow.large_list),
        (types.is_fixed_size_list, lambda field: pyarrow.list_(field, type_.list_size)),
    ):
        if is_kind(type_):
            return make(type_.value_field.with_type(without_views(type_.value_type)))
    return type_
