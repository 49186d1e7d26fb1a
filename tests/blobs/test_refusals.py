"""What is told, and how soon, when a place can't be used: no network, wrong credentials, no bucket, no permission."""

import contextlib
import socket
import sys
import time

import fsspec.config
import pytest

from objstore.blobs.address import Address
from objstore.blobs.local import LocalBlobs
from objstore.blobs.opening import open_blobs
from objstore.errors import InvalidInputError, NotFoundError, RemoteError

SECRET = "WJAOCXFXPLZYPSQS"  # of nobody


@pytest.fixture(autouse=True)
def _nothing_from_the_environment(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


def operations(blobs):
    yield lambda: blobs.read("log/main/1")
    yield lambda: blobs.create("log/main/1", b"record")
    yield lambda: blobs.size("log/main/1")
    yield lambda: list(blobs.read_ranges("log/main/1", [(0, 5)]))
    yield lambda: list(blobs.list(""))
    yield lambda: blobs.delete("log/main/1")


def check_refused(bucket, scratch, why, url=None, retrying=None, **options):
    """Every operation, as the first one on a new connection, is refused with these words, in less than five seconds."""
    told = []
    for number in range(6):
        with contextlib.closing(bucket.open(scratch, url, retrying, **options)) as blobs:
            began = time.monotonic()
            with pytest.raises(RemoteError, match=why) as caught:
                list(operations(blobs))[number]()
            assert time.monotonic() - began < 5
            told.append(str(caught.value))
    assert not any(SECRET in message or "\n" in message for message in told)


@pytest.mark.parametrize("options", [{"key": SECRET}, {"secret": SECRET}])
def test_wrong_credentials_are_told_at_once(options, s3, tmp_path):
    check_refused(s3, tmp_path, "wrong or missing credentials", **options)


def test_missing_credentials_are_told_at_once(s3, tmp_path):
    check_refused(s3, tmp_path, "wrong or missing credentials .*AWS_ACCESS_KEY_ID", key=None, secret=None)


def test_a_missing_bucket_is_told_at_once(s3, gcs, tmp_path):
    check_refused(s3, tmp_path, "the bucket of s3://missing/x doesn't exist", "s3://missing/x")
    check_refused(gcs, tmp_path, "the bucket of gs://missing/x doesn't exist", "gs://missing/x")


def test_nothing_in_a_bucket_that_is_there_is_no_missing_bucket(s3, gcs, tmp_path):
    for bucket in (s3, gcs):
        for ask in ("read", "size"):
            with contextlib.closing(bucket.open(tmp_path)) as blobs, pytest.raises(NotFoundError, match="there is no objstore.json"):
                getattr(blobs, ask)("objstore.json")


def test_credentials_that_may_only_read_are_told_so_when_they_write(s3, tmp_path):
    url = s3.place()
    with contextlib.closing(s3.open(tmp_path, url)) as blobs:
        blobs.create("log/main/1", b"record")
    with contextlib.closing(s3.open(tmp_path, url, **s3.readonly)) as blobs:
        assert blobs.read("log/main/1") == b"record"
        assert list(blobs.list("")) == [("log/main/1", 6)]
        with pytest.raises(NotFoundError):
            blobs.read("log/main/2")
        file = blobs.scratch / "file"
        for write in (
            lambda: blobs.create("log/main/2", b""),
            lambda: blobs.adopt("packs/1", file),
            lambda: blobs.replace("packs/1", file),
        ):
            file.write_bytes(b"data")
            with pytest.raises(RemoteError, match="access denied: may not write .* read-only"):
                write()
        with pytest.raises(RemoteError, match="access denied: may not delete"):
            blobs.delete("log/main/1")


@pytest.mark.parametrize("place", ["s3", "gcs"])
def test_a_refused_connection_is_told_soon(place, request, tmp_path):
    with contextlib.closing(request.getfixturevalue(place).open(tmp_path, endpoint_url="http://127.0.0.1:1")) as blobs:
        began = time.monotonic()
        with pytest.raises(RemoteError, match="can't reach .*127.0.0.1:1: connection refused"):
            blobs.create("x", b"y")
        assert time.monotonic() - began < 5


def test_an_endpoint_with_a_password_is_refused_and_not_repeated(s3, tmp_path):
    with pytest.raises(InvalidInputError, match="no user and password") as caught:
        s3.open(tmp_path, endpoint_url=f"http://ann:{SECRET}@127.0.0.1:1")
    assert SECRET not in str(caught.value)


def test_an_unknown_host_is_told_soon(s3, tmp_path):
    with contextlib.closing(s3.open(tmp_path, endpoint_url="http://nobody.invalid")) as blobs:
        began = time.monotonic()
        with pytest.raises(RemoteError, match="can't reach .*nobody.invalid"):
            blobs.read("x")
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("place", ["s3", "gcs"])
def test_a_host_that_never_answers_times_out(place, request, tmp_path):
    bucket = request.getfixturevalue(place)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        if place == "s3":
            options = {"config_kwargs": {"read_timeout": 0.5}}
        else:
            from aiohttp import ClientTimeout

            options = {"requests_timeout": ClientTimeout(sock_read=0.5)}
        with contextlib.closing(bucket.open(tmp_path, endpoint_url=endpoint, **options)) as blobs:
            began = time.monotonic()
            with pytest.raises(RemoteError, match="timed out: .* didn't answer"):
                blobs.create("x", b"y")
            assert time.monotonic() - began < 7


def test_a_certificate_that_is_none_is_told(s3, tmp_path):
    with (
        contextlib.closing(s3.open(tmp_path, endpoint_url=s3.endpoint.replace("http:", "https:"))) as blobs,
        pytest.raises(RemoteError, match="certificate"),
    ):
        blobs.read("x")


def test_credentials_that_can_not_be_used_are_told_by_whatever_comes_first(gcs, tmp_path):
    for ask in range(6):
        with (
            contextlib.closing(gcs.open(tmp_path, token="google_default")) as blobs,
            pytest.raises(RemoteError, match="credentials .*gcloud auth application-default login"),
        ):
            list(operations(blobs))[ask]()


def test_options_that_do_not_exist_are_told_without_their_values(s3, gcs, tmp_path):
    with (
        contextlib.closing(gcs.open(tmp_path, access=SECRET)) as blobs,
        pytest.raises(InvalidInputError, match="gs:// can't be used with the options given .*access") as caught,
    ):
        blobs.read("x")
    assert SECRET not in str(caught.value)
    with contextlib.closing(s3.open(tmp_path, nonsense=SECRET)) as blobs, pytest.raises(RemoteError, match="check the .* options") as told:
        blobs.read("x")
    assert SECRET not in str(told.value)


# -- opening -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "module", "words"),
    [
        ("s3://bucket/x", "s3", r"pip install 'objstore\[s3\]'"),
        ("gs://bucket/x", "gcs", r"pip install 'objstore\[gcs\]'"),
        ("dropbox://x/y", None, "install the package"),
    ],
)
def test_a_missing_package_is_named_when_the_place_is_first_used(url, module, words, tmp_path, monkeypatch):
    if module:
        monkeypatch.delitem(sys.modules, f"objstore.blobs.{module}", raising=False)
        monkeypatch.setitem(sys.modules, {"s3": "s3fs", "gcs": "gcsfs.core"}[module], None)
    with pytest.raises(InvalidInputError, match=words):
        open_blobs(Address.parse(url), tmp_path).read("objstore.json")


def test_a_folder_needs_no_package(tmp_path):
    with contextlib.closing(open_blobs(Address.parse(str(tmp_path / "x")), tmp_path)) as blobs:
        assert isinstance(blobs, LocalBlobs)
        assert blobs.location == str(tmp_path / "x")


def test_the_environment_of_aws_counts(s3, tmp_path, monkeypatch):
    for name, option in [("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_ENDPOINT_URL", "endpoint_url")]:
        monkeypatch.setenv(name, s3.options[option])
    with contextlib.closing(open_blobs(Address.parse(s3.place()), tmp_path)) as blobs:
        blobs.create("x", b"y")


def test_the_environment_of_google_counts(gcs, tmp_path, monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs.endpoint)
    with contextlib.closing(open_blobs(Address.parse(gcs.place()), tmp_path, {"token": "anon"})) as blobs:
        blobs.create("x", b"y")


def test_the_settings_of_fsspec_count_and_options_win_over_them(s3, tmp_path, monkeypatch):
    monkeypatch.setitem(fsspec.config.conf, "s3", {**s3.options, "secret": "wrong", "config_kwargs": {"read_timeout": 30}})
    with contextlib.closing(open_blobs(Address.parse(s3.place()), tmp_path, {"secret": s3.options["secret"]})) as blobs:
        blobs.create("x", b"y")
        config = blobs._transport().fs.config_kwargs
        assert (config["read_timeout"], config["connect_timeout"]) == (30, 5)


def test_any_other_file_system_can_be_read(tmp_path):
    fs = fsspec.filesystem("memory", skip_instance_cache=True)
    fs.pipe({"/readable/x/objstore.json": b"{}", "/readable/x/packs/ab/1": b"0123456789"})
    with contextlib.closing(open_blobs(Address.parse("memory:///readable/x"), tmp_path)) as blobs:
        assert blobs.read("objstore.json") == b"{}"
        assert dict(blobs.list("")) == {"objstore.json": 2, "packs/ab/1": 10}
        assert dict(blobs.list("packs/")) == {"packs/ab/1": 10}
        assert dict(blobs.list("log/")) == {}
        assert list(blobs.read_ranges("packs/ab/1", [(0, 3), (8, 2)])) == [b"012", b"89"]
        assert blobs.size("packs/ab/1") == 10
        assert not blobs.has("packs/ab/2")
        with pytest.raises(NotFoundError):
            blobs.read("packs/ab/2")
    fs.rm("/readable", recursive=True)
