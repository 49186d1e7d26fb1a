"""NumPy's archives."""

import io
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.comparison.formats.npz import HANDLER, read
from objstore.comparison.tensors.compare import compare_tensors
from objstore.errors import UnreadableFileError
from tests.comparison.contents import InMemory
from tests.comparison.formats.trap import Trap
from tests.comparison.tensors.saved import as_npy, as_npz

ARRAYS: dict[str, Any] = {"weight": np.arange(60.0).reshape(20, 3), "text": np.array(["a", "bc"])}
FILES = {compressed: as_npz(ARRAYS, compressed=compressed) for compressed in (False, True)}
BOTH = pytest.mark.parametrize("compressed", FILES)


def archive(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as file:
        for name, data in members:
            file.writestr(name, data)
    return made.getvalue()


@BOTH
def test_what_numpy_wrote_is_read(compressed: bool) -> None:
    found = read(InMemory(FILES[compressed])).tensors
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        tensor = found[name]
        assert (tensor.dtype, tensor.shape) == (str(array.dtype), array.shape)
        for _ in range(2):
            assert tensor.source.open().read(array.nbytes) == array.tobytes()


def test_archives_of_both_kinds_are_compared() -> None:
    assert not compare_tensors(HANDLER.pair(InMemory(FILES[False]), InMemory(FILES[True])), block=100)


def test_a_member_that_is_no_array_is_compared_by_its_bytes() -> None:
    old, new = (InMemory(archive([("notes.txt", data), ("folder/", b"")])) for data in (b"abcd", b"abxd"))
    (change,) = compare_tensors(HANDLER.pair(old, new)).modified
    assert (change.name, change.old) == ("notes.txt", ("bytes", (4,)))
    assert change.figures is not None and change.figures.share == 1 / 4


@BOTH
def test_members_of_all_lengths_are_unpacked_to_their_end(compressed: bool) -> None:
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    for length in range(256 * 1024, 256 * 1024 + 600, 3):
        tensor = read(InMemory(archive([("a", bytes(length))], method), chunked=False)).tensors["a"]
        assert tensor.source.open().read(length) == bytes(length)


@BOTH
def test_every_truncation_is_refused(compressed: bool) -> None:
    for end in range(len(FILES[compressed])):
        with pytest.raises(UnreadableFileError, match="file can't be compared"):
            read(InMemory(FILES[compressed][:end], chunked=False))


@BOTH
@given(flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 7)), min_size=1, max_size=3))
def test_whatever_bits_are_flipped_it_is_refused_or_right(compressed: bool, flips: list[tuple[int, int]]) -> None:
    damaged = bytearray(FILES[compressed])
    for at, bit in flips:
        damaged[at % len(damaged)] ^= 1 << bit
    try:
        found = compare_tensors(HANDLER.pair(InMemory(FILES[compressed]), InMemory(bytes(damaged))))
    except UnreadableFileError:
        return
    try:
        loaded = dict(np.load(io.BytesIO(bytes(damaged)), allow_pickle=False))
    except Exception:  # NumPy looks at more than what is needed to tell that nothing has changed
        return
    equal = loaded.keys() == ARRAYS.keys() and all(np.array_equal(loaded[name], array) for name, array in ARRAYS.items())
    assert bool(found) != equal


@BOTH
def test_a_damaged_element_is_refused_when_it_is_read(compressed: bool) -> None:
    damaged = bytearray(FILES[compressed])
    member = read(InMemory(FILES[compressed])).tensors["weight"].source.stretch
    damaged[member.start + member.length // 2] ^= 1
    with pytest.raises(UnreadableFileError, match="its member 'weight.npy'"):
        compare_tensors(HANDLER.pair(InMemory(FILES[compressed]), InMemory(bytes(damaged))))


def test_two_members_of_one_name_are_refused() -> None:
    array = as_npy(np.ones(2))
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = archive([("a.npy", array), ("a.npy", array)])
    for each in (data, archive([("a.npy", array), ("a", array)])):
        with pytest.raises(UnreadableFileError, match="two members 'a'"):
            read(InMemory(each))


def test_other_ways_to_compress_are_refused() -> None:
    with pytest.raises(UnreadableFileError, match="'a.npy' is encrypted, or compressed in a way"):
        read(InMemory(archive([("a.npy", as_npy(np.ones(2)))], zipfile.ZIP_LZMA)))


def test_a_member_that_is_called_an_array_and_is_none_is_refused() -> None:
    with pytest.raises(UnreadableFileError, match="'a.npy' has no valid header"):
        read(InMemory(archive([("a.npy", b"text")])))


def test_an_array_that_is_longer_or_shorter_than_its_member_is_refused() -> None:
    array = as_npy(np.ones(4))
    for data in (array[:-1], array + b"x"):
        with pytest.raises(UnreadableFileError, match="'a.npy' has 3[13] bytes after its header, which isn't what float64"):
            read(InMemory(archive([("a.npy", data)])))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_size_that_can_t_be_is_refused(method: int) -> None:
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (4000000000,), }".ljust(117) + b"\n"
    data = archive([("a.npy", b"\x93NUMPY\1\0\x76\0" + header)], method)
    claimed = bytearray(data)
    at = data.rindex(b"PK\1\2")
    claimed[at + 24 : at + 28] = (4_000_000_128).to_bytes(4, "little")
    with pytest.raises(UnreadableFileError, match="can't have the 4,000,000,128 bytes"):
        read(InMemory(bytes(claimed)))


def test_members_that_overlap_are_refused() -> None:
    array = as_npy(np.ones(2))
    data = bytearray(archive([("a.npy", array), ("b.npy", array)]))
    second = data.rindex(b"PK\1\2")
    data[second + 42 : second + 46] = bytes(4)  # where the second begins
    with pytest.raises(UnreadableFileError, match="overlap"):
        read(InMemory(bytes(data)))


def test_a_bomb_fills_no_memory() -> None:
    big = np.zeros(5_000_000)
    old, new = (InMemory(as_npz({"a": array}, compressed=True)) for array in (big, big + 1))
    assert old.size < 100_000
    del big
    tracemalloc.start()
    try:
        (change,) = compare_tensors(HANDLER.pair(old, new)).modified
        assert tracemalloc.get_traced_memory()[1] < 25_000_000
    finally:
        tracemalloc.stop()
    assert change.figures is not None and change.figures.share == 1


def test_an_array_of_objects_is_never_loaded(tmp_path: Path) -> None:
    made = io.BytesIO()
    np.savez(made, fine=np.ones(2), trap=np.array([Trap(tmp_path / "sprung")], object))
    with pytest.raises(UnreadableFileError, match="'trap.npy' holds Python objects as a pickle"):
        read(InMemory(made.getvalue()))
    assert not (tmp_path / "sprung").exists()
