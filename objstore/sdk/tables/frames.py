"""Tables of other libraries."""

from collections.abc import Sequence
from typing import Any

from objstore.errors import InvalidInputError, InvalidTypeError
from objstore.host import library
from objstore.sdk.tables.columns import column
from objstore.sdk.tables.frame import Frame
from objstore.values.sizes import counted

TABLES = "a Table, a PartitionedTable, a DataFrame of pandas or polars, a pyarrow.Table, or what gives one by __arrow_c_stream__"


def is_foreign(obj: object) -> bool:
    """Whether `frame_of` may make something of it. Loads nothing."""
    return _is_pandas(obj) or (hasattr(obj, "__arrow_c_stream__") and not isinstance(obj, type))


def frame_of(obj: Any, *, mixed: bool = False) -> Frame:
    """The table in Arrow. InvalidTypeError for what isn't one, or for a value that can't be kept.

    What it shares memory with must not be changed before it is stored. Of pandas, an index with a name becomes the first column, another is
    left out; missing values are null.
    """
    if _is_pandas(obj):
        return _of_pandas(obj, mixed)
    if not is_foreign(obj):
        raise InvalidTypeError(f"a {type(obj).__name__} isn't a table; give {TABLES}")
    _check_objects(obj)
    pyarrow = library.pyarrow()
    try:
        table = pyarrow.table(obj)
    except (pyarrow.ArrowException, ValueError, TypeError) as error:
        what = f"this {type(obj).__name__} isn't a table with columns"
        how = "; give its .to_frame(), or " if hasattr(obj, "to_frame") else f" ({error}); give "
        raise InvalidTypeError(f"{what}{how}{TABLES}") from error
    check_width(table.column_names, table.num_rows)
    return Frame(table)


def check_width(columns: Sequence[object], rows: int) -> None:
    """InvalidInputError for rows without columns, of which nothing could be kept."""
    if rows and not columns:
        raise InvalidInputError(f"a table of {counted(rows, 'row')} without columns can't be kept; give it a column, or no rows")


def _is_pandas(obj: object) -> bool:
    pandas = library.loaded("pandas")
    return pandas is not None and isinstance(obj, pandas.DataFrame)


def _check_objects(obj: object) -> None:
    """InvalidTypeError for polars' columns of Python objects, which it hands out as addresses in memory."""
    polars = library.loaded("polars")
    if polars is None or not isinstance(obj, polars.DataFrame):
        return
    for name, type_ in obj.schema.items():
        inner = type_
        while hasattr(inner, "inner"):
            inner = inner.inner
        if inner == polars.Object:
            raise InvalidTypeError(
                f"column {name!r} is of the type {type_}, which can't be kept in a table; make it another first, as text: "
                f"df.with_columns(polars.Series({name!r}, [str(value) for value in df[{name!r}]]))"
            )


def _of_pandas(frame: Any, mixed: bool) -> Frame:
    pyarrow = library.pyarrow()
    levels = range(frame.index.nlevels)
    labelled = [(frame.index.names[at], frame.index.get_level_values(at).to_series()) for at in levels if frame.index.names[at] is not None]
    check_width([*labelled, *frame.columns], len(frame))
    labelled += [(label, frame.iloc[:, at]) for at, label in enumerate(frame.columns)]
    names, arrays, kept_as_json = [], [], set()
    for label, series in labelled:
        name = column_name(label)
        if series.dtype == object:
            made = column(name, list(series), mixed=mixed)
            array = made.array
            if made.is_json:
                kept_as_json.add(name)
        else:
            array = _array(pyarrow, name, series)
        names.append(name)
        arrays.append(array)
    return Frame(pyarrow.table(arrays, names=names), frozenset(kept_as_json))


def column_name(label: object) -> str:
    """What a column is called in the file. InvalidTypeError for what isn't text or a whole number."""
    if isinstance(label, str):
        try:
            label.encode()
        except UnicodeEncodeError:
            raise InvalidInputError(f"{label!r} can't be the name of a column, since it isn't valid Unicode") from None
        return label
    if isinstance(label, int) and not isinstance(label, bool):
        return str(label)
    raise InvalidTypeError(f"the name of a column is text or a whole number, not {label!r}")


def _array(pyarrow: Any, name: str, series: Any) -> Any:
    try:
        return pyarrow.array(series, from_pandas=True)
    except (pyarrow.ArrowException, ValueError, TypeError, NotImplementedError) as error:
        raise InvalidTypeError(f"column {name!r} is of the type {series.dtype}, which can't be kept in a table: {error}") from error
