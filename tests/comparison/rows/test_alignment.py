"""Parts that are compared with each other."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from objstore.comparison.rows.alignment import align, side_by_side

PARTS = st.lists(st.none() | st.integers(1, 3), max_size=8)


def test_between_parts_that_are_the_same_others_pair_up_from_both_ends() -> None:
    found = align([5, 6, 7, 8, 9], [5, 1, 7, 2, 8, 9], [(2, 2)])
    assert sorted(found.pairs) == [(0, 0), (3, 4), (4, 5)]
    assert (found.old, found.new) == ([1], [1, 3])


def test_parts_of_unknown_length_pair_with_none() -> None:
    assert align([None, 3], [None, 3], []) == ([(1, 1)], [0], [0])


@given(PARTS, PARTS, st.data())
def test_each_part_is_in_one_place(old: list[int | None], new: list[int | None], data: st.DataObject) -> None:
    count = data.draw(st.integers(0, min(len(old), len(new))))
    same = list(zip(data.draw(st.permutations(range(len(old))))[:count], data.draw(st.permutations(range(len(new))))[:count], strict=True))
    found = align(old, new, same)
    assert sorted([a for a, _ in [*same, *found.pairs]] + found.old) == list(range(len(old)))
    assert sorted([b for _, b in [*same, *found.pairs]] + found.new) == list(range(len(new)))
    assert all(old[a] == new[b] is not None for a, b in found.pairs)


@given(st.lists(st.integers(0, 4), max_size=5), st.lists(st.integers(0, 4), max_size=5))
def test_batches_of_any_lengths_go_side_by_side(old: list[int], new: list[int]) -> None:
    def batches(lengths: list[int]) -> list[pa.RecordBatch]:
        starts = [sum(lengths[:at]) for at in range(len(lengths))]
        return [pa.record_batch({"n": pa.array(range(start, start + n), pa.int64())}) for start, n in zip(starts, lengths, strict=True)]

    pairs = list(side_by_side(iter(batches(old)), iter(batches(new))))
    assert all(a.equals(b) for a, b in pairs)
    assert [n for a, _ in pairs for n in a["n"].to_pylist()] == list(range(min(sum(old), sum(new))))
