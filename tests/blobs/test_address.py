"""What can be the address of a project, and what can't."""

import subprocess
import sys
from pathlib import Path

import pytest

from objstore.blobs.address import Address
from objstore.errors import InvalidInputError


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("s3://bucket/team/vision", "s3://bucket/team/vision"),
        ("s3://bucket/team/vision/", "s3://bucket/team/vision"),
        ("S3://bucket//", "s3://bucket"),
        ("s3a://bucket/x", "s3://bucket/x"),
        ("gcs://bucket/x", "gs://bucket/x"),
        ("gs://bucket/with space/ü", "gs://bucket/with space/ü"),
        ("s3://bucket/a:b@c", "s3://bucket/a:b@c"),
        ("abfs://container@account.dfs.core.windows.net/x", "abfs://container@account.dfs.core.windows.net/x"),
        ("sftp://ann@host:22/srv/x", "sftp://ann@host:22/srv/x"),
        ("memory:///x/y", "memory:///x/y"),
        ("/srv/data/", "/srv/data"),
        ("/srv/./data/../x", "/srv/x"),
        ("file:///srv/x/", "/srv/x"),
        ("local:///srv/x", "/srv/x"),
    ],
)
def test_an_address_has_one_spelling(text, url):
    address = Address.parse(text)
    assert str(address) == address.url == url
    assert address == Address.parse(url)
    assert hash(address) == hash(Address.parse(url))


def test_a_folder_is_relative_to_where_one_is_and_has_no_tilde(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for text, folder in [("x/y", tmp_path / "x/y"), (".", tmp_path), ("~", tmp_path / "~"), ("odd:name", tmp_path / "odd:name")]:
        address = Address.parse(text)
        assert address.folder == folder
        assert address.url == str(folder)
        assert address.protocol == "file"


def test_a_url_is_no_folder():
    address = Address.parse("s3://bucket/team/x")
    assert (address.folder, address.protocol, address.path) == (None, "s3", "bucket/team/x")
    assert Address.parse("file:///srv").folder == Path("/srv")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("s3://", "names no bucket"),
        ("s3:///x", "names no bucket"),
        ("gs:////", "names no bucket"),
        ("memory://", "names no bucket"),
        ("s3://bucket//x", "empty, '.' or '..' part"),
        ("s3://bucket/../x", "empty, '.' or '..' part"),
        ("s3://bucket/./x", "empty, '.' or '..' part"),
        ("s3:/bucket/x", "two slashes"),
        ("s3://bucket/x\n", "control characters"),
        ("\0", "control characters"),
        ("file://host/x", "absolute path"),
        ("simplecache::s3://bucket/x", "chained"),
        ("zip://x::s3://bucket/x.zip", "chained"),
        ("nonsense://bucket/x", r"unknown protocol nonsense.*objstore\[s3\].*objstore\[gcs\]"),
    ],
)
def test_what_can_not_be_an_address_is_told(text, why):
    with pytest.raises(InvalidInputError, match=why):
        Address.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "s3://KEY:SECRET@bucket/x",
        "s3://KEY:SEC/SECRET@bucket/x",
        "s3:///KEY:SECRET@bucket/x",
        "s3:/KEY:SECRET@bucket/x",
        "s3://bucket//KEY:SECRET@x",
        "s3://:SECRET@bucket/x",
        "s3://KEY:123/SECRET:@bucket/x",
        "nonsense://KEY:SECRET@host",
        "sftp://ann:SECRET@host/x",
        "https://host/x?X-Amz-Signature=SECRET",
        "s3://bucket/x?key=SECRET",
        "s3://bucket/x#SECRET",
        "abfs://container@account.blob.core.windows.net/x?sig=SECRET",
    ],
)
def test_a_secret_is_refused_and_not_repeated(text):
    with pytest.raises(InvalidInputError, match=r"options|names no bucket|two slashes|empty") as caught:
        Address.parse(text)
    assert "SECRET" not in str(caught.value)
    assert "KEY" not in str(caught.value)


def test_reading_an_address_of_s3_loads_nothing_slow():
    code = "import sys; from objstore.blobs.address import Address; Address.parse('s3://b/x'); assert 'fsspec' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
