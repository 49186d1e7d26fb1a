"""Rows that one side has more often, from hashes in memory and in files."""

from collections import Counter
from pathlib import Path

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.comparison.rows.multiset import surplus
from objstore.comparison.rows.partners import partners
from objstore.comparison.rows.pool import NEW, OLD, Entries, Pool

# Few values, so that rows are repeated; and equal first halves with different second ones.
HASH = st.tuples(st.sampled_from([0, 1, 2**63, 2**64 - 1]), st.integers(0, 2))
SIDE = st.lists(HASH, max_size=12)


def lanes(hashes: list[tuple[int, int]]) -> tuple[numpy.ndarray, numpy.ndarray]:
    return tuple(numpy.array([each[lane] for each in hashes], numpy.uint64) for lane in (0, 1))  # type: ignore[return-value]


@settings(max_examples=100, deadline=None)
@given(SIDE, SIDE, st.sampled_from([1, 3, 100]))
def test_the_last_of_those_that_are_repeated_are_in_surplus(
    tmp_path_factory: pytest.TempPathFactory, old: list[tuple[int, int]], new: list[tuple[int, int]], limit: int
) -> None:
    pool = Pool(tmp_path_factory.mktemp("pool"), limit)
    for side, hashes in ((OLD, old), (NEW, new)):
        for start in range(0, len(hashes), 4):
            piece = hashes[start : start + 4]
            pool.add(side, lanes(piece), numpy.arange(start, start + len(piece), dtype=numpy.uint64))
    found: tuple[list[int], list[int]] = ([], [])
    for entries in pool.partitions():
        for places, more in zip(found, surplus(entries), strict=True):
            places.extend(more.tolist())
    common = Counter(old) & Counter(new)
    for hashes, places in ((old, found[0]), (new, found[1])):
        seen: Counter[tuple[int, int]] = Counter()
        expected = []
        for place, each in enumerate(hashes):
            seen[each] += 1
            if seen[each] > common[each]:
                expected.append(place)
        assert sorted(places) == expected


def test_beyond_its_limit_a_pool_keeps_a_partition_in_memory(tmp_path: Path) -> None:
    pool = Pool(tmp_path, 1000)
    random = numpy.random.default_rng(5)
    for _ in range(50):
        values = random.integers(0, 2**64, 200, numpy.uint64)
        pool.add(NEW, (values, values), values)
    sizes = [len(entries.new) for entries in pool.partitions()]
    assert sum(sizes) == 10_000 and max(sizes) < 500
    assert not list((tmp_path / "pool").iterdir())


@settings(max_examples=100, deadline=None)
@given(SIDE, SIDE)
def test_keys_match_or_are_found_to_repeat(old: list[tuple[int, int]], new: list[tuple[int, int]]) -> None:
    found = partners(lanes(old), lanes(new))
    if len(set(old)) < len(old) or len(set(new)) < len(new):
        assert found is None
    else:
        assert found.tolist() == [old.index(each) if each in old else -1 for each in new]


def test_many_keys_match_in_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("objstore.comparison.rows.partners._AT_ONCE", 1000)
    values = numpy.random.default_rng(6).integers(0, 2**64, 20_000, numpy.uint64)
    order = numpy.random.default_rng(7).permutation(20_000)
    assert (partners((values, values), (values[order], values[order])) == order).all()


def test_entries_of_one_side_alone_are_all_in_surplus() -> None:
    entries = numpy.array([(1, 2, 3), (1, 2, 4)], [("first", "<u8"), ("second", "<u8"), ("place", "<u8")])
    assert [each.tolist() for each in surplus(Entries(entries, entries[:0]))] == [[3, 4], []]
