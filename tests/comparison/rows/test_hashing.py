"""Hashes of rows: equal for equal values, however they are laid out, and for no others."""

import decimal
import math
from datetime import date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.comparison.rows.hashing import Hasher

HASHER = Hasher(7)

TEXT = st.text(max_size=30) | st.sampled_from(["", "\0", "\0\0", "a" * 8, "a" * 16, "a" * 256, "a" * 257, "b" + "a" * 999, "a" * 1000])
WHOLE = st.integers(-(2**63), 2**63 - 1) | st.integers(-2, 2)
KINDS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "int64": (pa.int64(), WHOLE),
    "int8": (pa.int8(), st.integers(-128, 127)),
    "uint64": (pa.uint64(), st.integers(0, 2**64 - 1)),
    "float64": (pa.float64(), st.floats() | st.sampled_from([0.0, -0.0, math.nan, math.inf])),
    "float32": (pa.float32(), st.floats(width=32)),
    "float16": (pa.float16(), st.sampled_from([0.0, -0.0, 1.5, 2.0])),
    "bool": (pa.bool_(), st.booleans()),
    "text": (pa.string(), TEXT),
    "large text": (pa.large_string(), TEXT),
    "bytes": (pa.binary(), st.binary(max_size=30)),
    "fixed bytes": (pa.binary(5), st.binary(min_size=5, max_size=5)),
    "decimal": (pa.decimal128(10, 2), st.decimals(-1000, 1000, places=2)),
    "date": (pa.date32(), st.dates(date(1970, 1, 1), date(1980, 1, 1))),
    "time": (pa.time64("us"), st.times(time(1), time(2))),
    "datetime": (pa.timestamp("us"), st.datetimes(datetime(2020, 1, 1), datetime(2021, 1, 1))),
    "duration": (pa.duration("us"), st.timedeltas(timedelta(0), timedelta(1))),
    "texts": (pa.list_(pa.string()), st.lists(st.none() | TEXT, max_size=4)),
    "numbers": (pa.large_list(pa.int16()), st.lists(st.none() | st.integers(0, 2), max_size=4)),
    "pairs": (pa.list_(pa.int16(), 2), st.lists(st.integers(0, 2), min_size=2, max_size=2)),
    "lists": (pa.list_(pa.list_(pa.bool_())), st.lists(st.none() | st.lists(st.none() | st.booleans(), max_size=2), max_size=3)),
    "record": (
        pa.struct([("a", pa.int8()), ("b", pa.string())]),
        st.fixed_dictionaries({"a": st.none() | st.integers(0, 2), "b": st.none() | st.sampled_from(["", "x"])}),
    ),
    "map": (pa.map_(pa.string(), pa.int8()), st.lists(st.tuples(st.sampled_from(["a", "b"]), st.none() | st.integers(0, 2)), max_size=2)),
    "nothing": (pa.null(), st.none()),
}


def hashes(array: Any) -> list[tuple[int, int]]:
    return list(zip(*(lane.tolist() for lane in HASHER.values(array, "column")), strict=True))


def said(value: Any) -> Any:
    """A value in a form in which equal ones are equal, and no others."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value + 0.0
    if isinstance(value, list | tuple):
        return tuple(said(each) for each in value)
    if isinstance(value, dict):
        return tuple((name, said(each)) for name, each in value.items())
    return None if value is None else (type(value).__name__, value)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_equal_values_hash_equally_and_others_do_not(kind: str, data: st.DataObject) -> None:
    type_, one = KINDS[kind]
    array = pa.array(data.draw(st.lists(st.none() | one, max_size=12)), type_)
    values = [said(value) for value in array.to_pylist()]
    found = hashes(array)
    assert len(found) == len(values)
    for lane in (0, 1):
        assert len({(value, each[lane]) for value, each in zip(values, found, strict=True)}) == len(set(values))
        assert len({each[lane] for each in found}) == len(set(values))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_slices_hash_like_the_whole(kind: str, data: st.DataObject) -> None:
    type_, one = KINDS[kind]
    array = pa.array(data.draw(st.lists(st.none() | one, min_size=1, max_size=12)), type_)
    start = data.draw(st.integers(0, len(array)))
    end = data.draw(st.integers(start, len(array)))
    piece = array.slice(start, end - start)
    assert hashes(piece) == hashes(array)[start:end]
    assert hashes(pa.array(piece.to_pylist(), type_)) == hashes(piece)


LAYOUTS = {
    "text": [pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string()), pa.run_end_encoded(pa.int32(), pa.string())],
    "bytes": [pa.large_binary(), pa.binary_view()],
    "texts": [pa.large_list(pa.string()), pa.list_(pa.large_string())],
    "float64": [pa.dictionary(pa.int16(), pa.float64())],
}


@pytest.mark.parametrize(("kind", "layout"), [(kind, layout) for kind, layouts in LAYOUTS.items() for layout in layouts], ids=str)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_layouts_do_not_matter(kind: str, layout: pa.DataType, data: st.DataObject) -> None:
    type_, one = KINDS[kind]
    array = pa.array(data.draw(st.lists(st.none() | one, min_size=1, max_size=12)), type_)
    if pa.types.is_dictionary(layout):
        other = array.dictionary_encode()
    elif pa.types.is_run_end_encoded(layout):
        other = pa.compute.run_end_encode(array)
    else:
        other = array.cast(layout)
    start = data.draw(st.integers(0, len(array)))
    assert hashes(other) == hashes(array)
    assert hashes(other.slice(start)) == hashes(array)[start:]


def test_nan_hashes_like_any_nan_and_zeros_alike() -> None:
    import numpy

    bits = numpy.array([0x7FF8000000000000, 0x7FF8000000000001, 0xFFF8000000000000], numpy.uint64)
    assert len(set(hashes(pa.array(bits.view(numpy.float64))))) == 1
    assert len(set(hashes(pa.array([0.0, -0.0])))) == 1


def test_null_is_no_zero_and_no_empty_text_and_no_empty_list() -> None:
    for array in (pa.array([0, None]), pa.array(["", None]), pa.array([[], None, [None]]), pa.array([{"a": None}, None])):
        assert len(set(hashes(array))) == len(array)


def test_a_row_is_what_its_columns_are_by_name() -> None:
    a, b = pa.array([1, 2, 3]), pa.array([2, 1, 3])
    both = [lane.tolist() for lane in HASHER.rows(["a", "b"], [a, b], 3)]
    assert both == [lane.tolist() for lane in HASHER.rows(["b", "a"], [b, a], 3)]
    swapped = [lane.tolist() for lane in HASHER.rows(["a", "b"], [b, a], 3)]
    assert all(x[:2] != y[:2] and x[2] == y[2] for x, y in zip(both, swapped, strict=True))


def test_another_seed_gives_other_hashes() -> None:
    array = pa.array([1, None])
    assert not set(Hasher(1).values(array)[0].tolist()) & set(Hasher(2).values(array)[0].tolist())


def test_many_rows_have_as_many_hashes_in_each_lane() -> None:
    import numpy

    numbers = numpy.arange(200_000)
    columns = [pa.array(numbers % 1000), pa.array(numbers // 1000), pa.array((numbers % 7).astype(str))]
    for lane in HASHER.rows(["a", "b", "c"], columns, len(numbers)):
        assert len(numpy.unique(lane)) == len(numbers)
        assert len(numpy.unique(lane >> numpy.uint64(58))) == 64


def test_decimals_of_one_scale_hash_by_value() -> None:
    found = hashes(pa.array([decimal.Decimal("1.50"), decimal.Decimal("1.5"), decimal.Decimal("-1.5")], pa.decimal128(20, 3)))
    assert found[0] == found[1] != found[2]
