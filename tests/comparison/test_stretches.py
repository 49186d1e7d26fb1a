"""Stretches of two contents that are the same bytes."""

import random
from itertools import pairwise

import pytest

from objstore.comparison.content import chunk_rows
from objstore.comparison.stretches import common_runs, same_bytes
from tests.comparison.contents import InMemory

DICE = random.Random(7)
SHARED = DICE.randbytes(3_000_000)
BEFORE, OTHER_BEFORE, AFTER = DICE.randbytes(150_000), DICE.randbytes(90_001), DICE.randbytes(5_000)
OLD, NEW = BEFORE + SHARED + AFTER, OTHER_BEFORE + SHARED

KINDS = [(True, True), (True, False), (False, True), (False, False)]


@pytest.mark.parametrize(("old_chunked", "new_chunked"), KINDS)
def test_equal_stretches_at_different_places_are_the_same(old_chunked: bool, new_chunked: bool) -> None:
    old, new = InMemory(OLD, chunked=old_chunked), InMemory(NEW, chunked=new_chunked)
    assert same_bytes(old, len(BEFORE), new, len(OTHER_BEFORE), len(SHARED))


@pytest.mark.parametrize(("old_chunked", "new_chunked"), KINDS)
@pytest.mark.parametrize("at", [0, 1, 1_234_567, len(SHARED) - 1])
def test_one_other_byte_is_seen(old_chunked: bool, new_chunked: bool, at: int) -> None:
    changed = bytearray(NEW)
    changed[len(OTHER_BEFORE) + at] ^= 1
    old, new = InMemory(OLD, chunked=old_chunked), InMemory(bytes(changed), chunked=new_chunked)
    assert not same_bytes(old, len(BEFORE), new, len(OTHER_BEFORE), len(SHARED))


def test_chunks_that_both_have_are_not_read() -> None:
    old, new = InMemory(OLD), InMemory(NEW)
    assert same_bytes(old, len(BEFORE), new, len(OTHER_BEFORE), len(SHARED))
    assert old.read_bytes < len(SHARED) / 4 and new.read_bytes < len(SHARED) / 4


def test_where_one_side_has_chunks_only_the_other_is_read() -> None:
    old, new = InMemory(OLD), InMemory(NEW, chunked=False)
    assert same_bytes(old, len(BEFORE), new, len(OTHER_BEFORE), len(SHARED))
    assert old.read_bytes < len(SHARED) / 4 and new.read_bytes == len(SHARED)


def test_nothing_is_the_same_as_nothing() -> None:
    assert same_bytes(InMemory(b""), 0, InMemory(b"abc"), 1, 0)


def test_common_runs_are_equal_bytes_that_lie_in_no_other_run() -> None:
    middle = OLD[:1_000_000] + b"inserted" + OLD[1_000_000:2_000_000] + OLD[2_400_000:] + OLD[2_000_000:2_400_000]
    runs = common_runs(chunk_rows(InMemory(OLD)), chunk_rows(InMemory(middle)))
    assert all(OLD[run.old : run.old + run.length] == middle[run.new : run.new + run.length] for run in runs)
    for side in ("old", "new"):
        stretches = sorted((getattr(run, side), getattr(run, side) + run.length) for run in runs)
        assert all(end <= start for (_, end), (start, _) in pairwise(stretches))
    assert sum(run.length for run in runs) > len(OLD) * 0.7


def test_common_runs_of_equal_contents_are_one() -> None:
    assert common_runs(chunk_rows(InMemory(OLD)), chunk_rows(InMemory(OLD))) == [(0, 0, len(OLD))]


def test_a_chunk_that_one_side_has_more_often_is_common_only_as_often_as_the_other_has_it() -> None:
    once, twice = [(b"a", 5), (b"b", 7)], [(b"a", 5), (b"a", 5), (b"c", 1), (b"b", 7)]
    assert common_runs(once, twice) == [(0, 0, 5), (5, 11, 7)]
    assert sum(run.length for run in common_runs(twice, once)) == 12


def test_contents_without_chunks_in_common_have_no_runs() -> None:
    assert common_runs([(b"a", 5)], [(b"b", 5)]) == []
    assert common_runs([], [(b"b", 5)]) == []
