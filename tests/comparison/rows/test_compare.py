"""Tables compared, with a comparison in plain Python beside it."""

import math
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.comparison.formats import csv
from objstore.comparison.rows.changes import AddedRow, Cell, ModifiedRow, RemovedRow
from objstore.comparison.rows.compare import compare_rows
from objstore.comparison.rows.diff import RowDiff
from objstore.comparison.rows.pair import TablePair
from objstore.errors import UnreadableFileError
from tests.comparison.contents import InMemory
from tests.comparison.rows.tables import InParts

TYPES = {
    "whole": (pa.int64(), st.integers(-2, 3)),
    "small": (pa.int8(), st.integers(-2, 3)),
    "real": (pa.float64(), st.sampled_from([0.0, -0.0, 1.0, 2.5, math.nan])),
    "text": (pa.string(), st.sampled_from(["", "a", "1", "2.5", "a longer text", "a longer text "])),
    "large text": (pa.large_string(), st.sampled_from(["", "a", "1"])),
    "category": (pa.dictionary(pa.int8(), pa.string()), st.sampled_from(["a", "1", "b"])),
    "list": (pa.list_(pa.int16()), st.lists(st.integers(0, 1), max_size=2)),
    "record": (pa.struct([("x", pa.int16()), ("y", pa.string())]), st.fixed_dictionaries({"x": st.integers(0, 1), "y": st.just("y")})),
    "bytes": (pa.binary(), st.sampled_from([b"", b"\0", b"\0\0"])),
    "yes": (pa.bool_(), st.booleans()),
    "nothing": (pa.null(), st.none()),
}
TURNED = {"whole": ["small", "real", "text"], "text": ["whole", "category", "large text"], "category": ["text"]}
"""What the type of a column may turn into."""


@st.composite
def columns(draw: st.DrawFn) -> dict[str, tuple[str, str]]:
    """For each column its kind in the old and in the new table."""
    kinds = draw(st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=3))
    return {f"c{number}": (kind, draw(st.sampled_from([kind, *TURNED.get(kind, [])]))) for number, kind in enumerate(kinds)}


@st.composite
def table(draw: st.DrawFn, kinds: dict[str, str], rows: int) -> pa.Table:
    values = {name: draw(st.lists(st.none() | TYPES[kind][1], min_size=rows, max_size=rows)) for name, kind in kinds.items()}
    return pa.table({name: pa.array(values[name], TYPES[kind][0]) for name, kind in kinds.items()})


@st.composite
def in_parts(draw: st.DrawFn, made: pa.Table) -> InParts:
    cuts = sorted(draw(st.lists(st.integers(0, made.num_rows), max_size=2)))
    lengths = [end - start for start, end in zip([0, *cuts], [*cuts, made.num_rows], strict=True)]
    return InParts(made, lengths, batch=draw(st.sampled_from([1, 2, 1000])), known=draw(st.booleans()))


def plain(value: Any, other: str, own: str) -> Any:
    """A value of one kind in the form in which it is compared with those of another."""
    if value is None:
        return None
    if {own, other} == {"whole", "real"}:
        value = float(value)
    elif {own, other} == {"whole", "text"}:
        value = str(value)
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value + 0.0
    return repr(value)


def rows_of(made: pa.Table, kinds: dict[str, tuple[str, str]], side: int) -> list[tuple[Any, ...]]:
    """Rows over all columns."""
    listed = [[plain(value, pair[1 - side], pair[side]) for value in made[name].to_pylist()] for name, pair in kinds.items()]
    return list(zip(*listed, strict=True))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_rows_that_differ_are_those_that_plain_python_finds(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    kinds = data.draw(columns())
    old = data.draw(table({name: pair[0] for name, pair in kinds.items()}, data.draw(st.integers(0, 12))))
    new = data.draw(table({name: pair[1] for name, pair in kinds.items()}, data.draw(st.integers(0, 12))))
    pair = TablePair(data.draw(in_parts(old)), data.draw(in_parts(new)))
    before, after = Counter(rows_of(old, kinds, 0)), Counter(rows_of(new, kinds, 1))
    with compare_rows(pair, [], tmp_path_factory.getbasetemp(), limit=data.draw(st.sampled_from([1, 5, 1000]))) as found:
        assert found.removed + found.modified == (before - after).total()
        assert found.added + found.modified == (after - before).total()
        assert len(list(found.changes())) == found.added + found.removed + found.modified
        if found.key is None:
            assert found.modified == 0


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_rows_with_a_key_change_as_plain_python_finds(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    kinds = {"id": ("whole", data.draw(st.sampled_from(["whole", "text", "small"]))), **data.draw(columns())}
    made = []
    for side in (0, 1):
        keys = data.draw(st.lists(st.integers(0, 15), unique=True, max_size=12))
        rest = data.draw(table({name: pair[side] for name, pair in kinds.items() if name != "id"}, len(keys)))
        ids = pa.array(keys).cast(TYPES[kinds["id"][side]][0])
        made.append(rest.add_column(data.draw(st.integers(0, rest.num_columns)), "id", ids))
    pair = TablePair(*(data.draw(in_parts(each)) for each in made))
    listed = [
        {row[0]: row for row in rows_of(each.select(list(kinds)), {name: kinds[name] for name in kinds}, side)}
        for side, each in enumerate(made)
    ]
    if kinds["id"][1] == "small":
        assert all(isinstance(key, str) for each in listed for key in each)
    before, after = listed
    changed = {key for key in before.keys() & after.keys() if before[key] != after[key]}
    with compare_rows(pair, ["id"], tmp_path_factory.getbasetemp(), limit=data.draw(st.sampled_from([1, 5, 1000]))) as found:
        assert (found.removed, found.added) == (len(before.keys() - after.keys()), len(after.keys() - before.keys()))
        assert found.modified == len(changed)
        cells = Counter(name for key in changed for number, name in enumerate(kinds) if before[key][number] != after[key][number])
        assert found.changed_cells == cells
        shown = [change for change in found.changes() if isinstance(change, ModifiedRow)]
        assert {str(change.key["id"]) for change in shown} == {key.strip("'") for key in changed}
        assert Counter(cell.column for change in shown for cell in change.cells) == cells


def compared(tmp_path: Path, old: Any, new: Any, key: list[str] | None = None, **options: Any) -> RowDiff:
    tables = [each if isinstance(each, InParts) else InParts(each if isinstance(each, pa.Table) else pa.table(each)) for each in (old, new)]
    return compare_rows(TablePair(tables[0], tables[1]), key or [], tmp_path, **options)


def test_a_changed_cell_has_its_key_and_both_values(tmp_path: Path) -> None:
    found = compared(
        tmp_path, {"id": [1, 2, 3], "x": ["a", "b", "c"], "y": [1.5, 2.5, 3.5]}, {"id": [1, 2, 4], "x": ["a", "B", "d"], "y": [1.5, 2.5, 0]}
    )
    assert list(found.changes()) == [
        ModifiedRow({"id": 2}, [Cell("x", "b", "B")]),
        RemovedRow({"id": 3, "x": "c", "y": 3.5}),
        AddedRow({"id": 4, "x": "d", "y": 0.0}),
    ]
    assert (found.added, found.removed, found.modified, found.changed_cells) == (1, 1, 1, {"x": 1})
    assert found.key and list(found.key.columns) == ["id"] and found.key.found


def test_the_order_of_rows_and_columns_does_not_count(tmp_path: Path) -> None:
    found = compared(tmp_path, {"a": [1, 2, 3], "b": ["x", "y", "z"]}, {"b": ["z", "x", "y"], "a": [3, 1, 2]})
    assert not found and list(found.changes()) == []


def test_rows_are_compared_over_the_columns_that_both_have(tmp_path: Path) -> None:
    found = compared(tmp_path, {"id": [1, 2], "gone": ["x", "y"]}, {"id": [1, 3], "here": [0.5, 1.5]})
    assert [column.name for column in found.columns.added] == ["here"]
    assert [column.name for column in found.columns.removed] == ["gone"]
    assert list(found.changes()) == [RemovedRow({"id": 2, "gone": "y"}), AddedRow({"id": 3, "here": 1.5})]


def test_without_columns_in_common_only_the_number_of_rows_counts(tmp_path: Path) -> None:
    found = compared(tmp_path, {"a": [1, 2]}, {"b": [1, 2, 3]})
    assert (found.added, found.removed) == (1, 0)


def test_a_row_inserted_in_front_is_the_only_one_that_differs(tmp_path: Path) -> None:
    rows = list(range(5000))
    found = compared(
        tmp_path,
        InParts(pa.table({"n": rows, "m": rows}), [2000, 2000, 1000]),
        InParts(pa.table({"n": [-1, *rows], "m": [-1, *rows]}), [2000, 2000, 1001]),
    )
    assert list(found.changes()) == [AddedRow({"n": -1, "m": -1})]


def test_whole_numbers_that_do_not_fit_are_compared_as_text(tmp_path: Path) -> None:
    huge = 2**64 - 1
    found = compared(tmp_path, {"x": pa.array([1, 2], pa.int64())}, {"x": pa.array([1, huge], pa.uint64())})
    assert [(change.to_dict()["change"], change.to_dict()["row"]) for change in found.changes()] == [
        ("removed", {"x": 2}),
        ("added", {"x": huge}),
    ]
    assert [(column.old_type, column.type) for column in found.columns.type_changed] == [("int64", "uint64")]


def test_parts_that_are_the_same_are_not_read(tmp_path: Path) -> None:
    old = InParts(pa.table({"x": pa.array(range(3000), pa.float64())}), [1000, 1000, 1000])
    new = InParts(pa.table({"x": pa.array([*range(1000, 2000), *range(3000, 3500)], pa.float64())}), [1000, 500])
    found = compare_rows(TablePair(old, new, [(1, 0)]), [], tmp_path)
    assert (found.removed, found.added) == (2000, 500)
    assert {part for part, _ in old.reads} == {0, 2}


def test_columns_known_to_be_equal_are_read_on_one_side_and_only_where_others_differ(tmp_path: Path) -> None:
    def made(value: int) -> InParts:
        return InParts(pa.table({"id": range(2000), "x": [0] * 1500 + [value] + [0] * 499, "y": ["y"] * 2000}), [1000, 1000])

    old, new = made(1), made(2)
    found = compare_rows(TablePair(old, new, (), lambda a, b: ["id", "y"]), ["id"], tmp_path)
    assert list(found.changes()) == [ModifiedRow({"id": 1500}, [Cell("x", 1, 2)])]
    assert not any("y" in columns for _, columns in old.reads)
    assert [part for part, columns in new.reads if "y" in columns] == [1]


def test_a_key_that_a_table_has_not_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="the new table has no column 'id'.*it has 'other', 'x'"):
        compared(tmp_path, {"id": [1], "x": [2]}, {"other": [1], "x": [2]}, ["id"])


def test_a_key_that_repeats_is_refused_with_an_example_even_in_parts_that_are_the_same(tmp_path: Path) -> None:
    old = InParts(pa.table({"id": [1, 7, 3, 7, 7], "x": [1, 2, 3, 4, 5]}), [4, 1])
    new = InParts(pa.table({"id": [1, 7, 3, 7, 8], "x": [1, 2, 3, 4, 5]}), [4, 1])
    with pytest.raises(UnreadableFileError, match="'id' isn't a key: id=7 is there 3 times in the old table"):
        compare_rows(TablePair(old, new, [(0, 0)]), ["id"], tmp_path)
    assert not list(tmp_path.iterdir())


def test_two_columns_can_be_the_key(tmp_path: Path) -> None:
    old = {"day": ["mon", "mon", "tue"], "who": ["a", "b", "a"], "x": [0.5, 1.5, 2.5]}
    new = {"day": ["mon", "mon", "tue"], "who": ["a", "b", "a"], "x": [0.5, 9.5, 2.5]}
    change = ModifiedRow({"day": "mon", "who": "b"}, [Cell("x", 1.5, 9.5)])
    assert list(compared(tmp_path, old, new, ["day", "who"]).changes()) == [change]
    found = compared(tmp_path, old, new)
    assert found.key is not None and list(found.key.columns) == ["day", "who"] and list(found.changes()) == [change]


def test_the_key_that_is_found_is_the_one_that_is_called_so(tmp_path: Path) -> None:
    old = {"name": ["a", "b"], "order_id": [5, 6], "n": [1, 2], "x": [0.5, 1.5]}
    found = compared(tmp_path, old, {**old, "x": [9.0, 9.5]})
    assert found.key is not None and list(found.key.columns) == ["order_id"]


def test_row_numbers_are_no_key_where_another_column_does_as_well(tmp_path: Path) -> None:
    names = [f"n{at}" for at in range(50)]
    old = {"": list(range(50)), "user": names, "x": [at % 7 for at in range(50)]}
    new = {"": list(range(49)), "user": names[:9] + names[10:], "x": [at % 7 for at in range(50) if at != 9]}
    found = compared(tmp_path, old, new)
    assert found.key is not None and found.key.columns == ("user",) and (found.removed, found.modified) == (1, 40)
    edited = {**old, "user": [f"{name}!" if at % 3 == 0 else name for at, name in enumerate(names)]}
    found = compared(tmp_path, old, edited)
    assert found.key is not None and found.key.columns == ("",) and (found.added, found.modified) == (0, 17)


def test_text_that_looks_like_floats_is_a_key_only_if_nothing_else_is(tmp_path: Path) -> None:
    old = "score,at\n" + "".join(f"{at / 7},{at}\n" for at in range(30))
    new = "score,at\n" + "".join(f"{at / 7 if at else 0.5},{at}\n" for at in range(30))
    found = compare_rows(csv.pair(InMemory(old.encode(), "t.csv"), InMemory(new.encode(), "t.csv")), [], tmp_path)
    assert found.key is not None and found.key.columns == ("at",)


def test_it_is_told_how_far_numbers_have_moved_at_most(tmp_path: Path) -> None:
    old = {
        "id": [1, 2, 3],
        "f": [0.5, 1.0, float("nan")],
        "i": pa.array([1, None, 5], pa.int8()),
        "t": ["1", "2", "3"],
        "b": [True, True, True],
    }
    new = {"id": [1, 2, 3], "f": [0.5, 1.25, 1.0], "i": pa.array([-2, 4, 5], pa.int32()), "t": ["5", "2", "3"], "b": [False, True, True]}
    found = compared(tmp_path, old, new)
    assert found.changed_cells == {"f": 2, "i": 2, "t": 1, "b": 1}
    assert found.largest_change == {"f": 0.25, "i": 3.0}


def test_in_csv_numbers_are_those_that_the_text_says(tmp_path: Path) -> None:
    old, new = b"id,x,y,z\na,1,1,1\nb,0.30,2,2\nc,,3,3\n", b"id,x,y,z\na,1.0,1,1\nb,0.3,n/a,2\nc,5,3,4\n"
    found = compare_rows(csv.pair(InMemory(old, "t.csv"), InMemory(new, "t.csv")), ["id"], tmp_path)
    assert found.changed_cells == {"x": 3, "y": 1, "z": 1}
    assert found.largest_change == {"x": 0.0, "z": 1.0}


def test_a_column_that_is_unique_but_has_no_value_in_common_is_no_key(tmp_path: Path) -> None:
    found = compared(tmp_path, {"id": [1, 2], "code": ["a", "b"], "x": [0.5, 1.5]}, {"id": [3, 4], "code": ["a", "b"], "x": [2.5, 3.5]})
    assert found.key is not None and list(found.key.columns) == ["code"]
    assert found.changed_cells == {"id": 2, "x": 2}


def test_without_a_key_rows_are_added_and_removed(tmp_path: Path) -> None:
    found = compared(tmp_path, {"x": [0.5, 1.5, 1.5]}, {"x": [0.5, 0.5, 2.5]})
    assert found.key is None
    assert sorted(map(str, found.changes())) == sorted(
        map(str, [RemovedRow({"x": 1.5}), RemovedRow({"x": 1.5}), AddedRow({"x": 0.5}), AddedRow({"x": 2.5})])
    )


def test_many_changed_rows_in_another_order_find_each_other(tmp_path: Path) -> None:
    count = 100_000
    old = pa.table({"id": range(count), "x": range(count)})
    numbers = [(number * 7919) % count for number in range(count)]
    new = pa.table({"id": numbers, "x": [number + 1 for number in numbers]})
    found = compared(tmp_path, old, new, ["id"], limit=30_000)
    assert (found.added, found.removed, found.modified) == (0, 0, count)
    for change, number in zip(found.changes(), numbers, strict=True):
        assert change == ModifiedRow({"id": number}, [Cell("x", number, number + 1)])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (pa.array([True, False, None]), pa.array([1, 0, None])),
        (pa.array([True, False, None]), pa.array([1.0, 0.0, None])),
        (pa.array([0, 1, None], pa.date32()), pa.array([0, 86_400_000_000, None], pa.timestamp("us"))),
        (pa.array([1, 2, None], pa.timestamp("ms")), pa.array([1_000_000, 2_000_000, None], pa.timestamp("ns"))),
        (pa.array(["1", "2", None]), pa.array([1, 2, None])),
        (pa.array(["a", "b", None]), pa.array([b"a", b"b", None])),
        (pa.array(["a", "b", None]).dictionary_encode(), pa.array(["a", "b", None], pa.string_view())),
        (pa.array([1, 2, None], pa.decimal128(5, 1)), pa.array([1, 2, None], pa.decimal128(9, 4))),
        (pa.array([1, 2, None]), pa.array([1, 2, None], pa.decimal128(3, 2))),
        (pa.array([1, 2, None], pa.uint8()), pa.array([1, 2, None], pa.decimal256(76, 75))),
        (pa.array([1, 2, None], pa.decimal128(38, 1)), pa.array([1, 2, None], pa.decimal256(76, 40))),
        (pa.array([1, 2, None], pa.timestamp("us", "UTC")), pa.array([1000, 2000, None], pa.timestamp("ns", "Asia/Kolkata"))),
        (pa.array([1, 2, None], pa.uint64()), pa.array([1, 2, None], pa.int8())),
        (pa.array([[1], [], None]), pa.array([[1.0], [], None])),
        (pa.array([{"a": 1}, None, {"a": None}]), pa.array([{"a": 1.0}, None, {"a": None}])),
    ],
    ids=lambda array: str(array.type),
)
def test_equal_values_of_other_types_do_not_differ(tmp_path: Path, old: Any, new: Any) -> None:
    found = compared(tmp_path, {"x": old}, {"x": new})
    assert (found.added, found.removed) == (0, 0)
    assert [column.name for column in found.columns.type_changed] == ["x"]


def test_a_time_beyond_nanoseconds_does_not_hide_what_differs(tmp_path: Path) -> None:
    found = compared(tmp_path, {"x": pa.array([2**60], pa.timestamp("us"))}, {"x": pa.array([2**60], pa.timestamp("ns"))})
    assert (found.added, found.removed) == (1, 1)


@pytest.mark.parametrize("zones", [(None, None), ("UTC", "UTC"), ("UTC", "Asia/Kolkata")])
def test_a_time_beyond_nanoseconds_makes_no_other_differ(tmp_path: Path, zones: tuple[str | None, str | None]) -> None:
    times = [0, 1, 100_000, -1, 2**50]
    old = {"id": range(5), "x": pa.array([time * 1000 for time in times], pa.timestamp("ns", zones[0]))}
    new = {"id": range(6), "x": pa.array([*times, 2**60], pa.timestamp("us", zones[1]))}
    found = compared(tmp_path, old, new, ["id"])
    assert (found.added, found.removed, found.modified) == (1, 0, 0)


def test_a_time_with_a_zone_is_no_time_without_one(tmp_path: Path) -> None:
    found = compared(tmp_path, {"x": pa.array([1], pa.timestamp("us"))}, {"x": pa.array([1], pa.timestamp("us", "UTC"))})
    assert (found.added, found.removed) == (1, 1)


def test_large_rows_in_another_order_are_paired_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("objstore.comparison.rows.pairing._CHUNK_BYTES", 20_000)
    texts = [f"{number} " * 200 for number in range(200)]
    found = compared(
        tmp_path, {"id": range(200), "x": texts}, {"id": range(199, -1, -1), "x": [text + "." for text in texts[::-1]]}, ["id"]
    )
    assert list(found.changes(2)) == [ModifiedRow({"id": 199 - at}, [Cell("x", texts[199 - at], texts[199 - at] + ".")]) for at in range(2)]
    assert found.modified == 200
    assert len(list(tmp_path.glob("*/pairs/before-*"))) > 5
