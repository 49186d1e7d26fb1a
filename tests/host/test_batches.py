"""Items come some at a time, and none too soon."""

from itertools import count, islice

import pytest

from objstore.host.batches import batches


@pytest.mark.parametrize(("items", "expected"), [("", []), ("ab", ["ab"]), ("abcd", ["ab", "cd"]), ("abcde", ["ab", "cd", "e"])])
def test_all_items_come_in_order(items: str, expected: list[str]) -> None:
    assert ["".join(batch) for batch in batches(items, 2)] == expected


def test_no_more_are_taken_than_were_asked_for() -> None:
    numbers = count()
    assert list(islice(batches(numbers, 3), 2)) == [[0, 1, 2], [3, 4, 5]]
    assert next(numbers) == 6
