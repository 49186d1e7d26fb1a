"""Reading stored fields: short or long input is corruption, and says of what."""

import struct

import pytest

from objstore.errors import CorruptionError
from objstore.values.binary import Reader


def test_fields_come_in_order_and_the_end_is_the_end() -> None:
    reader = Reader(b"\1\2\0" + bytes(64) + b"\3\0\0\0\4\0\0\0", "a thing")
    assert reader.unpack(struct.Struct("<BH")) == (1, 2)
    assert reader.digests(2) == [bytes(32)] * 2
    assert reader.column("I", 2) == (3, 4)
    reader.end()


@pytest.mark.parametrize(
    "read",
    [
        lambda r: r.take(5),
        lambda r: r.digests(1),
        lambda r: r.column("Q", 1),
        lambda r: r.column("Q", 1 << 60),
        lambda r: r.digests(1 << 60),
    ],
)
def test_what_is_cut_short_is_corrupt(read) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CorruptionError, match=r"a thing is cut short.*fsck"):
        read(Reader(b"four", "a thing"))


def test_what_is_left_over_is_corrupt() -> None:
    with pytest.raises(CorruptionError, match="after its end"):
        Reader(b"x", "a thing").end()


def test_a_check_that_fails_names_the_problem() -> None:
    reader = Reader(b"", "a thing")
    reader.check(True, "is wrong")
    with pytest.raises(CorruptionError, match="a thing is wrong"):
        reader.check(False, "is wrong")
    with pytest.raises(CorruptionError, match="a thing is odd"):
        reader.check(False, lambda: "is odd")
