import random

import pytest
from hypothesis import example as also
from hypothesis import given
from hypothesis import strategies as st

from objstore.errors import CorruptionError, InvalidInputError, ObjstoreError, UnsupportedFormatError
from objstore.history import records as r
from objstore.history.encoding import decode_compact, decode_entry, encode_compact, encode_entry
from objstore.values.digest import plain
from tests.history.test_metadata import json_values
from tests.spec_examples import example

TIME = "2026-11-21T00:00:00Z"
COLLECTION = "0123456789abcdef0123456789abcdef"
ROOT = "22" * 32

SPEC_EXAMPLE = [
    r.CollectionRecord(write_id="0" * 31 + "1", time=TIME, collection=COLLECTION, name="my-dataset", type="dataset"),
    r.VersionRecord(
        write_id="0" * 31 + "2",
        time=TIME,
        segments=("11" * 32,),
        collection=COLLECTION,
        root=ROOT,
        files=2,
        bytes=300,
        description="first",
        metadata={"size": 3.0, "labels": ["cat", "dög"], "rate": 1e-7},
        run=r.RunRef("00112233445566778899aabbccddeeff", "k3b7x2"),
    ),
]

ONE_OF_EACH = [
    *SPEC_EXAMPLE,
    r.RenameRecord(collection=COLLECTION, name="other"),
    r.VersionRecord(collection=COLLECTION, root=ROOT, files=0, bytes=0, source=r.Source(COLLECTION, ROOT)),
    r.AliasRecord(collection=COLLECTION, alias="prod", root=ROOT),
    r.AliasRecord(collection=COLLECTION, alias="größte", root=None),
    r.TagRecord(collection=COLLECTION, root=ROOT, tag="a/b", present=True),
    r.DescribeRecord(collection=COLLECTION, root=None, description='"\\\n\x00\x7f\u2028'),
    r.MetadataRecord(collection=COLLECTION, root=ROOT, metadata={}),
    r.TtlRecord(collection=COLLECTION, root=ROOT, seconds=None),
    r.DeleteRecord(collection=COLLECTION, root=ROOT),
    r.RestoreRecord(collection=COLLECTION, root=ROOT),
    r.SettingsRecord(ttl=3600),
    r.PartRecord(pending="p", collection="my-dataset", type="dataset", writer="w0", root=ROOT, files=1, bytes=2),
    r.PartFinishRecord(pending="p", collection=COLLECTION, root=ROOT),
    r.PartAbandonRecord(pending="p"),
    r.SegmentsRecord(segments=("33" * 32, "44" * 32)),
    r.GcRecord(condemned=("55" * 32,)),
    r.GcVerdictRecord(gc=7, deleted=("55" * 32,), superseded=()),
    r.RunInitRecord(run="k3b7x2", name="first run", tags=("a",)),
    r.RunConfigRecord(run="k3b7x2", config={"lr": 0.1}),
    r.RunUseRecord(run="k3b7x2", project="a" * 32, collection=COLLECTION, root=ROOT),
    r.RunLogRecord(run="k3b7x2", project="a" * 32, collection=COLLECTION, root=ROOT),
    r.RunSummaryRecord(run="k3b7x2", summary={"b": 1, "a": -0.0}),
    r.RunFinishRecord(run="k3b7x2", state="crashed"),
]


def sealed(*lines: bytes) -> bytes:
    """An entry with a right checksum around whatever lines."""
    body = b"".join(line + b"\n" for line in lines)
    return b"objstore-log 1 " + plain(body).hex().encode() + b"\n" + body


def line_of(entry: bytes) -> bytes:
    return entry.split(b"\n")[1]


def test_the_example_of_the_spec_is_what_we_write_and_read():
    text = example("log.md", "log").rstrip("\n") + "\n"
    assert encode_entry(SPEC_EXAMPLE) == text.encode()
    assert decode_entry(text.encode()) == SPEC_EXAMPLE


def test_every_kind_of_record_comes_back_as_it_was():
    assert {type(record) for record in ONE_OF_EACH} == set(r.KINDS.values())
    assert decode_entry(encode_entry(ONE_OF_EACH)) == ONE_OF_EACH


@given(st.dictionaries(st.text(), json_values, max_size=5))
@also({"a": [1e16, 1e15, 1e-5, 0.0001, 5e-324, 1.7976931348623157e308, -0.0, 2**64 - 1]})
def test_metadata_comes_back_exactly(metadata):
    record = r.MetadataRecord(collection=COLLECTION, root=ROOT, metadata=metadata)
    (back,) = decode_entry(encode_entry([record]))
    assert isinstance(back, r.MetadataRecord)
    assert repr(back.metadata) == repr(record.metadata)
    assert back.metadata == metadata


def test_the_order_of_keys_makes_no_difference():
    first, second = (
        encode_entry([r.MetadataRecord(write_id="a" * 32, time=TIME, collection=COLLECTION, root=ROOT, metadata=metadata)])
        for metadata in ({"a": 1, "b": {"c": 1, "d": 2}}, {"b": {"d": 2, "c": 1}, "a": 1})
    )
    assert first == second


@pytest.mark.parametrize("bad", [{"a": float("nan")}, {"a": float("inf")}, {"a": 2**64}, {"a": (1,)}, {"a": {1: 2}}, {"a": b""}])
def test_what_json_cannot_hold_is_refused_when_the_record_is_made(bad):
    with pytest.raises(InvalidInputError):
        r.MetadataRecord(collection=COLLECTION, root=ROOT, metadata=bad)


@pytest.mark.parametrize(
    "record",
    [
        r.DeleteRecord(collection="short", root=ROOT),
        r.DeleteRecord(collection=COLLECTION, root=ROOT.upper().replace("2", "A")),
        r.DeleteRecord(collection=COLLECTION, root=ROOT + "\n"),
        r.RenameRecord(collection=COLLECTION, name="../x"),
        r.AliasRecord(collection=COLLECTION, alias="v3", root=ROOT),
        r.VersionRecord(collection=COLLECTION, root=ROOT, files=-1, bytes=0),
        r.SegmentsRecord(segments=("11",)),
        r.SegmentsRecord(write_id="x"),
        r.SegmentsRecord(time="yesterday"),
        r.DescribeRecord(collection=COLLECTION, root=None, description="\ud800"),
        r.RunFinishRecord(run="r", state="asleep"),  # type: ignore[arg-type]
    ],
)
def test_a_record_against_the_rules_is_not_written(record):
    with pytest.raises(InvalidInputError):
        encode_entry([record])


def test_an_entry_without_records_is_not_written():
    with pytest.raises(InvalidInputError, match="at least one"):
        encode_entry([])


@pytest.mark.parametrize("decode", [decode_entry, decode_compact])
def test_every_truncation_is_corruption(decode):
    entry = encode_entry(SPEC_EXAMPLE)
    data = entry if decode is decode_entry else encode_compact(1, [entry, entry])
    decode(data)
    for size in range(len(data)):
        with pytest.raises(CorruptionError):
            decode(data[:size])
    with pytest.raises(CorruptionError):
        decode(data + b"\n")


@pytest.mark.parametrize("decode", [decode_entry, decode_compact])
def test_every_flipped_bit_is_noticed(decode):
    entry = encode_entry(SPEC_EXAMPLE)
    data = entry if decode is decode_entry else encode_compact(1, [entry])
    for at in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[at] ^= 1 << bit
            with pytest.raises((CorruptionError, UnsupportedFormatError)):
                decode(bytes(flipped))


@given(st.binary(max_size=300))
def test_any_bytes_are_corruption_or_themselves(data):
    for candidate in (data, sealed(data)):
        try:
            decoded = decode_entry(candidate)
        except (CorruptionError, UnsupportedFormatError):
            continue
        assert encode_entry([record for record in decoded if isinstance(record, r.Record)]) == candidate


DELETE = line_of(encode_entry([r.DeleteRecord(write_id="a" * 32, time=TIME, collection=COLLECTION, root=ROOT)]))
METADATA = line_of(
    encode_entry([r.MetadataRecord(write_id="a" * 32, time=TIME, collection=COLLECTION, root=ROOT, metadata={"a": 1.5, "b": 2})])
)


@pytest.mark.parametrize(
    "line",
    [
        DELETE.replace(b'","', b'", "', 1),
        DELETE + b" ",
        DELETE.replace(b'"kind":"delete","write_id":"' + b"a" * 32 + b'"', b'"write_id":"' + b"a" * 32 + b'","kind":"delete"'),
        DELETE.replace(b'"collection"', b'"segments":[],"collection"'),
        DELETE.replace(b"delete", rb"\u0064elete"),
        DELETE.replace(b'"root"', b'"root":"' + ROOT.encode() + b'","root"'),
        DELETE.replace(ROOT.encode(), ROOT.encode()[:-1]),
        DELETE.replace(b'"' + ROOT.encode() + b'"', b"null"),
        DELETE.replace(b',"time":"' + TIME.encode() + b'"', b""),
        METADATA.replace(b"1.5", b"1.50"),
        METADATA.replace(b"1.5", b"15e-1"),
        METADATA.replace(b"1.5", b"1e400"),
        METADATA.replace(b"1.5", b"NaN"),
        METADATA.replace(b":2", b":18446744073709551616"),
        METADATA.replace(b":2", b":-0"),
        METADATA.replace(b'"a":1.5,"b":2', b'"b":2,"a":1.5'),
        METADATA.replace(b"1.5", b"[" * 5000 + b"]" * 5000),
        METADATA.replace(b"1.5", b"[" * 200_000),
        b"{}",
        b"[]",
        b"null",
        b"",
        b"\xff",
        DELETE.replace(b"delete", b"\x1b[2J"),
        b'{"kind":"new-kind"}',
    ],
)
def test_a_line_in_any_other_form_is_corruption(line):
    decode_entry(sealed(DELETE, METADATA))
    with pytest.raises(CorruptionError, match="fsck"):
        decode_entry(sealed(DELETE, line))


def test_an_unknown_kind_is_kept_apart_with_its_segments():
    line = DELETE.replace(b"delete", b"merge").replace(b'"collection"', b'"segments":["' + b"7" * 64 + b'"],"collection"')
    (record,) = decode_entry(sealed(line))
    assert record == r.UnknownRecord("merge", "a" * 32, TIME, ("7" * 64,))


def test_a_known_kind_with_an_unknown_field_keeps_its_effect():
    (record,) = decode_entry(sealed(DELETE[:-1] + b',"reason":"old"}'))
    assert isinstance(record, r.UnknownRecord)
    assert record.kind == "delete with 'reason'"
    assert record.known == decode_entry(sealed(DELETE))[0]


def test_a_newer_format_is_named():
    with pytest.raises(UnsupportedFormatError, match="format 2"):
        decode_entry(encode_entry(SPEC_EXAMPLE).replace(b"objstore-log 1", b"objstore-log 2"))


def test_a_compacted_entry_holds_entries_verbatim():
    entries = [encode_entry([r.SegmentsRecord()]) for _ in range(5)]
    assert decode_compact(encode_compact(60, entries)) == (60, entries)


def test_a_compacted_entry_with_other_numbers_or_lengths_is_corruption():
    entries = [encode_entry([r.SegmentsRecord()]) for _ in range(3)]
    whole = encode_compact(1, entries)
    body = whole.partition(b"\n")[2]

    def with_body(body: bytes, first: bytes = b"0" * 19 + b"1", last: bytes = b"0" * 19 + b"3") -> bytes:
        return b"objstore-compact 1 %b %b %b\n%b" % (first, last, plain(body).hex().encode(), body)

    assert with_body(body) == whole
    for bad in (
        with_body(body, first=b"1"),
        with_body(body, last=b"0" * 19 + b"4"),
        with_body(body + b"0" + body),
        with_body(body + b"5\nab"),
        with_body(body + b"-1\n"),
        with_body(body + b"1" * 50),
        with_body(b""),
        with_body(body, first=b"x" * 20),
    ):
        with pytest.raises(CorruptionError):
            decode_compact(bad)


def test_random_damage_never_raises_anything_else():
    data = bytearray(encode_entry(ONE_OF_EACH))
    chance = random.Random(1)
    for _ in range(2000):
        lines = bytes(data).split(b"\n")[1:-1]
        line = bytearray(chance.choice(lines))
        for _ in range(chance.randint(1, 4)):
            line[chance.randrange(len(line))] = chance.randrange(256)
        if b"\n" not in line:
            try:
                decode_entry(sealed(bytes(line)))
            except ObjstoreError as error:
                assert isinstance(error, CorruptionError | UnsupportedFormatError)
