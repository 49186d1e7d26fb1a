"""What values columns can have, and how they come back."""

import math
from collections import namedtuple
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore import ObjstoreError, Table
from objstore.sdk.tables import parquet
from objstore.sdk.tables.frame import Frame

Pair = namedtuple("Pair", ["a", "b"])


def stored(values: list[Any], path: Path, *, mixed: bool = False) -> Frame:
    """A column of these values, written and read again."""
    parquet.write(Table(columns=["c"], data=[[value] for value in values], allow_mixed_types=mixed)._stored(), path / "file")
    return parquet.read((path / "file").read_bytes(), "file")


@pytest.mark.parametrize(
    "values",
    [
        [True, False, None],
        [1, -(2**63), 2**63 - 1, None],
        [1.5, -0.0, math.inf, -math.inf, None],
        ["", "å", "\0", "日本", "é", "é", None],
        [b"", b"\0\xff", None],
        [date(1, 1, 1), date(9999, 12, 31), None],
        [datetime(2026, 11, 22, 1, 2, 3, 456789), None],
        [datetime(2026, 11, 22, tzinfo=UTC), None],
        [time(1, 2, 3, 4), None],
        [timedelta(days=-1, microseconds=1), None],
        [Decimal("1.50"), Decimal("-0.001"), None],
        [0, 2**63, 2**64 - 1, None],
        [pd.Timestamp(1), None],
        [pd.Timestamp(1, tz="Europe/Oslo"), None],
        [pd.Timedelta(1), None],
        [[1, 2], [], None, [None]],
        [[["a"], []], [None]],
        [[1.5, math.inf]],
        [{"a": 1, "b": "x"}, {"a": None, "b": "y"}, None],
        [[{"a": [1]}, {"a": []}]],
        [[b"x"]],
        [None, None],
        [],
    ],
)
def test_values_come_back_as_they_were(values: list[Any], tmp_path: Path) -> None:
    frame = stored(values, tmp_path)
    assert frame.column("c") == values
    assert [type(value) for value in frame.column("c")] == [type(value) for value in values]
    assert not frame.json
    assert [row for [row] in frame.rows()] == values


@pytest.mark.parametrize(
    "values",
    [
        [{"a": 1}, {"b": 2}],  # as a struct each would have both keys
        [{"b": 1, "a": 2}, {"a": 1, "b": 2}],  # and one order of them
        [{}],
        [[{}]],
        [[1, "a"]],
        [[1], ["a"]],
        [[1], [True]],
        [{"a": [1, {"b": None}]}, {"a": "x"}],
    ],
)
def test_lists_and_dicts_that_arrow_would_change_are_kept_as_json(values: list[Any], tmp_path: Path) -> None:
    frame = stored([*values, None], tmp_path)
    assert repr(frame.column("c")) == repr([*values, None])
    assert frame.json == {"c"}
    assert frame.table.schema.field("c").type == pa.string()


def test_values_of_different_kinds_are_kept_as_json_when_that_was_asked_for(tmp_path: Path) -> None:
    values = [1, "a", 2.5, True, None, [1, {"k": "å"}], {"z": 1, "a": 2}, 2**70]
    frame = stored(values, tmp_path, mixed=True)
    assert repr(frame.column("c")) == repr(values)
    assert stored([1, 2], tmp_path, mixed=True).json == frozenset()
    assert stored([1, 2**70, 0.5], tmp_path, mixed=True).column("c") == [1, 2**70, 0.5]


@pytest.mark.parametrize(
    ("given_values", "back"),
    [
        ([1, 2.5], [1.0, 2.5]),
        ([np.int32(1), np.float64(2.5)], [1.0, 2.5]),
        ([np.bool_(True), False], [True, False]),
        ([np.str_("a")], ["a"]),
        ([(1, 2), Pair(3, 4)], [[1, 2], [3, 4]]),
        ([np.array([1.5, 2.5]), np.array([[1, 2]])[0]], [[1.5, 2.5], [1.0, 2.0]]),
        ([np.array([[1, 2], [3, 4]])], [[[1, 2], [3, 4]]]),
        ([bytearray(b"a"), memoryview(b"b")], [b"a", b"b"]),
        ([pd.NA, 1, None], [None, 1, None]),
        ([pd.NaT, datetime(2026, 1, 1)], [None, datetime(2026, 1, 1)]),
        ([pd.Timestamp("2026-01-01")], [datetime(2026, 1, 1)]),
        ([datetime(2026, 1, 1), pd.Timestamp(1)], [pd.Timestamp("2026-01-01"), pd.Timestamp(1)]),
        ([pd.Timestamp(np.datetime64("2026-01-01", "s")), datetime(1, 1, 1)], [datetime(2026, 1, 1), datetime(1, 1, 1)]),
        ([np.datetime64("2026-01-01T00:00:00"), np.datetime64("NaT")], [datetime(2026, 1, 1), None]),
        (["a", float("nan")], ["a", None]),
        ([True, float("nan")], [True, None]),
        (
            [datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 1, 1, 13, tzinfo=timezone(timedelta(hours=1)))],
            [datetime(2026, 1, 1, 12, tzinfo=UTC)] * 2,
        ),
    ],
)
def test_other_values_come_back_plain(given_values: list[Any], back: list[Any], tmp_path: Path) -> None:
    assert stored(given_values, tmp_path).column("c") == back


def test_nan_is_a_number_among_numbers(tmp_path: Path) -> None:
    for values in ([1.5, float("nan"), None], [1, float("nan"), None], [float("nan"), float("nan"), None]):
        back = stored(values, tmp_path).column("c")
        assert math.isnan(back[1])
        assert back[2] is None
    nested = stored([[1.5, float("nan")]], tmp_path)
    assert math.isnan(nested.column("c")[0][1])
    assert not nested.json
    assert stored([[float("nan"), "a"]], tmp_path).column("c") == [[None, "a"]]


@pytest.mark.parametrize(
    ("values", "row", "said"),
    [
        ([1, 2, "a"], 2, "str in a column that has int in row 0"),
        ([None, "a", b"b"], 2, "bytes in a column that has str in row 1"),
        ([1, True], 1, "bool in a column that has int"),
        (
            [datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)],
            1,
            "datetime with a time zone .*; give all of them a time zone, or none$",
        ),
        ([datetime(2026, 1, 1), date(2026, 1, 1)], 1, "date in a column that has datetime in row 0; make the dates datetimes$"),
        ([1, date(2026, 1, 1)], 1, "date in a column that has int in row 0; make them of one kind$"),
        ([1, "a"], 1, r"make them of one kind, or keep them as JSON with Table\(…, allow_mixed_types=True\)$"),
        (["a", math.inf], 1, "float in a column that has str in row 0; make them of one kind$"),
        ([time(1), time(1, tzinfo=UTC)], 1, "a time of day with a time zone can't be kept in a table; take the zone off"),
        ([[time(1, tzinfo=UTC)]], 0, "a time of day with a time zone"),
        ([datetime(1, 1, 1), pd.Timestamp(1)], 1, "out of bounds"),
        ([[pd.Timestamp(1)]], 0, "can't be kept"),
        ([pd.Timestamp(np.datetime64("20000-01-01", "s"))], 0, "a Timestamp that is none of Python's"),
        ([pd.Timedelta(np.timedelta64(2**60, "s"))], 0, "a Timedelta that is none of Python's"),
        ([1, 2**64], 1, "18446744073709551616 doesn't fit; whole numbers are"),
        ([-1, 2**63], 1, "9223372036854775808 doesn't fit; whole numbers are"),
        ([2**63, -1], 1, "-1 doesn't fit; whole numbers are"),
        ([0.5, 2**63], 1, "9223372036854775808 doesn't fit; whole numbers are"),
        ([0.5] * 100 + [2**53 + 1], 100, "9007199254740993"),
        (["a", "\ud800"], 1, "surrogates"),
        (["a", object()], 1, "a object can't be kept"),
        ([1j], 0, "a complex"),
        ([{1, 2}], 0, "a set"),
        ([{1: 2}], 0, "keys aren't all str"),
        ([[1], [object()]], 1, "can't be kept as JSON"),
        ([[1, b"a"]], 0, "can't be kept as JSON"),
        ([[math.inf, "a"]], 0, "can't be kept as JSON"),
        ([[1, "\ud800"]], 0, "can't be kept as JSON"),
    ],
)
def test_what_cannot_be_kept_is_named_by_column_and_row(values: list[Any], row: int, said: str, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=f"column 'c', row {row}: .*{said}") as caught:
        stored(values, tmp_path)
    assert isinstance(caught.value, ObjstoreError)


def test_a_list_that_holds_itself_is_an_error(tmp_path: Path) -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(TypeError, match="row 1: lists in lists"):
        stored([[], endless], tmp_path)


def test_a_time_of_day_that_python_would_cut_is_an_error(tmp_path: Path) -> None:
    for nanoseconds, made in ((1000, [[time(0, 0, 0, 1)]]), (1, None)):
        parquet.write(Frame(pa.table({"c": pa.array([nanoseconds], pa.time64("ns"))})), tmp_path / "file")
        frame = parquet.read((tmp_path / "file").read_bytes(), "file")
        if made is None:
            with pytest.raises(ValueError, match="column 'c' holds a value of type time64.ns. that Python can't have"):
                list(frame.rows())
        else:
            assert list(frame.rows()) == made


class Touchy:
    """Says when somebody pickles it."""

    def __reduce__(self) -> Any:
        raise AssertionError("pickled")


def test_nothing_is_ever_pickled(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="a Touchy can't be kept"):
        stored([Touchy()], tmp_path)
    with pytest.raises(TypeError, match="column 'o', row 0: a Touchy"):
        Table(dataframe=pd.DataFrame({"o": [Touchy()]}))


CELLS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(values=st.lists(CELLS, max_size=6))
def test_any_json_comes_back_equal(values: list[Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    assert stored(values, tmp_path_factory.mktemp("column"), mixed=True).column("c") == values
