"""JSON of cells."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.comparison.formats.texttables.jsontext import ABSENT, texts

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([1.0, -0.0, 1e16])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=5) | st.just(".0,e16"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def text_of(written: str) -> Any:
    value = msgspec.json.decode(written)
    return texts([value], {type(value)}).to_pylist()[0]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("1", "1"),
        ("1.0", "1"),
        ("1e0", "1"),
        ("-0.0", "0"),
        ("10.0", "10"),
        ("-10.0", "-10"),
        ("1e16", "10000000000000000"),
        ("-1.25e20", "-125000000000000000000"),
        ("1e300", "1e300"),
        ("1e-7", "1e-7"),
        ("0.10", "0.1"),
        ("9007199254740993", "9007199254740993"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ('"1.0"', '"1.0"'),
        ('"\\u0061\\n"', '"a\\n"'),
        ("null", "null"),
        (
            '{"b": [1.0, 2.50, -0.0], "a": {"d": 1e17, "c": "1.0,\\" 2."}}',
            '{"a":{"c":"1.0,\\" 2.","d":100000000000000000},"b":[1,2.5,0]}',
        ),
        ('["1e16", 1e16, 11.01, 1.05]', '["1e16",10000000000000000,11.01,1.05]'),
    ],
)
def test_a_cell_is_the_shortest_json_of_its_value(written: str, text: str) -> None:
    assert text_of(written) == text


@given(st.lists(VALUES | st.just(ABSENT), max_size=6))
def test_values_come_back_and_absent_ones_are_null(values: list[Any]) -> None:
    found = texts(values, set(map(type, values))).to_pylist()
    assert [ABSENT if text is None else msgspec.json.decode(text) for text in found] == values


@given(VALUES, VALUES)
def test_texts_are_equal_where_values_are(one: Any, other: Any) -> None:
    assert (text_of(msgspec.json.encode(one).decode()) == text_of(msgspec.json.encode(other).decode())) == alike(one, other)


def alike(one: Any, other: Any) -> bool:
    """Python takes true for 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    return bool(one == other)
