"""What tells that an object is another one."""

from objstore.outside.seen import Seen

OLD = Seen("s3://b/k", 4, {"etag": "a", "version_id": "1"})


def test_the_same_object_doesnt_differ() -> None:
    assert OLD.difference(Seen("s3://b/k", 4, {"etag": "a", "version_id": "1"})) is None


def test_size_and_marks_tell() -> None:
    assert OLD.difference(Seen("s3://b/k", 5, {"etag": "a"})) == "it has 5 bytes, not 4"
    assert OLD.difference(Seen("s3://b/k", 4, {"etag": "b"})) == "its ETag is b, not a"
    assert OLD.difference(Seen("s3://b/k", 4, {"etag": "a", "version_id": "2"})) == "its version is 2, not 1"


def test_what_only_one_knows_tells_nothing() -> None:
    assert OLD.difference(Seen("s3://b/k")) is None
    assert Seen("s3://b/k").difference(OLD) is None


def test_a_mark_of_a_later_objstore_tells_too() -> None:
    assert Seen("u", None, {"crc64": "1"}).difference(Seen("u", None, {"crc64": "2"})) == "its crc64 is 2, not 1"
