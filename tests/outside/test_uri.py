"""What an address means, and what is never kept of one."""

import pytest

from objstore.errors import InvalidInputError
from objstore.outside.uri import Uri


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("s3://bucket/checkpoints/model.h5", "model.h5"),
        ("s3://bucket/images/", "images"),
        ("s3://bucket/a?b", "a?b"),
        ("s3://bucket", "bucket"),
        ("s3://bucket/model.h5?versionId=abc", "model.h5"),
        ("gs://bucket/model.h5#1234", "model.h5"),
        ("gs://bucket/a#b", "a#b"),
        ("https://host/data/x.csv?download=1", "x.csv"),
        ("https://host/data/x.csv#part", "x.csv"),
        ("https://host", ""),
        ("https://host/?x=/y.csv", ""),
        ("file:///data/images", "images"),
        ("zip://inner/a.csv::https://host/x.zip", "a.csv"),
    ],
)
def test_the_base_name_is_the_last_part_of_the_path(text: str, name: str) -> None:
    assert Uri.parse(text).base_name == name


def test_a_version_may_be_pinned_by_the_address() -> None:
    assert (Uri.parse("s3://b/k/x?versionId=a.b_c").key, Uri.parse("s3://b/k/x?versionId=a.b_c").version) == ("k/x", "a.b_c")
    assert (Uri.parse("gs://b/k#12").key, Uri.parse("gs://b/k#12").version) == ("k", "12")
    assert Uri.parse("https://host/k#12").version is None


@pytest.mark.parametrize(
    "text",
    [
        "http://ann:secret@host/x",
        "https://secret@host/x",
        "https://ann:sec/ret@host/x",
        "s3://key:secret@bucket/x",
        "s3://key:sec/ret@bucket/x",
        "sftp://ann:secret@host/x",
        "zip://a.csv::https://ann:secret@host/x.zip",
        "https://host/x?X-Amz-Signature=secret",
        "https://host/x?x-goog-signature=secret&y=1",
        "https://host/x?sv=2024&sig=secret",
        "https://host/x?access_token=secret",
    ],
)
def test_credentials_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidInputError, match="stored for all to see") as caught:
        Uri.parse(text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["s3://bucket/ann@example.org/x", "s3://bucket/a:b@c", "sftp://ann@host/x", "http://[::1]:80/x", "file:///a:b@c"]
)
def test_an_at_sign_alone_is_no_secret(text: str) -> None:
    assert Uri.parse(text).text == text


@pytest.mark.parametrize("text", ["", "/data/x", "data", "s3:/bucket/x", "https:host"])
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="file:///data/x"):
        Uri.parse(text)


@pytest.mark.parametrize("text", ["s3://", "gs:///x", "https:///x"])
def test_a_bucket_or_a_host_is_needed(text: str) -> None:
    with pytest.raises(InvalidInputError, match="names no (bucket|host)"):
        Uri.parse(text)


def test_a_uri_is_text_of_one_line() -> None:
    with pytest.raises(TypeError, match="as text, not int"):
        Uri.parse(3)
    with pytest.raises(ValueError, match="control characters"):
        Uri.parse("s3://bucket/a\nb")


def test_what_is_below_a_chained_address_is_below_its_first_link() -> None:
    assert Uri.parse("zip://a::s3://b/x.zip").below("c/d") == "zip://a/c/d::s3://b/x.zip"
    assert Uri.parse("s3://b/x/").below("c") == "s3://b/x/c"
