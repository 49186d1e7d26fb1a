"""What is done with the differences of two tables."""

import gc
import io
import json
import math
import os
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from objstore.comparison.formats import csv
from objstore.comparison.rows.compare import compare_rows
from objstore.comparison.rows.diff import RowDiff
from objstore.comparison.rows.pair import TablePair
from objstore.comparison.rows.values import json_value
from objstore.errors import InvalidInputError, UnreadableFileError
from tests.comparison.contents import InMemory
from tests.comparison.rows.tables import InParts

OLD = pa.table({"id": [1, 2, 3], "x": ["a", "b", "c"], "gone": [0.5, 1.5, 2.5]})
NEW = pa.table({"id": [2, 3, 4], "x": ["B", "c", "d"], "here": [True, None, False]})


def compared(tmp_path: Path, old: pa.Table = OLD, new: pa.Table = NEW, key: list[str] | None = None) -> RowDiff:
    return compare_rows(TablePair(InParts(old), InParts(new)), key or [], tmp_path)


def test_as_a_dict_it_is_json(tmp_path: Path) -> None:
    found = json.loads(json.dumps(compared(tmp_path, key=["id"]).to_dict()))
    assert found == {
        "old_rows": 3,
        "new_rows": 3,
        "columns": {
            "added": [{"name": "here", "type": "bool"}],
            "removed": [{"name": "gone", "type": "double"}],
            "type_changed": [],
            "renamed": [],
        },
        "key": {"columns": ["id"], "found": False},
        "added_rows": 1,
        "removed_rows": 1,
        "modified_rows": 1,
        "changed_cells": {"x": 1},
        "largest_change": {},
        "changes": [
            {"change": "modified", "key": {"id": 2}, "cells": [{"column": "x", "old": "b", "new": "B"}]},
            {"change": "removed", "row": {"id": 1, "x": "a", "gone": 0.5}},
            {"change": "added", "row": {"id": 4, "x": "d", "here": False}},
        ],
        "more": 0,
    }


def test_a_limit_leaves_out_the_rest_and_says_how_many(tmp_path: Path) -> None:
    found = compared(tmp_path)
    limited = found.to_dict(1)
    assert len(limited["changes"]) == 1 and limited["more"] == 2
    assert len(list(found.changes(2))) == 2
    assert found.to_dict(0)["changes"] == []


def test_written_as_parquet_rows_before_and_after_a_change_follow_each_other(tmp_path: Path) -> None:
    compared(tmp_path).write_parquet(tmp_path / "changes.parquet")
    assert pq.read_table(tmp_path / "changes.parquet").to_pylist() == [
        {"change": "removed", "id": 1, "x": "a", "here": None, "gone": 0.5},
        {"change": "before", "id": 2, "x": "b", "here": None, "gone": 1.5},
        {"change": "after", "id": 2, "x": "B", "here": True, "gone": None},
        {"change": "added", "id": 4, "x": "d", "here": False, "gone": None},
    ]


def test_written_as_parquet_columns_have_the_types_in_which_they_are_compared(tmp_path: Path) -> None:
    old = pa.table({"change": pa.array([1], pa.int32()), "code": [7]})
    new = pa.table({"change": pa.array([2], pa.int64()), "code": ["8"]})
    compared(tmp_path, old, new).write_parquet(tmp_path / "changes.parquet")
    written = pq.read_table(tmp_path / "changes.parquet")
    assert written.schema.names == ["change_", "change", "code"]
    assert written.schema.types == [pa.string(), pa.int64(), pa.string()]
    assert written["code"].to_pylist() == ["7", "8"]


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "changes.parquet").write_text("before")
    interval = pa.array([pa.MonthDayNano([1, 2, 3])], pa.month_day_nano_interval())
    found = compared(tmp_path, pa.table({"x": interval}), pa.table({"x": interval.slice(0, 0)}))
    with pytest.raises(InvalidInputError, match="can't be written as Parquet"):
        found.write_parquet(tmp_path / "changes.parquet")
    assert (tmp_path / "changes.parquet").read_text() == "before"
    found.close()
    assert [path.name for path in tmp_path.iterdir()] == ["changes.parquet"]


def test_only_a_file_in_a_folder_that_is_there_can_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("missing/changes.parquet", "file/changes.parquet", "."):
        with pytest.raises(InvalidInputError, match="can't be written to"):
            compared(tmp_path).write_parquet(tmp_path / name)


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems have no such names")
def test_names_that_are_not_utf_8_can_be_written_to(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.parquet")
    compared(tmp_path).write_parquet(path)
    assert pq.read_table(io.BytesIO(path.read_bytes())).num_rows == 4


def test_a_forked_process_leaves_the_scratch_files_where_they_are(tmp_path: Path) -> None:
    found = compared(tmp_path)
    child = os.fork()
    if not child:
        found.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert len(list(found.changes())) == 3


def test_scratch_files_go_when_it_is_closed_and_the_figures_remain(tmp_path: Path) -> None:
    found = compared(tmp_path)
    assert list(tmp_path.iterdir())
    found.close()
    assert not list(tmp_path.iterdir())
    assert (found.added, found.removed, found.modified) == (1, 1, 1)
    assert "1 row modified" in found._repr_html_()
    with pytest.raises(InvalidInputError, match="has been closed"):
        found.changes()


def test_scratch_files_go_when_nobody_holds_it_any_more(tmp_path: Path) -> None:
    found = compared(tmp_path)
    assert list(tmp_path.iterdir())
    del found
    gc.collect()
    assert not list(tmp_path.iterdir())


def test_rows_are_read_as_often_as_wanted(tmp_path: Path) -> None:
    found = compared(tmp_path)
    assert list(found.changes()) == list(found.changes())


def test_in_a_notebook_columns_and_cells_are_shown_escaped(tmp_path: Path) -> None:
    new = pa.table({"id": [1, 2, 3], "x": ["<b>", "b", "c"], "gone": [0, 1, 2]})
    page = compared(tmp_path, new=new)._repr_html_()
    assert "a → &lt;b&gt;" in page and "double → int64" in page and "3 rows modified by id (found)" in page


def test_in_a_notebook_a_wide_row_leaves_room_for_others(tmp_path: Path) -> None:
    old = pa.table({"id": [1, 2], **{f"c{at}": [0, 0] for at in range(30)}})
    new = pa.table({"id": [1, 2], **{f"c{at}": [1, 1] for at in range(30)}})
    page = compared(tmp_path, old, new, ["id"])._repr_html_()
    assert "id=1: c7" in page and "id=1: c8" not in page and "22 more" in page and "id=2: c7" in page
    assert "changed cells: c0 2 (by 1 at most), " in page


def test_printed_it_is_a_line(tmp_path: Path) -> None:
    assert str(compared(tmp_path, key=["id"])).startswith("1 row modified by id, 1 row added, 1 row removed; columns: ")


def test_equal_tables_do_not_differ(tmp_path: Path) -> None:
    found = compared(tmp_path, new=OLD)
    assert not found
    assert found.summary() == "0 rows added, 0 rows removed"
    assert compared(tmp_path)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (b"\x00\xff", "00ff"),
        (Decimal("1.50"), "1.50"),
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC), "2024-02-29T01:02:03+00:00"),
        (time(1, 2), "01:02:00"),
        (timedelta(days=1, seconds=2.5), "P1DT2.5S"),
        (-timedelta(seconds=2), "-P0DT2S"),
        ([{"a": (1, math.inf)}], [{"a": [1, "Infinity"]}]),
    ],
)
def test_values_for_json(value: Any, shown: Any) -> None:
    assert json_value(value) == shown


def test_times_that_python_cannot_hold_are_text(tmp_path: Path) -> None:
    far = pa.table({"x": pa.array([2**60], pa.timestamp("us"))})
    (change,) = compared(tmp_path, far, far.slice(0, 0)).changes()
    assert str(2**60) in change.to_dict()["row"]["x"]


def test_times_of_a_zone_that_is_not_known_are_text(tmp_path: Path) -> None:
    odd = pa.table({"x": pa.array([0, 1], pa.timestamp("s", "Nowhere/Town"))})
    (change,) = compared(tmp_path, odd, odd.slice(1)).changes()
    assert change.to_dict()["row"]["x"] == "1970-01-01 00:00:00Z"
    found = compared(tmp_path, odd, pa.table({"x": ["1970-01-01 00:00:00Z", "1970-01-01 00:00:01Z"]}))
    assert (found.added, found.removed) == (0, 0)


def test_such_times_within_other_values_are_refused(tmp_path: Path) -> None:
    odd = pa.table({"x": pa.array([[0]], pa.list_(pa.timestamp("s", "Nowhere/Town")))})
    with pytest.raises(UnreadableFileError, match="can't be shown"):
        list(compared(tmp_path, odd, odd.slice(1)).changes())


def test_a_fork_leaves_the_scratch_files_to_the_process_that_made_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = compared(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("os.getpid", lambda: -1)
        found.close()
    assert list(tmp_path.iterdir())


def test_scratch_files_lie_in_a_folder_that_need_not_be_there(tmp_path: Path) -> None:
    with compared(tmp_path / "a" / "b") as found:
        assert len(list(found.changes())) == 3


def test_a_column_without_values_has_no_type_that_could_change(tmp_path: Path) -> None:
    for before in (b"a,b\n", b"a,b\n,\n"):
        pair = csv.pair(InMemory(before, "t.csv"), InMemory(b"a,b\n1,2\n", "t.csv"))
        assert compare_rows(pair, [], tmp_path).columns.type_changed == []
