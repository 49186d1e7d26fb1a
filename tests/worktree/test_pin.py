"""What a pin file says."""

import contextlib
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.errors import InvalidInputError, UnsupportedFormatError
from objstore.values.digest import Digest
from objstore.worktree.ignore import Patterns
from objstore.worktree.pin import FILE, FOLDER, Pin
from tests.spec_examples import example

ROOT = Digest(bytes(range(32)))
PIN = Pin("pets", FOLDER, 3, ROOT, 20_000, 81_920_000)


def is_pattern(text: str) -> bool:
    """Not everything is one: a slash alone with a backslash before it, for example."""
    with contextlib.suppress(InvalidInputError):
        Patterns.of(exclude=[text])
        return True
    return False


patterns = st.lists(st.text(st.characters(exclude_categories=["Cs"])).filter(is_pattern)).map(tuple)

pins = st.builds(
    Pin,
    collection=st.from_regex(r"\A[A-Za-z0-9_-][A-Za-z0-9_.-]{0,20}\Z"),
    kind=st.sampled_from([FILE, FOLDER]),
    number=st.integers(0, 10**9),
    root=st.binary(min_size=32, max_size=32).map(Digest),
    files=st.integers(0, 10**9),
    size=st.integers(0, 2**63 - 1),
    include=patterns,
    exclude=patterns,
)


def test_the_pin_of_the_document_is_what_we_write_and_read() -> None:
    text = example("worktree.md", "pin")
    pin = Pin.decode(text.encode(), "pets.objstore")
    assert (pin.collection, pin.kind, pin.number, pin.files, pin.size) == ("pets", FOLDER, 3, 20_000, 81_920_000)
    assert pin.encode() == text


@given(pins)
def test_a_pin_reads_back_as_it_was_written(pin: Pin) -> None:
    assert Pin.decode(pin.encode().encode(), "x") == pin


def test_another_version_changes_two_lines() -> None:
    other = Pin("pets", FOLDER, 4, Digest(bytes(32)), 20_001, 5)
    pairs = zip(PIN.encode().splitlines(), other.encode().splitlines(), strict=True)
    assert [old.partition(" ")[0] for old, new in pairs if old != new] == ["version", "content"]


def test_the_layout_of_the_file_is_the_writers_own_affair() -> None:
    table = tomllib.loads(PIN.encode())
    lines = [
        "[content]",
        f"bytes = {table['content']['bytes']}",
        "files = 20_000",
        "[version]",
        f"root = '{ROOT.hex().upper()}'",
        "number = 3",
    ]
    text = "\n".join(["kind = 'folder'", "collection = 'pets'", "format = 1", *lines])
    assert Pin.decode(text.encode(), "x") == PIN


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('collection = "pets"\n', "", "the key collection is missing"),
        ('"pets"', '"../pets"', "can't be the collection name"),
        ('"pets"', "7", "collection is of the wrong type"),
        ('"folder"', '"link"', "neither"),
        (ROOT.hex(), ROOT.hex()[:-1], "63 characters"),
        (ROOT.hex(), "g" * 64, "hexadecimal"),
        ("number = 3", "number = -3", "number is negative"),
        ("number = 3", "number = true", "version.number is of the wrong type"),
        ("number = 3", "number = 3, path = '../..'", "the key version.path isn't known"),
        ("format = 1", "format = 0", "format = 0 isn't known"),
        ('kind = "folder"', 'kind = "folder"\nexclude = [1]', "lists of strings"),
        ('kind = "folder"', 'kind = "folder"\npath = "/etc"', "the key path isn't known"),
        ("format = 1", "format = ", "Invalid value"),
    ],
)
def test_what_isn_t_a_pin_is_refused_with_the_reason(old: str, new: str, why: str) -> None:
    text = PIN.encode()
    assert old in text
    with pytest.raises(InvalidInputError, match=rf"data\.objstore .*{why}"):
        Pin.decode(text.replace(old, new).encode(), "data.objstore")


def test_a_pin_of_a_newer_program_is_told_as_such() -> None:
    with pytest.raises(UnsupportedFormatError, match=r"data\.objstore has format 2.*upgrade"):
        Pin.decode(b"format = 2\nsomething = 'else'\n", "data.objstore")


def test_a_merge_conflict_is_told_as_such() -> None:
    ours, theirs = PIN.encode().splitlines()[-2:], ["version = 1", "content = 2"]
    text = "\n".join(["format = 1", "<<<<<<< HEAD", *ours, "=======", *theirs, ">>>>>>> other", ""])
    with pytest.raises(
        InvalidInputError, match=r"data\.objstore has a merge conflict; choose a side with `git checkout --ours data.objstore`"
    ):
        Pin.decode(text.encode(), "data.objstore")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_pin_or_refused(data: bytes) -> None:
    with pytest.raises((InvalidInputError, UnsupportedFormatError)):
        Pin.decode(data, "x")


@given(st.integers(0, len(PIN.encode()) - 1), st.integers(0, 255))
def test_a_changed_byte_gives_a_pin_or_is_refused(at: int, value: int) -> None:
    data = bytearray(PIN.encode().encode())
    data[at] = value
    with contextlib.suppress(InvalidInputError, UnsupportedFormatError):
        assert isinstance(Pin.decode(bytes(data), "x"), Pin)
