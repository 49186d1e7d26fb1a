"""Types of cells."""

import itertools

import pyarrow
import pytest

from objstore.comparison.formats.texttables.celltypes import MIXED, TEXT, CellTypes, joined, of_json, of_texts
from objstore.comparison.rows.pair import EMPTY, UNREAD


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-20", "", "0"], "int"),
        (["123456789012345678901234567890", "1"], "int"),
        (["1", "1.5"], "float"),
        (["1e5", "nan", "-inf"], "float"),
        (["true", "False", ""], "bool"),
        (["true", "1"], "text"),
        (["2024-02-29", ""], "date"),
        (["2024-02-29", "2024-02-29 12:00:00"], "datetime"),
        (["2024-02-29T12:00:00Z", "2024-02-29T12:00:00+02:00"], "datetime"),
        (["23:59", "07:00:01.5"], "time"),
        (["24:00"], "text"),
        (["2024-02-30"], "text"),
        (["1", "x"], "text"),
        (["1"] * 20 + ["x"], "text"),
        (["", ""], "empty"),
        ([], "empty"),
    ],
)
def test_texts_are_called_what_they_all_can_be_read_as(cells: list[str], kind: str) -> None:
    array = pyarrow.array(cells, pyarrow.string())
    for supposed in (UNREAD, EMPTY, "int", "bool", kind):
        assert of_texts(array, supposed) == kind


def test_cells_are_called_what_earlier_ones_were_if_they_can_be() -> None:
    assert of_texts(pyarrow.array(["1"]), "float") == "float"
    assert of_texts(pyarrow.array(["2024-01-01"]), "datetime") == "datetime"
    assert of_texts(pyarrow.array(["1"]), TEXT) == TEXT


def test_json_values_are_called_by_their_type() -> None:
    names = {int: "int", float: "float", str: "text", bool: "bool", dict: "object", list: "list", type(None): EMPTY}
    assert {each: of_json({each}) for each in names} == names
    assert of_json({int, float, type(None)}) == "float"
    assert of_json({int, bool}) == MIXED


def test_a_type_widens_in_the_same_way_in_every_order() -> None:
    kinds = (UNREAD, EMPTY, "int", "float", "bool", "date", "datetime", "time", TEXT)
    for three in itertools.product(kinds, repeat=3):
        results = {joined(joined(a, b, TEXT), c, TEXT) for a, b, c in itertools.permutations(three)}
        assert len(results) == 1, three
    assert joined("int", "float", TEXT) == "float"
    assert joined("int", "date", TEXT) == TEXT


def test_columns_widen_one_by_one() -> None:
    types = CellTypes(["a", "b", "c"], TEXT)
    types.add("a", "int")
    types.add("a", "float")
    types.add("b", EMPTY)
    assert types.seen == {"a": "float", "b": EMPTY, "c": UNREAD}
