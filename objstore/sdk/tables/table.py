"""Rows and columns, to be added to an artifact."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Self

from objstore.errors import EntryNotFoundError, InvalidInputError, InvalidTypeError
from objstore.host import library
from objstore.sdk.tables.columns import Hint, column
from objstore.sdk.tables.frame import Frame, Row
from objstore.sdk.tables.frames import check_width, column_name, frame_of, is_foreign
from objstore.values import html
from objstore.values.sizes import counted

_DEFAULT_COLUMNS = ("Input", "Output", "Expected")


class Table:
    """A table: `artifact.add(table, "name")` keeps it in a draft, `artifact.get("name")` of a version or draft gives it back.

    The rows may be changed in place (`data`) until it is added. Needs `pip install 'objstore[tables]'` to be kept; to be made of lists it
    needs nothing. One thread at a time.
    """

    def __init__(
        self,
        columns: Sequence[str | int] | None = None,
        data: Any = None,
        rows: Any = None,
        dataframe: Any = None,
        dtype: Any = None,
        optional: bool | Sequence[bool] = True,
        allow_mixed_types: bool = False,
        log_mode: str | None = None,
    ) -> None:
        """Of rows (`data`: lists, a NumPy array, or what `dataframe` takes), or of a DataFrame of pandas or polars or any Arrow table.

        Of pandas, an index with a name becomes the first column, another is left out. Columns that aren't named are called Input, Output
        and Expected. `optional`: whether None is allowed, for all columns or each. `allow_mixed_types`: values of different kinds in one
        column are kept as JSON; otherwise adding such a table raises TypeError. `rows` is an old name of `data`; `dtype` and `log_mode` are
        taken for compatibility and do nothing.
        """
        self._mixed = allow_mixed_types
        self._frame: Frame | None = None
        self._hints: list[Hint | None] = []
        self._rows: list[Row] = []
        given = dataframe if dataframe is not None else data if data is not None else rows
        if is_foreign(given):
            self._begin(frame_of(_kept_from_changing(given), mixed=allow_mixed_types))
        elif dataframe is not None:
            raise InvalidTypeError(f"dataframe takes a DataFrame or an Arrow table, not a {type(dataframe).__name__}; give rows as data")
        else:
            self.columns: list[str | int] = list(_DEFAULT_COLUMNS if columns is None else columns)
        self._optional = self._each_optional(optional)
        _check_columns(self.columns)
        if self._frame is None:
            self.data = [] if given is None else given

    @classmethod
    def _of(cls, frame: Frame) -> Self:
        made = cls(columns=[])
        made._begin(frame)
        made._optional = made._each_optional(True)
        return made

    def _begin(self, frame: Frame) -> None:
        self._frame = frame
        self.columns = [*frame.columns]

    # -- rows ----------------------------------------------------------------------------------------------------------

    @property
    def data(self) -> list[Row]:
        """The rows, each a list; may be changed in place."""
        if self._frame is not None:
            rows = list(self._frame.rows())
            self._let_go(self._frame)
            self._rows = rows
        return self._rows

    @data.setter
    def data(self, rows: Iterable[Iterable[Any]]) -> None:
        if self._frame is not None:
            self._let_go(self._frame)
        self._rows = []
        if isinstance(rows, (str, bytes, dict)) or not isinstance(rows, Iterable):
            raise InvalidTypeError(f"data is a list of rows, not a {type(rows).__name__}")
        for row in rows:
            if isinstance(row, (str, bytes, dict)) or not isinstance(row, Iterable):
                raise InvalidTypeError(f"row {len(self._rows)} is a {type(row).__name__}; each row is a list of values")
            self.add_data(*row)

    def _let_go(self, frame: Frame) -> None:
        """From now on the rows count, which are stored in the types that the columns have had."""
        self._hints = [Hint(field.type, field.name in frame.json) for field in frame.table.schema]
        self._frame = None

    def add_data(self, *data: Any) -> None:
        """Adds a row at the end. ValueError unless it has a value for each column."""
        if len(data) != len(self.columns):
            raise InvalidInputError(f"this table has {len(self.columns)} columns: {self.columns}; the row has {len(data)} values")
        for name, value, may_lack in zip(self.columns, data, self._optional, strict=False):
            if value is None and not may_lack:
                raise InvalidTypeError(f"column {name!r} isn't optional, so row {len(self.data)} can't have None there")
        self.data.append(list(data))

    def add_row(self, *row: Any) -> None:
        """The old name of add_data."""
        self.add_data(*row)

    def iterrows(self) -> Iterator[tuple[int, Row]]:
        """Each row with its index. What was read from an artifact isn't turned into Python values all at once."""
        return enumerate(self._stored().rows() if self._frame is not None else self._rows)

    # -- columns -------------------------------------------------------------------------------------------------------

    def add_column(self, name: str, data: Any, optional: bool = False) -> None:
        """Adds a column (a list or NumPy array) at the end. ValueError if the name is taken or the length isn't that of the others.

        `optional` is taken for compatibility: the column may have None.
        """
        values = list(data)
        rows = self.data
        _check_columns([*self.columns, name])
        if self.columns and len(values) != len(rows):
            raise InvalidInputError(f"column {name!r} has {len(values):,} values, and the table {len(rows):,} rows")
        if not self.columns:
            rows.extend([] for _ in values[len(rows) :])
        for row, value in zip(rows, values, strict=True):
            row.append(value)
        self.columns.append(name)
        self._optional.append(True)
        self._hints += [None] * (len(self.columns) - len(self._hints))

    def add_computed_columns(self, fn: Callable[[int, dict[str | int, Any]], dict[str, Any]]) -> None:
        """Adds the columns that `fn(index, {column: value})` returns for each row, as a dict."""
        made: dict[str, list[Any]] = {}
        for at, row in self.iterrows():
            for name, value in fn(at, dict(zip(self.columns, row, strict=True))).items():
                made.setdefault(name, []).append(value)
        for name, values in made.items():
            self.add_column(name, values)

    def get_column(self, name: str | int, convert_to: str | None = None) -> Any:
        """The values of a column; `convert_to="numpy"`: as an array. KeyError for one that isn't there."""
        if name not in self.columns:
            raise EntryNotFoundError(f"the table has no column {name!r}; it has {self.columns}")
        if convert_to not in (None, "numpy"):
            raise InvalidInputError(f"convert_to is 'numpy' or None, not {convert_to!r}")
        at = self.columns.index(name)
        values = self._stored().column(column_name(name)) if self._frame is not None else [row[at] for row in self._rows]
        return values if convert_to is None else library.numpy().array(values)

    def get_dataframe(self) -> Any:
        """A pandas DataFrame of it."""
        if self._frame is not None:
            return self._stored().dataframe()
        return library.pandas().DataFrame.from_records(self._rows, columns=self.columns)

    # -- for storing and showing ---------------------------------------------------------------------------------------

    def _stored(self) -> Frame:
        """The table in Arrow. InvalidTypeError, with column and row, for what can't be kept."""
        names = [column_name(label) for label in self.columns]
        if self._frame is not None:
            return self._frame if names == self._frame.columns else self._frame.renamed(names)
        for at, row in enumerate(self._rows):
            if len(row) != len(names):
                raise InvalidInputError(f"row {at} has {len(row)} values, and the table {len(names)} columns")
        check_width(names, len(self._rows))
        hints = [*self._hints, *[None] * len(names)]
        made = [column(name, [row[at] for row in self._rows], mixed=self._mixed, hint=hints[at]) for at, name in enumerate(names)]
        kept_as_json = frozenset(name for name, part in zip(names, made, strict=True) if part.is_json)
        return Frame(library.pyarrow().table([part.array for part in made], names=names), kept_as_json)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """For libraries that take Arrow tables: `polars.DataFrame(table)`, `pyarrow.table(table)`. Columns kept as JSON are text there."""
        return self._stored().table.__arrow_c_stream__(requested_schema)

    def _each_optional(self, optional: bool | Sequence[bool]) -> list[bool]:
        each = [optional] * len(self.columns) if isinstance(optional, bool) else list(optional)
        if len(each) != len(self.columns):
            raise InvalidInputError(f"optional has {len(each)} values, and the table {len(self.columns)} columns")
        return each

    def _count(self) -> int:
        return self._frame.table.num_rows if self._frame is not None else len(self._rows)

    def _repr_html_(self) -> str:
        first = self._stored().rows(html.SHOWN_ROWS) if self._frame is not None else islice(self._rows, html.SHOWN_ROWS)
        note = f"{counted(self._count(), 'row')} × {counted(len(self.columns), 'column')}"
        return html.table(self.columns, first, note)

    def __repr__(self) -> str:
        return f"<Table {self._count():,} rows × {len(self.columns):,} columns>"


def _check_columns(columns: Sequence[object]) -> None:
    names = [column_name(label) for label in columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InvalidInputError(f"two columns are called {twice!r}; a table's columns need names of their own")


def _kept_from_changing(given: Any) -> Any:
    """A copy of a DataFrame of pandas, whose columns Arrow would share; others don't change."""
    pandas = library.loaded("pandas")
    return given.copy() if pandas is not None and isinstance(given, pandas.DataFrame) else given
