"""Which lines of two texts go together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.comparison.text.matching import match


@given(
    st.lists(st.integers(0, 12).map(str), max_size=60), st.lists(st.integers(0, 12).map(str), max_size=60), st.sampled_from([0, 50, 10**6])
)
def test_lines_that_go_together_are_equal_and_ascend(old: list[str], new: list[str], most_work: int) -> None:
    blocks, _ = match(old, new, most_work)
    x = y = 0
    for block in blocks:
        assert x <= block.old and y <= block.new and block.length
        assert old[block.old : block.old + block.length] == new[block.new : block.new + block.length] != []
        x, y = block.old + block.length, block.new + block.length
    assert x <= len(old) and y <= len(new)


@pytest.mark.parametrize("kept", [2, 3])
def test_a_long_text_in_which_every_other_line_changes_is_matched_line_by_line(kept: int) -> None:
    old = [str(number) for number in range(30_000)]
    new = [line if number % kept else f"new {line}" for number, line in enumerate(old)]
    blocks, is_rough = match(old, new)
    assert not is_rough
    assert sum(block.length for block in blocks) == 30_000 - len(range(0, 30_000, kept))


def test_what_moved_is_matched_where_most_stays_in_order() -> None:
    old = [str(number) for number in range(100)]
    assert match(old, [*old[10:], *old[:10]]) == ([(10, 0, 90)], False)


def test_lines_that_are_there_several_times_are_matched_as_well() -> None:
    old = ["{", "a", "}", "{", "b", "}"]
    new = ["{", "a", "}", "{", "c", "}", "{", "b", "}"]
    blocks, _ = match(old, new)
    assert sum(block.length for block in blocks) == 6


def test_work_that_is_too_much_is_left_out_and_said_to_be() -> None:
    old, new = ["x", "a", "b", "a", "b", "y"], ["x", "b", "a", "b", "a", "y"]
    assert match(old, new, 15) == ([(0, 0, 1), (5, 5, 1)], True)
    blocks, is_rough = match(old, new, 16)
    assert not is_rough and sum(block.length for block in blocks) == 5
