"""One form for equal tables, whichever library they come from."""

from typing import Any

from objstore.errors import InvalidInputError, InvalidTypeError
from objstore.host import library
from objstore.sdk.tables.frame import Frame

_PANDAS = b"pandas"


def canonical(frame: Frame) -> Frame:
    """The same values with the plainest types that hold them, and without what pandas says of itself.

    Text, bytes and lists are of Arrow's ordinary types (no `large_`, no views), categories the values that they stand for. InvalidTypeError
    for types that belong to one library (pandas' periods), InvalidInputError for two columns of one name.
    """
    seen: set[str] = set()
    for name in frame.columns:
        if name in seen:
            raise InvalidInputError(f"two columns are called {name!r}; a table's columns need names of their own")
        seen.add(name)
    pyarrow = library.pyarrow()
    metadata = {key: value for key, value in sorted((frame.table.schema.metadata or {}).items()) if key != _PANDAS}
    columns, fields = [], []
    for field, column in zip(frame.table.schema, frame.table.columns, strict=True):
        plain = _narrow(pyarrow, field.name, field.type)
        columns.append(_cast(pyarrow, field, column, plain))
        metadata_of = field.metadata if plain == field.type else None  # what a library notes about a type that it isn't any more
        # Equal types may differ in what they call the items of lists, which is why it is `plain` that is written down.
        type_ = plain if columns[-1].type == plain else columns[-1].type
        fields.append(pyarrow.field(field.name, type_, field.nullable, metadata_of))
    return Frame(pyarrow.Table.from_arrays(columns, schema=pyarrow.schema(fields, metadata=metadata or None)), frame.json)


def _cast(pyarrow: Any, field: Any, column: Any, plain: Any) -> Any:
    if plain == field.type:
        return column
    try:
        if pyarrow.types.is_dictionary(field.type):  # of views, which cast can't do
            return pyarrow.chunked_array([chunk.dictionary.cast(plain).take(chunk.indices) for chunk in column.chunks], plain)
        return column.cast(plain)
    except pyarrow.ArrowException as error:
        if pyarrow.types.is_large_string(field.type) or pyarrow.types.is_large_binary(field.type):  # over 2 GiB in one piece
            return column
        raise InvalidTypeError(
            f"column {field.name!r} is of the type {field.type}, which PyArrow can't turn into {plain}: {error}; make it plain first"
        ) from error


def _narrow(pyarrow: Any, name: str, type_: Any) -> Any:
    types = pyarrow.types
    if isinstance(type_, pyarrow.BaseExtensionType):
        if not type_.extension_name.startswith("arrow.") or type_.extension_name == "arrow.py_extension_type":
            raise InvalidTypeError(
                f"column {name!r} is of the type {type_.extension_name}, which not every reader knows; make it text, numbers or times first"
            )
        return type_
    if types.is_dictionary(type_) or types.is_run_end_encoded(type_):
        return _narrow(pyarrow, name, type_.value_type)
    if types.is_large_string(type_) or types.is_string_view(type_):
        return pyarrow.string()
    if types.is_large_binary(type_) or types.is_binary_view(type_):
        return pyarrow.binary()
    if types.is_fixed_size_list(type_):
        return pyarrow.list_(_item(pyarrow, name, type_), type_.list_size)
    if types.is_list(type_) or types.is_large_list(type_) or types.is_list_view(type_) or types.is_large_list_view(type_):
        return pyarrow.list_(_item(pyarrow, name, type_))
    if types.is_struct(type_):
        return pyarrow.struct([field.with_type(_narrow(pyarrow, name, field.type)) for field in type_])
    if types.is_map(type_):
        return pyarrow.map_(_narrow(pyarrow, name, type_.key_type), _narrow(pyarrow, name, type_.item_type))
    return type_


def _item(pyarrow: Any, name: str, type_: Any) -> Any:
    return pyarrow.field("element", _narrow(pyarrow, name, type_.value_type), nullable=type_.value_field.nullable)
