"""Objects of S3 (with versions and without) and of Google Cloud Storage."""

import gzip
import os
import urllib.request

import pytest

from objstore.blobs.retrying import Retrying
from objstore.errors import InvalidInputError, ReferenceChangedError, ReferenceMissingError, RemoteError
from objstore.outside.fetching import fetch
from objstore.outside.opening import Outside
from objstore.outside.resolving import resolve
from objstore.outside.seen import Seen
from objstore.outside.uri import Uri
from tests.servers.bucket import Bucket
from tests.servers.process import free_ports
from tests.servers.proxy import Fault, Proxy
from tests.servers.sources import Source


def found(outside: Outside, uri: str, most: int = 100) -> dict[str, Seen]:
    return dict(resolve(outside, Uri.parse(uri), most))


def content(outside: Outside, seen: Seen) -> bytes:
    return b"".join(fetch(outside, seen))


def test_an_object_is_known_by_what_the_server_says_of_it(outside: Outside, source: Source) -> None:
    version = source.put("model.h5", b"meow")
    (seen,) = found(outside, f"{source.url}/model.h5").values()
    assert (seen.uri, seen.size, seen.marks.get("version_id")) == (f"{source.url}/model.h5", 4, version)
    assert seen.marks["etag"].strip('"') == seen.marks["etag"] != ""
    assert content(outside, seen) == b"meow"


def test_a_prefix_is_one_of_whole_components_and_folder_markers_dont_count(outside: Outside, source: Source) -> None:
    versions = [source.put(name, name.encode()) for name in ("images/cat.png", "images/sub/dog.png", "images2/no.png")]
    source.put("images/")
    source.put("images/sub/")
    names = found(outside, f"{source.url}/images")
    assert list(names) == ["cat.png", "sub/dog.png"]
    assert [seen.marks.get("version_id") for seen in names.values()] == versions[:2]
    assert names["sub/dog.png"].uri == f"{source.url}/images/sub/dog.png"
    assert found(outside, f"{source.url}/images/") == names
    assert content(outside, names["sub/dog.png"]) == b"images/sub/dog.png"


def test_a_long_listing_comes_in_pages(outside: Outside, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("objstore.outside.s3.LISTED", 2)
    monkeypatch.setattr("objstore.outside.gcs.LISTED", 2)
    for number in range(5):
        source.put(f"many/{number}", b"old")
        source.put(f"many/{number}", b"new one")
    names = found(outside, f"{source.url}/many", 5)
    assert list(names) == ["0", "1", "2", "3", "4"]
    assert {seen.size for seen in names.values()} == {7}
    with pytest.raises(InvalidInputError, match="more than 4 objects below"):
        found(outside, f"{source.url}/many", 4)


def test_what_was_just_written_or_deleted_is_seen(outside: Outside, source: Source) -> None:
    source.put("images/a")
    assert list(found(outside, f"{source.url}/images")) == ["a"]
    source.put("images/b")
    assert list(found(outside, f"{source.url}/images")) == ["a", "b"]
    source.delete("images/a")
    assert list(found(outside, f"{source.url}/images")) == ["b"]


def test_nothing_there_is_file_not_found(outside: Outside, source: Source) -> None:
    source.put("images/a")
    for uri in (
        f"{source.url}/imag",
        f"{source.url}/images/a/",
        f"{source.url}/images/b",
        f"{source.url.partition(':')[0]}://no-such-bucket/x",
    ):
        with pytest.raises(FileNotFoundError, match=f"nothing at {uri}"):
            found(outside, uri)


def test_names_with_odd_letters_are_found_and_read(outside: Outside, source: Source) -> None:
    for name in ("a b+c", "ä%20", "x?y#z"):
        source.put(f"odd/{name}", name.encode())
    names = found(outside, f"{source.url}/odd")
    assert sorted(names) == ["a b+c", "x?y#z", "ä%20"]
    assert {name: content(outside, seen) for name, seen in names.items()} == {name: name.encode() for name in names}


@pytest.mark.parametrize("size", [0, 1, 8 << 20, (8 << 20) + 1, 20_000_000])
def test_objects_of_any_size_are_read_in_parts(outside: Outside, source: Source, size: int) -> None:
    data = os.urandom(size)
    source.put("big", data)
    blocks = list(fetch(outside, found(outside, f"{source.url}/big")[""]))
    assert b"".join(blocks) == data
    assert max(map(len, blocks), default=0) <= 8 << 20


@pytest.mark.parametrize("old", [b"meow", b""])
@pytest.mark.parametrize("name", ["plain", "google"])
def test_without_versions_a_change_is_an_error(outside: Outside, name: str, old: bytes, request: pytest.FixtureRequest) -> None:
    source: Source = request.getfixturevalue(name)
    source.put("a", old)
    (seen,) = found(outside, f"{source.url}/a").values()
    source.put("a", b"wuff")
    with pytest.raises(ReferenceChangedError, match=f"{source.url}/a isn't what it was.*(ETag|bytes)"):
        content(outside, seen)
    source.delete("a")
    with pytest.raises(ReferenceMissingError, match=f"nothing at {source.url}/a"):
        content(outside, seen)


@pytest.mark.parametrize("old", [b"meow", b""])
def test_with_versions_what_was_overwritten_or_deleted_is_read_as_it_was(outside: Outside, versioned: Source, old: bytes) -> None:
    version = versioned.put("a", old)
    (seen,) = found(outside, f"{versioned.url}/a").values()
    versioned.put("a", b"wuff")
    assert content(outside, seen) == old
    versioned.delete("a")
    assert content(outside, seen) == old
    assert found(outside, f"{versioned.url}/a?versionId={version}")[""].marks == seen.marks
    versioned.delete("a", version)
    with pytest.raises(ReferenceMissingError):
        content(outside, seen)


def test_a_version_that_is_gone_beside_a_newer_one_is_a_change(outside: Outside, versioned: Source) -> None:
    version = versioned.put("a", b"meow")
    (seen,) = found(outside, f"{versioned.url}/a").values()
    versioned.put("a", b"wuff")
    versioned.delete("a", version)
    with pytest.raises(ReferenceChangedError, match="its ETag is"):
        content(outside, seen)


def test_an_address_pins_a_version(outside: Outside, versioned: Source) -> None:
    version = versioned.put("a", b"meow")
    versioned.put("a", b"wuff!")
    (seen,) = found(outside, f"{versioned.url}/a?versionId={version}").values()
    assert (seen.uri, seen.size, seen.marks["version_id"]) == (f"{versioned.url}/a?versionId={version}", 4, version)
    assert content(outside, seen) == b"meow"
    assert content(outside, Seen(seen.uri)) == b"meow"


def test_an_address_pins_a_generation(outside: Outside, google: Source) -> None:
    generation = google.put("a", b"meow")
    (seen,) = found(outside, f"{google.url}/a#{generation}").values()
    assert seen.marks["version_id"] == generation
    assert content(outside, seen) == b"meow"
    google.put("a", b"wuff")
    with pytest.raises(FileNotFoundError):
        found(outside, f"{google.url}/a#{generation}")


def test_without_checks_whatever_is_there_now_is_read(outside: Outside, source: Source) -> None:
    source.put("a", b"meow")
    assert content(outside, Seen(f"{source.url}/a")) == b"meow"
    source.put("a", b"something else")
    assert content(outside, Seen(f"{source.url}/a")) == b"something else"
    with pytest.raises(ReferenceMissingError):
        content(outside, Seen(f"{source.url}/b"))


@pytest.mark.parametrize("kind", ["busy", "lost", "reset", "truncate"])
def test_a_failure_in_a_moment_is_tried_again(plain: Source, s3_proxy: Proxy, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    data = os.urandom(9 << 20)
    plain.put("a", data)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_proxy.bucket.endpoint)
    with Outside(Retrying(tries=3, first_wait=0.01)) as outside:
        (seen,) = found(outside, f"{plain.url}/a").values()
        s3_proxy.faults.append(Fault(kind, lambda method, path: method == "GET"))  # type: ignore[arg-type]
        assert content(outside, seen) == data
        assert s3_proxy.seen() == ["HEAD", "GET", "GET", "GET"]


def test_bytes_that_arrive_short_for_ever_are_a_remote_error(plain: Source, s3_proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    plain.put("a", b"meow" * 1000)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_proxy.bucket.endpoint)
    with Outside(Retrying(tries=3, first_wait=0.01)) as outside:
        (seen,) = found(outside, f"{plain.url}/a").values()
        s3_proxy.faults.append(Fault("truncate", lambda method, path: method == "GET", times=99))
        with pytest.raises(RemoteError, match=f"the connection to {plain.url}/a broke off 3 times"):
            content(outside, seen)


def test_wrong_credentials_and_no_server_are_remote_errors(outside: Outside, plain: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    plain.put("a", b"meow")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(RemoteError, match=f"{plain.url}/a"):
        found(outside, f"{plain.url}/a")
    (port,) = free_ports(1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    with Outside(Retrying(tries=2, first_wait=0.01, patience=0.1)) as again, pytest.raises(RemoteError, match="can't reach .*refused"):
        found(again, f"{plain.url}/a")


def test_where_versions_cant_be_listed_objects_are(outside: Outside, unsafe_s3: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on servers that know no versions."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", unsafe_s3.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", str(unsafe_s3.options["key"]))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", str(unsafe_s3.options["secret"]))
    import botocore.session

    client = botocore.session.Session().create_client(
        "s3", aws_access_key_id="KEY", aws_secret_access_key="SECRET", endpoint_url=unsafe_s3.endpoint, region_name="us-east-1"
    )
    for name in ("refs/a", "refs/b/c", "refs2/d"):
        client.put_object(Bucket="bucket", Key=name, Body=name.encode())
    client.close()
    names = found(outside, "s3://bucket/refs")
    assert list(names) == ["a", "b/c"]
    assert content(outside, names["b/c"]) == b"refs/b/c"


def test_where_one_may_not_list_versions_each_object_is_asked_for_its_own(
    outside: Outside, versioned: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    from objstore.outside.s3 import S3, _CannotListError

    def refuse(self: S3, *_: object) -> None:
        raise _CannotListError

    monkeypatch.setattr(S3, "_list", refuse)
    monkeypatch.setattr("objstore.outside.s3.LISTED", 2)
    versions = [versioned.put(f"images/{number}", b"meow") for number in range(3)]
    names = found(outside, f"{versioned.url}/images")
    assert [seen.marks["version_id"] for seen in names.values()] == versions
    assert {seen.size for seen in names.values()} == {4}


def test_what_google_would_decompress_is_refused(outside: Outside, google: Source, gcs: Bucket) -> None:
    url = f"{gcs.endpoint}/upload/storage/v1/b/bucket/o?uploadType=media&contentEncoding=gzip&name={google.key}%2Fa"
    urllib.request.urlopen(urllib.request.Request(url, gzip.compress(b"meow"), method="POST")).close()
    with pytest.raises(InvalidInputError, match="Content-Encoding is gzip"):
        found(outside, f"{google.url}/a")
