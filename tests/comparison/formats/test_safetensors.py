"""Files of safetensors."""

import json
import struct
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import safetensors
from hypothesis import given
from hypothesis import strategies as st

from objstore.comparison.formats.safetensors import HANDLER, read
from objstore.comparison.tensors.compare import compare_tensors
from objstore.errors import UnreadableFileError
from tests.comparison.contents import InMemory
from tests.comparison.tensors.saved import as_safetensors

ARRAYS: dict[str, Any] = {
    "weight": np.arange(6, dtype="f4").reshape(2, 3),
    "bias": np.array([1, -2], "i8"),
    "mask": np.array([True, False, True]),
    "scalar": np.array(2.5),
    "empty": np.ones((0, 4), "f2"),
}
FILE = as_safetensors(ARRAYS, {"format": "np"})


def file(header: Any, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(dtype: Any = "U8", shape: Any = (8,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def test_what_the_library_wrote_is_read() -> None:
    found = read(InMemory(FILE))
    assert {name: (each.shape, each.elements.width) for name, each in found.tensors.items()} == {
        name: (array.shape, array.itemsize) for name, array in ARRAYS.items()
    }
    assert found.metadata == {"format": "np"}
    for name, array in ARRAYS.items():
        each = found.tensors[name]
        assert each.source.open().read(each.count * each.elements.width) == array.tobytes()


def test_only_the_header_is_read() -> None:
    content = InMemory(as_safetensors({"a": np.zeros(1_000_000)}))
    read(content)
    assert content.read_bytes < 1000


@pytest.mark.parametrize("end", range(len(FILE)))
def test_every_truncation_is_refused(end: int) -> None:
    with pytest.raises(UnreadableFileError, match="file can't be compared"):
        read(InMemory(FILE[:end]))


LIES: dict[str, tuple[Callable[[], bytes], str]] = {
    "overlap": (lambda: file({"a": tensor(), "b": tensor(offsets=(4, 12))}, bytes(12)), "'b' overlaps"),
    "hole": (lambda: file({"a": tensor(), "b": tensor(offsets=(9, 17))}, bytes(17)), "'b' comes after bytes"),
    "rest": (lambda: file({"a": tensor()}, bytes(9)), "1 bytes at its end"),
    "beyond": (lambda: file({"a": tensor(offsets=(1, 9))}, bytes(8)), "'a' would take the bytes from 1 to 9 of 8"),
    "backward": (lambda: file({"a": tensor(shape=(0,), offsets=(8, 0))}, bytes(8)), "'a' would take"),
    "wrong size": (lambda: file({"a": tensor("U16")}, bytes(8)), "'a' has 8 bytes"),
    "overflow": (lambda: file({"a": tensor("U64", (2**61 + 1,))}, bytes(8)), "'a' has 8 bytes"),
    "huge": (lambda: file({"a": tensor("F32", (2**60, 4), (0, 2**62))}), "'a' would take"),
    "many large numbers": (lambda: file({"a": tensor(shape=(10**4000,), offsets=(0, 10**4000))}), "'a' has the shape"),
    "negative": (lambda: file({"a": tensor(shape=(-8,))}, bytes(8)), "'a' has the shape"),
    "two negatives": (lambda: file({"a": tensor(shape=(-2, -4))}, bytes(8)), "'a' has the shape"),
    "fraction": (lambda: file({"a": tensor(shape=(8.0,))}, bytes(8)), "'a' has the shape"),
    "truth": (lambda: file({"a": tensor(shape=(True, 8))}, bytes(8)), "'a' has the shape"),
    "no list": (lambda: file({"a": tensor(shape=8)}, bytes(8)), "'a' has the shape"),
    "three offsets": (lambda: file({"a": tensor(offsets=(0, 8, 8))}, bytes(8)), "'a' has the shape"),
    "dtype": (lambda: file({"a": tensor("F33")}, bytes(8)), "'a' has the dtype 'F33'"),
    "dtype of a list": (lambda: file({"a": tensor(["U8"])}, bytes(8)), "'a' has the dtype"),
    "incomplete": (lambda: file({"a": {"dtype": "U8", "shape": [8]}}, bytes(8)), "'a' is without"),
    "text": (lambda: file({"a": "U8"}), "'a' is without"),
    "half a byte": (lambda: file({"a": tensor("F4", (3,), (0, 2))}, bytes(2)), "'a' has 2 bytes"),
    "twice": (lambda: file(b'{"a":%s,"a":%s}' % ((json.dumps(tensor()).encode(),) * 2), bytes(8)), "twice"),
    "list": (lambda: file([]), "isn't JSON as"),
    "no JSON": (lambda: file(b"{" * 50), "isn't JSON as"),
    "deep": (lambda: file(b'{"a":' + b"[" * 200_000), "isn't JSON as"),
    "many digits": (lambda: file(b'{"a":' + b"1" * 5000 + b"}"), "isn't JSON as"),
    "constant": (lambda: file(b'{"a":NaN}'), "isn't JSON as"),
    "no UTF-8": (lambda: file(b'{"\xff":1}'), "isn't JSON as"),
    "metadata": (lambda: file({"__metadata__": {"a": 1}}), "__metadata__"),
    "long header": (lambda: struct.pack("<Q", 2**64 - 1) + b"{}", "length of a header"),
    "control characters": (lambda: file({"\x1b[31m" * 100: tensor("X")}), r"x1b\[31m.*…"),
}


@pytest.mark.parametrize("lie", LIES)
def test_lies_are_refused_and_named(lie: str) -> None:
    make, message = LIES[lie]
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableFileError, match=message) as caught:
            read(InMemory(make()))
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert len(str(caught.value)) < 500 and "\x1b" not in str(caught.value)


@given(st.lists(st.tuples(st.integers(0, len(FILE) - 1), st.integers(0, 7)), min_size=1, max_size=3))
def test_what_the_library_would_not_take_is_refused_whatever_bits_are_flipped(flips: list[tuple[int, int]]) -> None:
    damaged = bytearray(FILE)
    for at, bit in flips:
        damaged[at] ^= 1 << bit
    try:
        found = read(InMemory(bytes(damaged)))
    except UnreadableFileError:
        return
    taken = dict(safetensors.deserialize(bytes(damaged)))
    assert {name: (each.dtype, list(each.shape)) for name, each in found.tensors.items()} == {
        name: (each["dtype"], each["shape"]) for name, each in taken.items()
    }
    for name, each in found.tensors.items():
        assert each.source.open().read(each.count * each.elements.width) == bytes(taken[name]["data"])
    compare_tensors(HANDLER.pair(InMemory(FILE), InMemory(bytes(damaged))))


def test_of_elements_that_share_a_byte_only_that_they_differ_is_told() -> None:
    old, new = (InMemory(file({"a": tensor("F4", (4, 4))}, bytes([value] * 8))) for value in (1, 2))
    (change,) = compare_tensors(HANDLER.pair(old, new)).modified
    assert change.figures is None and "whole bytes" in change.why
    assert not compare_tensors(HANDLER.pair(old, old))


def test_a_million_lengths_are_not_multiplied() -> None:
    header = json.dumps({"x": {"dtype": "U8", "shape": [2**63] * 300_000, "data_offsets": [0, 0]}}).encode()
    with pytest.raises(UnreadableFileError, match="isn't what U8"):
        read(InMemory(struct.pack("<Q", len(header)) + header, "x.safetensors"))
