"""NumPy's files of one array."""

import io
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.comparison.formats.npy import HANDLER, read
from objstore.comparison.tensors.compare import compare_tensors
from objstore.errors import SourceFileError, UnreadableFileError
from tests.comparison.contents import InMemory
from tests.comparison.formats.trap import Trap
from tests.comparison.tensors.saved import as_npy

FILE = as_npy(np.arange(6, dtype="f4").reshape(2, 3))


def file(header: str, data: bytes = b"", version: int = 1) -> bytes:
    text = header.encode("utf-8" if version == 3 else "latin-1")
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + data


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_all_versions_of_the_format_are_read(version: tuple[int, int]) -> None:
    made = io.BytesIO()
    np.lib.format.write_array(made, np.arange(6.0).reshape(2, 3), version=version)
    tensor = read(InMemory(made.getvalue())).tensors[""]
    assert (tensor.dtype, tensor.shape, tensor.fortran) == ("float64", (2, 3), False)
    assert np.frombuffer(tensor.source.open().read(48)).tolist() == [0, 1, 2, 3, 4, 5]


def test_what_python_2_wrote_is_read() -> None:
    content = InMemory(file("{'descr': '<i2', 'fortran_order': False, 'shape': (3L, 12L), }", bytes(72)))
    assert read(content).tensors[""].shape == (3, 12)


def test_names_of_fields_may_be_any_text() -> None:
    array = np.zeros(2, [("größe", "f4"), ("長さ", "i2")])
    with pytest.warns(UserWarning, match="format 3.0"):
        data = as_npy(array)
    assert "größe" in read(InMemory(data)).tensors[""].dtype


@pytest.mark.parametrize("end", range(len(FILE)))
def test_every_truncation_is_refused(end: int) -> None:
    with pytest.raises(UnreadableFileError, match="file can't be compared"):
        read(InMemory(FILE[:end]))


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1152921504606846976, 4)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (True,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': [1]}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<f4', 'shape': (1,)}",
        "{'descr': 'nonsense', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': ('<f4', (2147483647, 2147483647)), 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<V2147483647', 'fortran_order': False, 'shape': (2147483647,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "1," * 65 + ")}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + f"{10**18}," * 60 + ")}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 4000 + ",)}",
        "{'descr': '" + "x" * 60_000 + "', 'fortran_order': False, 'shape': (1,)}",
        "[" * 60_000,
        "-" * 60_000 + "1",
        "__import__('os').getcwd()",
        "\0",
        "",
    ],
)
def test_lies_are_refused(header: str) -> None:
    tracemalloc.start()
    try:
        for version in (1, 2, 3):
            with pytest.raises(UnreadableFileError, match="file can't be compared") as caught:
                read(InMemory(file(header, bytes(4), version)))
            assert len(str(caught.value)) < 500
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def test_bytes_after_the_array_are_refused() -> None:
    with pytest.raises(UnreadableFileError, match="it has 25 bytes after its header, which isn't what float32 and the shape '.2, 3.' take"):
        read(InMemory(FILE + b"x"))


def test_an_array_of_objects_is_never_loaded(tmp_path: Path) -> None:
    for array in (np.array([Trap(tmp_path / "sprung")], object), np.zeros(2, [("a", "f4"), ("b", "O")])):
        made = io.BytesIO()
        np.save(made, array, allow_pickle=True)
        with pytest.raises(UnreadableFileError, match="pickle.*safetensors"):
            HANDLER.pair(InMemory(FILE), InMemory(made.getvalue()))
    assert not (tmp_path / "sprung").exists()


@given(st.lists(st.tuples(st.integers(0, len(FILE) - 1), st.integers(0, 7)), min_size=1, max_size=3))
def test_whatever_bits_are_flipped_it_is_refused_or_right(flips: list[tuple[int, int]]) -> None:
    damaged = bytearray(FILE)
    for at, bit in flips:
        damaged[at] ^= 1 << bit
    try:
        found = compare_tensors(HANDLER.pair(InMemory(FILE), InMemory(bytes(damaged))))
    except UnreadableFileError:
        return
    loaded: Any = np.load(io.BytesIO(bytes(damaged)), allow_pickle=False)
    old: Any = np.load(io.BytesIO(FILE))
    equal = loaded.dtype == old.dtype and loaded.shape == old.shape and np.array_equal(loaded, old, equal_nan=True)
    assert bool(found) != equal


def test_an_array_of_nothing_that_claims_to_be_huge_is_compared_at_once() -> None:
    header = "{'descr': '|S0', 'fortran_order': %s, 'shape': (1099511627776, 2)}"
    old, new = (InMemory(file(header % order)) for order in (False, True))
    assert not compare_tensors(HANDLER.pair(old, new))


class _Shortened(InMemory):
    """A file that has become shorter since."""

    def read(self, start: int, end: int) -> bytes:
        raise SourceFileError("changed while it was compared")


def test_a_file_that_can_t_be_read_is_not_taken_for_a_damaged_one() -> None:
    with pytest.raises(SourceFileError, match="changed while"):
        read(_Shortened(FILE, chunked=False))
