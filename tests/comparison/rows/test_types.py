"""Types of columns."""

import pyarrow as pa
import pytest

from objstore.comparison.rows.types import in_common, word


@pytest.mark.parametrize(
    ("type_", "said"),
    [
        (pa.int64(), "int64"),
        (pa.float64(), "float64"),
        (pa.float16(), "float16"),
        (pa.large_string(), "string"),
        (pa.string_view(), "string"),
        (pa.large_binary(), "binary"),
        (pa.timestamp("us"), "timestamp[us]"),
        (pa.timestamp("ms", "UTC"), "timestamp[ms, tz=UTC]"),
        (pa.dictionary(pa.int8(), pa.large_string()), "dictionary<string>"),
        (pa.list_(pa.float32()), "list<float32>"),
        (pa.list_(pa.float32(), 3), "list<float32>[3]"),
        (pa.struct([("a", pa.large_list(pa.bool_()))]), "struct<a: list<bool>>"),
        (pa.map_(pa.string(), pa.int8()), "map<string, int8>"),
        (pa.decimal128(10, 2), "decimal128(10, 2)"),
    ],
)
def test_what_people_call_a_type(type_: pa.DataType, said: str) -> None:
    assert word(type_) == said


@pytest.mark.parametrize(
    ("old", "new", "common"),
    [
        (pa.int32(), pa.int64(), pa.int64()),
        (pa.int64(), pa.float32(), pa.float64()),
        (pa.int64(), pa.string(), pa.string()),
        (pa.string(), pa.large_string(), pa.large_string()),
        (pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.int16(), pa.string()), pa.string()),
        (pa.timestamp("us"), pa.timestamp("ns"), pa.timestamp("ns")),
        (pa.timestamp("us", "UTC"), pa.timestamp("us"), pa.string()),
        (pa.bool_(), pa.int8(), pa.int8()),
        (pa.date32(), pa.timestamp("ms"), pa.timestamp("ms")),
        (pa.null(), pa.date32(), pa.date32()),
        (pa.list_(pa.int8()), pa.int8(), pa.string()),
    ],
    ids=str,
)
def test_the_type_in_which_two_are_compared_is_the_same_in_both_directions(old: pa.DataType, new: pa.DataType, common: pa.DataType) -> None:
    assert in_common(old, new) == common == in_common(new, old)
