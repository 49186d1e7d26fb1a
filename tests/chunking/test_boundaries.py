"""Where files are cut depends on their bytes and on nothing else."""

from collections.abc import Iterator

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.chunking.boundaries import MAX_SIZE, MIN_SIZE, cut

NOISE = blake3(b"boundaries").digest(length=4 << 20)
WHOLE = cut(NOISE, final=True)


def streamed(data: bytes, blocks: list[int]) -> list[int]:
    """The boundaries found by reading `data` in blocks of these sizes, over and over."""
    ends: list[int] = []
    start = at = 0
    while at < len(data):
        for size in blocks:
            at = min(at + size, len(data))
            ends += [start + end for end in cut(memoryview(data)[start:at], final=False)]
            start = ends[-1] if ends else 0
    return ends + [start + end for end in cut(data[start:], final=True)]


def sizes(ends: list[int]) -> Iterator[int]:
    return (b - a for a, b in zip([0, *ends], ends, strict=False))


@given(st.lists(st.integers(1, 1 << 20), min_size=1, max_size=8).filter(lambda blocks: sum(blocks) > 1 << 16))
@settings(max_examples=30)
def test_boundaries_are_independent_of_the_blocks_read(blocks: list[int]) -> None:
    assert streamed(NOISE, blocks) == WHOLE


@pytest.mark.parametrize("block", [1, 2, 4095, 4097])
def test_boundaries_are_independent_of_odd_block_sizes(block: int) -> None:
    data = NOISE[: MIN_SIZE + 8192] if block < 3 else NOISE[: 1 << 20]
    assert streamed(data, [block]) == cut(data, final=True)


@pytest.mark.parametrize("byte", [b"\0", b"a", b"\xff"])
def test_uniform_bytes_are_cut_alike_however_they_are_read(byte: bytes) -> None:
    data = byte * (3 * MAX_SIZE + 12345)
    assert streamed(data, [100_000]) == cut(data, final=True)
    assert max(sizes(cut(data, final=True))) <= MAX_SIZE


@given(st.integers(0, len(NOISE)), st.integers(0, len(NOISE)))
@settings(max_examples=40)
def test_chunks_cover_the_data_within_the_limits(start: int, length: int) -> None:
    data = NOISE[start : start + length]
    ends = cut(data, final=True)
    assert (ends[-1] if ends else 0) == len(data)
    assert all(size <= MAX_SIZE for size in sizes(ends))
    assert all(size >= MIN_SIZE for size in list(sizes(ends))[:-1])


@pytest.mark.parametrize("length", [0, 1, MIN_SIZE - 1, MIN_SIZE])
def test_a_file_up_to_the_minimum_is_one_chunk_and_an_empty_one_none(length: int) -> None:
    assert cut(NOISE[:length], final=True) == ([length] if length else [])
    assert cut(NOISE[:length], final=False) == []


@given(st.integers(1, len(NOISE)))
@settings(max_examples=40)
def test_what_follows_never_moves_a_boundary_that_was_found(length: int) -> None:
    found = cut(NOISE[:length], final=False)
    assert found == WHOLE[: len(found)]
    assert length - (found[-1] if found else 0) <= MAX_SIZE


def test_boundaries_come_back_soon_after_an_edit() -> None:
    edited = NOISE[: 1 << 20] + b"inserted" + NOISE[1 << 20 :]
    shifted = {end - 8 for end in cut(edited, final=True)}
    missing = [end for end in WHOLE if end > (1 << 20) and end not in shifted]
    assert len(missing) <= 3
    assert [end for end in WHOLE if end < (1 << 20)] == [end for end in cut(edited, final=True) if end < (1 << 20)]
