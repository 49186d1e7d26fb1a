"""Columns that may have been renamed."""

import random
from pathlib import Path
from typing import Any

import pyarrow as pa

from objstore.comparison.rows.compare import compare_rows
from objstore.comparison.rows.pair import TablePair
from tests.comparison.rows.tables import InParts

DICE = random.Random(3)
COUNT = 4000
WORDS = [f"word {DICE.randrange(3000)}" for _ in range(COUNT)]


def renamed(tmp_path: Path, old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str, int]]:
    with compare_rows(TablePair(*(InParts(pa.table(each)) for each in (old, new))), [], tmp_path) as found:
        return [tuple(each) for each in found.columns.renamed]  # type: ignore[misc]


def test_a_column_with_the_same_values_in_another_order_is_wholly_alike(tmp_path: Path) -> None:
    shuffled = DICE.sample(WORDS, COUNT)
    assert renamed(tmp_path, {"id": range(COUNT), "a": WORDS}, {"id": range(COUNT), "b": shuffled}) == [("a", "b", 100)]


def test_a_tenth_of_other_values_leaves_some_eighty_percent(tmp_path: Path) -> None:
    changed = [f"new {number}" if number % 10 == 0 else word for number, word in enumerate(WORDS)]
    ((old, new, similarity),) = renamed(tmp_path, {"a": WORDS}, {"b": changed})
    assert (old, new) == ("a", "b") and 74 <= similarity <= 90


def test_one_other_value_is_not_a_hundred_percent_where_all_are_known(tmp_path: Path) -> None:
    assert renamed(tmp_path, {"a": list(range(300))}, {"b": [-1, *range(1, 300)]}) == [("a", "b", 99)]


def test_other_content_or_another_type_is_no_renaming(tmp_path: Path) -> None:
    assert renamed(tmp_path, {"a": range(1000)}, {"b": range(1000, 2000)}) == []
    assert renamed(tmp_path, {"a": range(1000)}, {"b": [float(number) for number in range(1000)]}) == []


def test_few_distinct_values_need_a_like_name_too(tmp_path: Path) -> None:
    flags = [DICE.random() < 0.5 for _ in range(COUNT)]
    assert renamed(tmp_path, {"is_new": flags}, {"paid": flags}) == []
    assert renamed(tmp_path, {"is_new": flags}, {"isNew": flags}) == [("is_new", "isNew", 100)]
    assert renamed(tmp_path, {"is_new": flags}, {"isNew": [not flag for flag in flags]}) == []


def test_each_column_is_in_one_pair_and_the_best_is_taken(tmp_path: Path) -> None:
    near = [f"{word}!" if at % 10 == 0 else word for at, word in enumerate(WORDS)]  # a sample sees so many
    found = renamed(tmp_path, {"a": WORDS, "b": near}, {"c": near, "d": WORDS})
    assert [similarity for _, _, similarity in found] == [100, 100]
    assert {(old, new) for old, new, _ in found} == {("a", "d"), ("b", "c")}


def test_a_single_other_value_among_many_is_never_a_hundred_percent(tmp_path: Path) -> None:
    ((_, _, similarity),) = renamed(tmp_path, {"a": range(50_000)}, {"b": [*range(49_999), -1]})
    assert similarity == 99


def test_columns_without_rows_are_not_alike(tmp_path: Path) -> None:
    assert renamed(tmp_path, {"a": pa.array([], pa.int64())}, {"b": pa.array([], pa.int64())}) == []


def test_of_very_many_columns_those_with_equal_values_are_paired(tmp_path: Path) -> None:
    old = {f"a{number}": range(number, number + 20) for number in range(300)}
    new = {f"b{number}": range(number, number + 20) for number in reversed(range(300))}
    found = renamed(tmp_path, old, new)
    assert sorted(found) == sorted((f"a{number}", f"b{number}", 100) for number in range(300))


def test_only_equal_values_are_a_hundred_percent_alike(tmp_path: Path) -> None:
    for at in range(0, COUNT, COUNT // 8):
        near = [*WORDS[:at], "other", *WORDS[at + 1 :]]
        ((_, _, similarity),) = renamed(tmp_path, {"a": WORDS}, {"b": near})
        assert similarity == 99
