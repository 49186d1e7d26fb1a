"""A table in memory, before it is added to anything."""

import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import objstore as wandb
from objstore import Table


def test_a_table_is_made_of_columns_and_rows() -> None:
    table = wandb.Table(columns=["a", "b"], data=[[1, 2], [3, 4]])
    table.add_data(5, 6)
    assert table.columns == ["a", "b"]
    assert table.data == [[1, 2], [3, 4], [5, 6]]
    assert list(table.iterrows()) == [(0, [1, 2]), (1, [3, 4]), (2, [5, 6])]
    assert table.get_column("b") == [2, 4, 6]
    assert repr(table) == "<Table 3 rows × 2 columns>"


def test_columns_that_are_not_named_have_names_all_the_same() -> None:
    table = Table()
    table.add_data("What?", "a", "b")
    assert (table.columns, table.data) == (["Input", "Output", "Expected"], [["What?", "a", "b"]])


def test_a_table_is_made_of_a_numpy_array() -> None:
    assert Table(columns=["a", "b"], data=np.array([[1, 2], [3, 4]])).get_column("b") == [2, 4]


@pytest.mark.parametrize("make", [lambda frame: Table(dataframe=frame), lambda frame: Table(data=frame)])
@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_table_is_made_of_a_dataframe(make: Any, library: Any) -> None:
    table = make(library({"a": [1, 2], "b": ["x", "y"]}))
    assert table.columns == ["a", "b"]
    assert table.data == [[1, "x"], [2, "y"]]
    table.add_data(3, "z")
    assert table.get_column("b") == ["x", "y", "z"]


def test_a_dataframe_that_changes_later_changes_no_table() -> None:
    values = np.array([1.0, 2.0])
    frame = pd.DataFrame({"a": values}, copy=False)
    table = Table(dataframe=frame)
    values[1] = 9.0
    assert frame["a"].tolist() == [1.0, 9.0]
    assert table.data == [[1.0], [2.0]]


def test_an_index_with_a_name_becomes_a_column_and_another_is_left_out() -> None:
    frame = pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="key"))
    assert Table(dataframe=frame).data == [["x", 1], ["y", 2]]
    assert Table(dataframe=frame.rename_axis(None)).data == [[1], [2]]


def test_columns_are_added() -> None:
    table = Table(columns=["a"], data=[[1], [2]])
    table.add_column("b", ["x", "y"])
    table.add_column("c", np.array([0.5, 1.5]))
    table.add_computed_columns(lambda at, row: {"d": at + row["a"]})
    assert table.columns == ["a", "b", "c", "d"]
    assert table.data == [[1, "x", 0.5, 1], [2, "y", 1.5, 3]]
    empty = Table(columns=[])
    empty.add_column("a", [1, 2])
    assert empty.data == [[1], [2]]


def test_a_column_is_given_as_an_array() -> None:
    array = Table(columns=["a"], data=[[1], [2]]).get_column("a", convert_to="numpy")
    assert isinstance(array, np.ndarray)
    assert array.tolist() == [1, 2]


def test_it_becomes_a_dataframe() -> None:
    frame = Table(columns=["a", "b"], data=[[1, "x"], [2, None]]).get_dataframe()
    assert list(frame.columns) == ["a", "b"]
    assert frame["a"].tolist() == [1, 2]
    frame = pd.DataFrame({"a": [1, 2], "t": pd.to_datetime(["2026-01-01", None])})
    assert Table(dataframe=frame).get_dataframe().equals(frame)


def test_polars_and_arrow_take_it() -> None:
    table = Table(columns=["a", "b"], data=[[1, "x"], [2, None]])
    assert pl.DataFrame(table).rows() == [(1, "x"), (2, None)]
    assert pa.table(table).to_pydict() == {"a": [1, 2], "b": ["x", None]}


def test_the_rows_can_be_changed_in_place_and_replaced() -> None:
    table = Table(columns=["a"], data=[[1]])
    table.data[0][0] = 2
    table.data.append([3])
    assert pa.table(table).to_pydict() == {"a": [2, 3]}
    table.data = [[4]]
    assert table.data == [[4]]


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda: Table(columns=["a"], data=[[1, 2]]), ValueError, "1 columns"),
        (lambda: Table(columns=["a"]).add_data(), ValueError, "0 values"),
        (lambda: Table(columns=["a", "a"]), ValueError, "two columns are called 'a'"),
        (lambda: Table(columns=[1, "1"]), ValueError, "two columns are called '1'"),
        (lambda: Table(columns=[None]), TypeError, "text or a whole number"),  # type: ignore[list-item]
        (lambda: Table(columns=["\ud800"]), ValueError, "valid Unicode"),
        (lambda: Table(columns=["a"], data="x"), TypeError, "list of rows"),
        (lambda: Table(columns=["a"], data=["x"]), TypeError, "row 0 is a str"),
        (lambda: Table(columns=["a"], data=3), TypeError, "list of rows"),
        (lambda: Table(dataframe=[[1]]), TypeError, "give rows as data"),
        (lambda: Table(dataframe=pl.Series([1])), TypeError, r"isn't a table with columns; give its \.to_frame\(\)"),
        (lambda: Table(dataframe=pd.DataFrame(index=[1, 2])), ValueError, "a table of 2 rows without columns"),
        (lambda: Table(dataframe=pa.table({"a": [1]}).select([])), ValueError, "a table of 1 row without columns"),
        (
            lambda: Table(dataframe=pl.Series("a", [{1}], pl.Object).reshape((1, 1)).to_frame()),
            TypeError,
            "'a' is of the type Array.Object",
        ),
        (lambda: Table(dataframe=pd.DataFrame([[1, 2]], columns=["a", "a"])), ValueError, "two columns are called 'a'"),
        (lambda: Table(columns=["a"], data=[[1]], optional=[True, False]), ValueError, "optional has 2"),
        (lambda: Table(columns=["a"], data=[[None]], optional=False), TypeError, "column 'a' isn't optional, so row 0"),
        (lambda: Table(columns=["a"]).add_column("a", []), ValueError, "two columns"),
        (lambda: Table(columns=["a"]).add_column("b", [1]), ValueError, "1 values, and the table 0 rows"),
        (lambda: Table(columns=["a"]).get_column("b"), KeyError, "no column 'b'"),
        (lambda: Table(columns=["a"]).get_column("a", convert_to="list"), ValueError, "convert_to"),
    ],
)
def test_a_wrong_argument_is_an_error(call: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said) as caught:
        call()
    assert isinstance(caught.value, wandb.ObjstoreError)


def test_rows_without_columns_cannot_be_kept() -> None:
    table = Table(columns=[], data=[[], []])
    with pytest.raises(ValueError, match="a table of 2 rows without columns can't be kept"):
        pa.table(table)
    table.add_column("a", [1, 2])
    assert pa.table(table).to_pydict() == {"a": [1, 2]}


def test_objects_of_polars_are_refused_with_what_makes_text_of_them() -> None:
    frame = pl.DataFrame({"n": [1, 2], "a": pl.Series([{1}, {2}], dtype=pl.Object)})
    with pytest.raises(TypeError, match="column 'a' is of the type Object") as caught:
        Table(dataframe=frame)
    _, _, advice = str(caught.value).partition("as text: ")
    assert Table(dataframe=eval(advice, {"df": frame, "polars": pl})).data == [[1, "{1}"], [2, "{2}"]]


def test_a_failed_column_changes_nothing() -> None:
    table = Table(columns=["a"], data=[[1], [2]])
    with pytest.raises(ValueError, match="values"):
        table.add_column("b", [1])
    assert (table.columns, table.data) == (["a"], [[1], [2]])


def test_a_row_of_the_wrong_length_is_found_when_it_was_put_in_by_hand() -> None:
    table = Table(columns=["a"], data=[[1]])
    table.data.append([1, 2])
    with pytest.raises(ValueError, match="row 1 has 2 values"):
        pa.table(table)


def test_a_notebook_shows_the_first_rows_escaped() -> None:
    table = Table(columns=["<a>"], data=[[f"<b>{n}&"] for n in range(1000)])
    shown = table._repr_html_()
    assert ">&lt;a&gt;</th>" in shown
    assert ">&lt;b&gt;0&amp;</td>" in shown
    assert "<b>" not in shown
    assert shown.count("<tr>") == 21
    assert "1,000 rows × 1 column<" in shown
    assert len(Table(columns=["a"], data=[["x" * 10_000]])._repr_html_()) < 1000


def test_a_table_of_lists_loads_no_library() -> None:
    code = (
        "import sys, objstore; t = objstore.Table(columns=['a'], data=[[1]]); t.add_data(2); t._repr_html_(); "
        "print(*sorted({'pyarrow', 'pandas', 'polars', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == []


def test_tables_are_where_wandb_has_them() -> None:
    assert wandb.data_types.PartitionedTable is wandb.PartitionedTable
    assert wandb.data_types.Table is wandb.Table
