import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.errors import CorruptionError, InvalidInputError, UnsupportedFormatError
from objstore.manifest.entry import UNKNOWN_SIZE, Entry, reference_entry
from objstore.manifest.node import Inner, Leaf, Link, decode, encode
from objstore.values.digest import plain
from tests.manifest.stores import file, maps

X = plain(b"x")


def leaf(*keys: bytes) -> bytes:
    """The bytes of a leaf with these keys, right or wrong."""
    return encode(Leaf.of(list(keys), [file("x")] * len(keys)))


SAMPLES = [
    encode(Leaf.of([], [])),
    leaf(b"a"),
    leaf(b"a", b"b/c", "é".encode()),
    encode(Leaf.of([b"a", b"b", b"c"], [file("x"), reference_entry({"uri": "s3://b/k"}), Entry(2, X, 5)])),
    encode(Inner.of(1, [b"a", b"b"], [Link(1, 2, X), Link(3, 4, X)])),
    encode(Inner.of(31, [b"a"], [Link(UNKNOWN_SIZE, UNKNOWN_SIZE, X)])),
]


def corrupt_or_same(data: bytes) -> None:
    try:
        node = decode(data)
    except CorruptionError:
        return
    except UnsupportedFormatError:
        assert data[0] > 1
        return
    assert encode(node) == data


@pytest.mark.parametrize("data", SAMPLES)
def test_any_truncation_is_corrupt(data: bytes) -> None:
    for size in range(len(data)):
        with pytest.raises(CorruptionError):
            decode(data[:size])


@pytest.mark.parametrize("data", SAMPLES)
def test_any_flipped_bit_is_corrupt_or_another_node_exactly(data: bytes) -> None:
    for bit in range(8 * len(data)):
        hostile = bytearray(data)
        hostile[bit // 8] ^= 1 << bit % 8
        corrupt_or_same(bytes(hostile))


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda rest: b"\x01\x00\x01\x00\x01\x00\x00\x00a" + rest))
def test_any_bytes_are_corrupt_or_a_node_exactly(data: bytes) -> None:
    corrupt_or_same(data)


@given(maps)
def test_a_leaf_reads_back_as_it_was_written(entries: dict[bytes, Entry]) -> None:
    rows = sorted(entries.items())
    node = decode(encode(Leaf.of([key for key, _ in rows], [entry for _, entry in rows])))
    assert isinstance(node, Leaf)
    assert list(zip(node.keys, node.values(), strict=True)) == rows
    assert [node.entry(at) for at in range(len(rows))] == [entry for _, entry in rows]


@pytest.mark.parametrize(
    "keys",
    [
        (b"",),
        (b"/a",),
        (b"a/",),
        (b"a//b",),
        (b".",),
        (b"a/..",),
        (b"../a",),
        (b"a", b"b/./c"),
        (b"a", b"a"),
        (b"b", b"a"),
        (b"a", b"\xff"),
        (b"a\xc3", b"\xa9"),
        (b"a" * 4097,),
    ],
)
def test_keys_that_are_no_ascending_paths_are_corrupt(keys: tuple[bytes, ...]) -> None:
    with pytest.raises(CorruptionError, match="path"):
        decode(leaf(*keys))


@pytest.mark.parametrize(
    "keys", [(b"a.", b"a..", b"a...", b"b/...", b"b/.c", b"b/c."), (b"a", "é/é".encode(), b"\xf0\x9f\x90\x8d"), (b"a" * 4096,)]
)
def test_keys_that_are_paths_are_read(keys: tuple[bytes, ...]) -> None:
    assert decode(leaf(*sorted(keys))).keys == sorted(keys)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\x00" + SAMPLES[1][1:], "version 0"),
        (SAMPLES[1] + b"\0", "after its end"),
        (SAMPLES[4] + b"\0", "after its end"),
        (b"\x01\x20" + SAMPLES[4][2:], "level"),
        (b"\x01\x01" + struct.pack("<HI", 0, 0), "count"),
        (struct.pack("<BBHI", 1, 0, 1025, 0) + bytes(50_000), "count"),
        (struct.pack("<BBHI", 1, 0, 0, 1) + b"a", "keys"),
        (SAMPLES[1].replace(b"\x01" + struct.pack("<Q", 1), b"\x04" + struct.pack("<Q", 1)), "kind"),
        (SAMPLES[1].replace(struct.pack("<Q", 1), b"\xff" * 8), "unknown size"),
        (SAMPLES[3].replace(b"s3://b/k", b"s3://b/l"), "digest"),
    ],
)
def test_a_corrupt_node_says_what_is_wrong(data: bytes, problem: str) -> None:
    with pytest.raises(CorruptionError, match=problem):
        decode(data)


def test_a_node_of_a_newer_version_is_not_called_corrupt() -> None:
    with pytest.raises(UnsupportedFormatError, match="version 2"):
        decode(b"\x02" + SAMPLES[1][1:])


@pytest.mark.parametrize(
    "entry",
    [
        Entry(0, X, 1),
        Entry(4, X, 1),
        Entry(256, X, 1),
        Entry(1, X[:31], 1),
        Entry(1, X, -1),
        Entry(1, X, 2**64),
        Entry(1, X, UNKNOWN_SIZE),
        Entry(1, X, 1, b"body"),
        Entry(3, X, 1),
        Entry(3, X, 1, b"body"),
    ],
)
def test_an_entry_that_could_not_be_read_back_is_not_written(entry: Entry) -> None:
    with pytest.raises(InvalidInputError, match="entry"):
        encode(Leaf.of([b"a", b"b"], [file("x"), entry]))


def test_totals_leave_out_unknown_sizes_and_stop_at_the_largest_number() -> None:
    unknown = reference_entry({"uri": "s3://b/k"})
    assert Leaf.of([b"a", b"b"], [unknown, file("xyz")]).totals() == (2, 3)
    assert Leaf.of([b"a", b"b"], [file("x", 2**64 - 2)] * 2).totals() == (2, 2**64 - 1)
    assert Inner.of(1, [b"a", b"b"], [Link(2, 2**64 - 1, X), Link(1, 1, X)]).totals() == (3, 2**64 - 1)
