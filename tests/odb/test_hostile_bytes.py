"""Every decoder takes exactly what its encoder gives: anything else is refused, and never costs more than it weighs."""

import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import zstandard
from hypothesis import example as with_example
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.errors import CorruptionError, InvalidInputError, UnsupportedFormatError
from objstore.odb import pack, recipe, record, segment
from objstore.odb.pack import PackClass, Row, Trailer
from objstore.odb.recipe import Recipe
from objstore.odb.segment import Segment
from objstore.repository.settings import Chunker, Settings
from objstore.values.digest import node_digest, plain
from objstore.values.key import Kind, chunk_key, node_key, part_key, recipe_key
from tests.odb.hostile import MEMORY, damaged, peak_memory, refused
from tests.spec_examples import example, example_bytes

TEXT = b"hello objstore\n"
KEY = chunk_key(plain(TEXT))
A, B, C = (plain(letter) for letter in (b"a", b"b", b"c"))


class Format(NamedTuple):
    """A format: its two functions, examples, and where its version stands."""

    decode: Callable[[bytes], Any]
    encode: Callable[[Any], bytes]
    examples: list[bytes]
    version_at: int | None


def _segment(data: bytes) -> tuple[Segment, list[Any]]:
    read = Segment.of(data)
    return read, list(read.rows())


def _segment_bytes(value: tuple[Segment, list[Any]]) -> bytes:
    read, rows = value
    return b"".join(segment.encode(read.packs, read.counts, ((key, segment.encode_place(*place)) for key, place in rows)))


def _rich_segment() -> bytes:
    packs = sorted([A, B])
    keys = [chunk_key(min(A, C)), chunk_key(max(A, C)), recipe_key(A, B), recipe_key(A, max(B, C)) + b"", part_key(A), node_key(B)]
    rows = [(key, segment.encode_place(at % 2, 8 + at, 20 + at, 30 + at)) for at, key in enumerate(sorted(set(keys)))]
    counts = {kind: sum(key[0] == kind for key, _ in rows) for kind in Kind}
    return b"".join(segment.encode(packs, counts, rows))


def _trailers() -> list[bytes]:
    data = [Row(chunk_key(A), record.STORED, 5, 5), Row(chunk_key(B), record.ZSTD, 5, 900)]
    metadata = [Row(recipe_key(A, B), record.STORED, 50, 50), Row(part_key(C), record.ZSTD, 9, 90), Row(node_key(A), record.STORED, 8, 8)]
    return [
        pack.encode_trailer(Trailer(PackClass.DATA, 0, A, data)),
        pack.encode_trailer(Trailer(PackClass.METADATA, 7, B, metadata)),
    ]


_TALL = Recipe(A, 11, 2, [(B, 11)])

FORMATS = {
    "trailer": Format(pack.decode_trailer, pack.encode_trailer, _trailers(), 0),
    "footer": Format(pack.decode_footer, lambda length: pack.FOOTER.pack(length, pack.END), [pack.encode_footer(_trailers()[0])], None),
    "segment": Format(_segment, _segment_bytes, [example_bytes("index.md", "index"), _rich_segment()], 7),
    "recipe": Format(recipe.decode, recipe.encode, [example_bytes("recipe.md", "recipe"), recipe.encode(_TALL)], 0),
    "part": Format(recipe.decode_part, lambda part: recipe.encode_part(*part), [example_bytes("recipe.md", "part")], 0),
    "settings": Format(Settings.decode, Settings.encode, [example("layout.md", "objstore.json").encode()], None),
    "record": Format(lambda data: record.decode(KEY, data), lambda _: b"", [], None),
}
formats = pytest.mark.parametrize("kind", [name for name in FORMATS if name != "record"])


@formats
def test_an_example_decodes_to_what_encodes_to_it(kind: str) -> None:
    for data in FORMATS[kind].examples:
        assert not refused(FORMATS[kind].decode, FORMATS[kind].encode, data)


@formats
def test_every_truncation_and_flipped_bit_is_refused_or_another_value(kind: str) -> None:
    decode, encode, examples, _ = FORMATS[kind]
    for data in examples:
        assert sum(refused(decode, encode, other) for other in damaged(data)) > len(data)


@formats
def test_every_truncation_and_addition_is_refused(kind: str) -> None:
    decode, encode, examples, _ = FORMATS[kind]
    for data in examples:
        assert all(refused(decode, encode, data[:end]) for end in range(len(data)))
        assert refused(decode, encode, data + b"\0")


@formats
@given(data=st.binary(max_size=400), cut=st.integers(0, 200), which=st.integers(0, 1))
@settings(max_examples=150)
def test_noise_is_refused_or_a_value(kind: str, data: bytes, cut: int, which: int) -> None:
    decode, encode, examples, _ = FORMATS[kind]
    refused(decode, encode, data)
    begun = examples[which % len(examples)][:cut]
    refused(decode, encode, begun + data)


@formats
def test_a_length_that_lies_costs_no_memory(kind: str) -> None:
    decode, encode, examples, _ = FORMATS[kind]
    for data in examples:
        for at in range(len(data) - 4):
            lying = data[:at] + b"\xff\xff\xff\x7f" + data[at + 4 :]
            assert peak_memory(lambda lying=lying: refused(decode, encode, lying)) < MEMORY


@pytest.mark.parametrize("kind", [name for name, form in FORMATS.items() if form.version_at is not None])
def test_a_newer_version_says_that_an_upgrade_helps(kind: str) -> None:
    decode, _, examples, at = FORMATS[kind]
    assert at is not None
    for data in examples:
        with pytest.raises(UnsupportedFormatError, match=r"format 2.*upgrade"):
            decode(data[:at] + b"\2" + data[at + 1 :])
        with pytest.raises(CorruptionError):
            decode(data[:at] + b"\0" + data[at + 1 :])


# -- records -----------------------------------------------------------------------------------------------------------


def _framed(payload: record.Payload) -> bytes:
    return payload.frame + payload.data


STORED = [
    (KEY, _framed(record.encode(KEY, TEXT))),
    (chunk_key(plain(b"ab" * 500)), _framed(record.encode(chunk_key(plain(b"ab" * 500)), b"ab" * 500))),
    (node_key(node_digest(b"n" * 300)), _framed(record.encode(node_key(node_digest(b"n" * 300)), b"n" * 300))),
]


@pytest.mark.parametrize(("key", "data"), STORED)
def test_a_damaged_record_is_refused_or_the_same_object(key: bytes, data: bytes) -> None:
    whole = record.decode(key, data)
    for other in damaged(data):
        try:
            assert record.decode(key, other) == whole
        except CorruptionError:
            continue
        assert data[1] == record.ZSTD  # a compressed frame has a few bits that mean nothing
    for end in range(len(data)):
        with pytest.raises(CorruptionError):
            record.decode(key, data[:end])


@given(st.binary(max_size=300), st.integers(0, 60), st.sampled_from(STORED))
@settings(max_examples=200)
def test_noise_is_no_record(noise: bytes, cut: int, stored: tuple[bytes, bytes]) -> None:
    key, data = stored
    whole = record.decode(key, data)
    for other in (noise, data[:cut] + noise):
        with contextlib.suppress(CorruptionError):
            assert record.decode(key, other) == whole


@given(st.binary(max_size=3000), st.booleans())
@with_example(b"", True)
@with_example(b"x" * 65, True)
@with_example(bytes(100_000), True)
def test_a_record_gives_back_its_object(data: bytes, compress: bool) -> None:
    key = chunk_key(plain(data))
    stored = record.encode(key, memoryview(data), compress=compress)
    assert len(stored.data) <= len(data)
    assert record.decode(key, _framed(stored)) == data


@pytest.mark.parametrize("kind", list(Kind))
def test_a_record_of_another_kind_is_refused(kind: Kind) -> None:
    data = _framed(record.encode(KEY, TEXT))
    if kind is not Kind.CHUNK:
        with pytest.raises(CorruptionError):
            record.decode(KEY, bytes([kind]) + data[1:])
        with pytest.raises(CorruptionError):
            record.decode(bytes([kind]) + KEY[1:] * (2 if kind is Kind.RECIPE else 1), bytes([kind]) + data[1:])


def test_a_small_record_that_claims_to_be_huge_costs_no_memory() -> None:
    bomb = zstandard.ZstdCompressor().compress(bytes(100 << 20))
    frame = record.FRAME.pack(Kind.CHUNK, record.ZSTD, len(bomb), 100 << 20)

    def attempt() -> None:
        with pytest.raises(CorruptionError):
            record.decode(KEY, frame + bomb)
        with pytest.raises(CorruptionError):
            record.decode(KEY, record.FRAME.pack(Kind.CHUNK, record.ZSTD, len(bomb), 1 << 20) + bomb)

    assert peak_memory(attempt) < MEMORY


def test_a_recipe_under_another_files_name_is_refused() -> None:
    data = example_bytes("recipe.md", "recipe")
    digest = plain(bytes(16386))
    key = recipe_key(digest, record.recipe_digest(data))
    assert record.decode(key, _framed(record.encode(key, data))) == data
    other = recipe_key(A, record.recipe_digest(data))
    with pytest.raises(CorruptionError):
        record.decode(other, _framed(record.encode(other, data)))


# -- rules that single bytes don't show --------------------------------------------------------------------------------


def test_a_trailer_that_lists_a_key_twice_is_refused() -> None:
    row = Row(chunk_key(A), record.STORED, 5, 5)
    with pytest.raises(CorruptionError):
        pack.decode_trailer(pack.encode_trailer(Trailer(PackClass.DATA, 0, A, [row, row])))


@pytest.mark.parametrize(
    "row",
    [
        Row(chunk_key(A), record.STORED, 5, 6),
        Row(chunk_key(A), record.ZSTD, 6, 6),
        Row(chunk_key(A), 2, 5, 6),
        Row(chunk_key(A), record.STORED, record.MAX_RAW + 1, record.MAX_RAW + 1),
        Row(node_key(A), record.STORED, 5, 5),
    ],
)
def test_a_trailer_with_an_impossible_row_is_refused(row: Row) -> None:
    with pytest.raises(CorruptionError):
        pack.decode_trailer(pack.encode_trailer(Trailer(PackClass.DATA, 0, A, [row])))


def test_a_chunk_in_a_metadata_pack_is_refused() -> None:
    row = Row(chunk_key(A), record.STORED, 5, 5)
    with pytest.raises(CorruptionError):
        pack.decode_trailer(pack.encode_trailer(Trailer(PackClass.METADATA, 0, A, [row])))


def test_a_trailer_without_rows_is_refused() -> None:
    with pytest.raises(CorruptionError):
        pack.decode_trailer(pack.encode_trailer(Trailer(PackClass.DATA, 0, A, [])))


def test_a_segment_out_of_order_is_refused() -> None:
    low, high = sorted([A, B])
    place = segment.encode_place(0, 8, 5, 5)
    rows = [(chunk_key(low), place), (chunk_key(high), place)]
    for packs, listed in [([low], rows[::-1]), ([low], [rows[0], rows[0]]), ([high, low], rows), ([low, low], rows)]:
        data = b"".join(segment.encode(packs, {Kind.CHUNK: 2}, listed))
        with pytest.raises(CorruptionError):
            list(Segment.of(data).rows())


def test_a_segment_that_names_a_pack_it_has_not_got_is_refused() -> None:
    data = b"".join(segment.encode([A], {Kind.CHUNK: 1}, [(chunk_key(B), segment.encode_place(1, 8, 5, 5))]))
    with pytest.raises(CorruptionError):
        list(Segment.of(data).rows())


@pytest.mark.parametrize(
    "value",
    [
        Recipe(A, 5, 0, [(B, 5)]),  # one chunk needs no recipe
        Recipe(A, 0, 0, []),
        Recipe(A, 0, 1, []),
        Recipe(A, 5, 0, [(B, 5), (C, 0)]),
        Recipe(A, 6, 0, [(B, 2), (C, 3)]),
        Recipe(A, 4097, 0, [(B, 1)] * 4097),
    ],
)
def test_a_recipe_against_the_rules_is_refused(value: Recipe) -> None:
    with pytest.raises(CorruptionError):
        recipe.decode(recipe.encode(value))


@pytest.mark.parametrize("rows", [[], [(A, 0)], [(A, 1)] * 1025])
def test_a_part_against_the_rules_is_refused(rows: list[recipe.ChunkRow]) -> None:
    with pytest.raises(CorruptionError):
        recipe.decode_part(recipe.encode_part(0, rows))


# -- objstore.json -----------------------------------------------------------------------------------------------------

SETTINGS = example("layout.md", "objstore.json").encode()


@pytest.mark.parametrize("newer", [b'"format":2', b'"format":10', b'"format":99999999999999999999999'])
def test_settings_of_a_newer_format_say_that_an_upgrade_helps(newer: bytes) -> None:
    with pytest.raises(UnsupportedFormatError, match="upgrade"):
        Settings.decode(SETTINGS.replace(b'"format":1', newer))


def test_settings_of_a_newer_format_may_look_quite_different() -> None:
    with pytest.raises(UnsupportedFormatError, match="upgrade"):
        Settings.decode(b'{"format":2,"new":{"things":[1,2]}}')


@pytest.mark.parametrize(
    "damaged_settings",
    [
        b"",
        b"null",
        b"[]",
        b"1",
        b'"format"',
        b"{}",
        b'{"format":null}',
        b'{"format":1.5}',
        b'{"format":"1"}',
        b'{"format":true}',
        b'{"format":-1}',
        b"\xff\xfe",
        b'{"format":1,"\xff":1}',
        b'{"format":1,"project":"\xff"}',
        b'{"format":1,"x":' + b"[" * 100_000,
        SETTINGS.rstrip(),
        SETTINGS.replace(b":1,", b": 1,"),
        SETTINGS.replace(b'"min":16384', b'"min":16385'),
        SETTINGS.replace(b"fastcdc2020", b"fastcdc2021"),
        Settings(1, "../../../../../../../elsewhere/x", Chunker(), "2026-11-21T00:00:00Z").encode(),
        Settings(1, "0" * 31, Chunker(), "2026-11-21T00:00:00Z").encode(),
        SETTINGS.replace(b'"created"', b'"extra":1,"created"'),
    ],
)
def test_settings_that_we_would_not_write_are_damaged(damaged_settings: bytes) -> None:
    with pytest.raises(CorruptionError, match=r"objstore\.json"):
        Settings.decode(damaged_settings)


# -- digests -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_digest_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InvalidInputError):
        type(A)(bytes(length))
