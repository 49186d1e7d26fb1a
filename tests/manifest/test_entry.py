import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.errors import CorruptionError, InvalidInputError
from objstore.manifest.entry import MAX_REFERENCE, UNKNOWN_SIZE, EntryKind, decode_reference, encode_reference, reference_entry

NAMES = st.text("abcxyz019_", min_size=1, max_size=8)
PROPERTIES = st.dictionaries(NAMES, st.text(max_size=20), max_size=5).map(lambda properties: {"uri": "s3://b/k", **properties})


@given(PROPERTIES)
def test_a_reference_reads_back_as_it_was_written(properties: dict[str, str]) -> None:
    assert decode_reference(encode_reference(properties)) == properties


@given(PROPERTIES)
def test_the_order_of_properties_plays_no_part(properties: dict[str, str]) -> None:
    assert encode_reference(dict(reversed(properties.items()))) == encode_reference(properties)


@given(st.binary(max_size=60) | PROPERTIES.map(encode_reference), st.data())
def test_any_bytes_are_corrupt_or_the_one_encoding(body: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(body)))
    hostile = data.draw(st.sampled_from([body, body[:at], body + b"\0", body[:at] + b"\xff" + body[at + 1 :]]))
    try:
        properties = decode_reference(hostile)
    except CorruptionError:
        return
    assert encode_reference(properties) == hostile


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"etag": "x"},
        {"uri": "s3://b/k", "ETag": "x"},
        {"uri": "s3://b/k", "": "x"},
        {"uri": "s3://b/k", "e\n": "x"},
        {"uri": "s3://b/\udc80"},
        {"uri": "s3://b/" + "k" * MAX_REFERENCE},
    ],
)
def test_what_is_no_reference_is_refused(properties: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError):
        encode_reference(properties)


def test_references_differ_when_a_property_or_the_size_does() -> None:
    entry = reference_entry({"uri": "s3://b/k"})
    assert (entry.kind, entry.size) == (EntryKind.REFERENCE, UNKNOWN_SIZE)
    assert entry == reference_entry({"uri": "s3://b/k"})
    assert entry != reference_entry({"uri": "s3://b/k", "etag": "1"})
    assert entry != reference_entry({"uri": "s3://b/k"}, size=1)
