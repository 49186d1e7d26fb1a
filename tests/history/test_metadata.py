import array
import enum
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.errors import InvalidInputError, InvalidTypeError
from objstore.history.metadata import canonical, check_metadata


class Color(enum.StrEnum):
    RED = "red"


class Scalar:
    """As a number of numpy's: neither an int nor a float, but it has `item`."""

    def __init__(self, value):
        self.value = value

    def item(self):
        return self.value


class Stubborn:
    """As numpy's longdouble: what it gives is of its own type again."""

    def tolist(self):
        return self

    item = tolist


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ({"a": (1, 2)}, {"a": [1, 2]}),
        ({"a": {3, 1, 2}}, {"a": [1, 2, 3]}),
        ({"a": frozenset({"y", "x"})}, {"a": ["x", "y"]}),
        ({"a": array.array("d", [0.5, math.nan])}, {"a": [0.5, None]}),
        ({"a": Scalar(3), "b": Scalar(math.nan)}, {"a": 3, "b": None}),
        ({"a": math.nan}, {"a": None}),
        ({1: "a", 2.5: "b", False: "c", None: "d"}, {"1": "a", "2.5": "b", "false": "c", "null": "d"}),
        ({Scalar(7): 1}, {"7": 1}),
        ({"a": Color.RED}, {"a": "red"}),
        ({"a": {"b": ({"c": ()},)}}, {"a": {"b": [{"c": []}]}}),
        ({}, {}),
    ],
)
def test_what_json_can_say_is_said_in_json(given_, kept):
    assert check_metadata(given_) == kept


@pytest.mark.parametrize("bad", [math.inf, -math.inf, 2**64, -(2**63) - 1, "\ud800", array.array("d", [math.inf])])
def test_values_that_json_cannot_carry_are_refused(bad):
    with pytest.raises(InvalidInputError):
        check_metadata({"a": [bad]})


@pytest.mark.parametrize("bad", [b"x", object(), Stubborn(), int, 1j, range(3)])
def test_unserializable_values_are_type_errors_that_say_where(bad):
    with pytest.raises(InvalidTypeError, match=r"metadata\['a'\]\[0\]"):
        check_metadata({"a": [bad]})


@pytest.mark.parametrize("top", [[], "x", 3, None, [("a", 1)]])
def test_the_top_is_an_object(top):
    with pytest.raises(TypeError):
        check_metadata(top)


@pytest.mark.parametrize("key", [(1, 2), b"a", math.nan])
def test_keys_are_what_json_makes_strings_of(key):
    with pytest.raises(InvalidInputError):
        check_metadata({"a": {key: 1}})


def test_two_keys_that_become_one_are_refused():
    with pytest.raises(InvalidInputError, match="two keys"):
        check_metadata({1: "a", "1": "b"})


def test_a_hundred_keys_at_the_top_are_the_limit():
    assert len(check_metadata({str(n): {str(m): m for m in range(200)} for n in range(100)})) == 100
    with pytest.raises(InvalidInputError, match="101 keys"):
        check_metadata({str(n): n for n in range(101)})


def test_what_contains_itself_is_refused_and_what_occurs_twice_is_not():
    loop: dict[str, object] = {}
    loop["self"] = [loop]
    with pytest.raises(InvalidInputError, match="contains itself"):
        check_metadata(loop)
    shared = [1]
    assert check_metadata({"a": shared, "b": shared}) == {"a": [1], "b": [1]}


def test_deep_nesting_is_refused_not_a_crash():
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InvalidInputError, match="nested"):
        check_metadata({"a": deep})
    while isinstance(deep, list):  # taken apart by hand: freeing it at once would recurse
        deep = deep.pop()


def test_the_copy_shares_nothing_with_the_original():
    original = {"a": [1, {"b": 2}]}
    copy = check_metadata(original)
    original["a"][1]["b"] = 3
    original["a"].append(4)
    assert copy == {"a": [1, {"b": 2}]}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), json_values, max_size=8))
def test_json_stays_as_it_is_but_for_the_order_of_keys(value):
    kept = check_metadata(value)
    assert kept == value
    assert json.dumps(kept) == json.dumps(value, sort_keys=True)
    assert json.dumps(canonical(value)) == json.dumps(kept)
