"""Objects of a web server."""

import base64
from pathlib import Path

import pytest

from objstore.blobs.retrying import Retrying
from objstore.errors import ReferenceChangedError, ReferenceMissingError, RemoteError
from objstore.outside.fetching import fetch
from objstore.outside.opening import Outside
from objstore.outside.resolving import resolve
from objstore.outside.seen import Seen
from objstore.outside.uri import Uri
from tests.servers.process import free_ports
from tests.servers.web import Page, Site, serving


def found(outside: Outside, uri: str) -> Seen:
    ((name, seen),) = resolve(outside, Uri.parse(uri), 10)
    assert name == ""
    return seen


def test_one_head_tells_etag_and_length(outside: Outside, web: Site) -> None:
    web.pages["/a.csv?x=1"] = Page(b"meow", '"abc"')
    seen = found(outside, f"{web.url}/a.csv?x=1")
    assert (seen.size, seen.marks, web.methods()) == (4, {"etag": "abc"}, ["HEAD"])
    assert b"".join(fetch(outside, seen)) == b"meow"
    assert web.methods() == ["HEAD", "GET"]


def test_a_weak_etag_is_kept_whole(outside: Outside, web: Site) -> None:
    web.pages["/a"] = Page(b"meow", 'W/"abc"')
    seen = found(outside, f"{web.url}/a")
    assert seen.marks == {"etag": 'W/"abc"'}
    assert b"".join(fetch(outside, seen)) == b"meow"


@pytest.mark.parametrize("status", [403, 405, 501])
def test_a_server_that_refuses_head_is_asked_by_get(outside: Outside, web: Site, status: int) -> None:
    web.pages["/a"] = Page(b"meow", '"abc"', heads=status)
    assert found(outside, f"{web.url}/a").marks == {"etag": "abc"}
    assert web.methods() == ["HEAD", "GET"]


def test_redirects_are_followed_by_head_as_by_get(outside: Outside, web: Site) -> None:
    web.pages["/old"] = Page(to="/new")
    web.pages["/new"] = Page(b"meow", '"abc"')
    seen = found(outside, f"{web.url}/old")
    assert (seen.uri, seen.size) == (f"{web.url}/old", 4)
    assert web.methods() == ["HEAD", "HEAD"]
    assert b"".join(fetch(outside, seen)) == b"meow"


def test_what_comes_with_a_redirect_isnt_read(outside: Outside, web: Site) -> None:
    web.pages["/old"] = Page(b"endless" * 99, to="/new", tells_length=False, every=0)
    web.pages["/new"] = Page(b"meow", '"abc"')
    assert b"".join(fetch(outside, Seen(f"{web.url}/old", 4, {"etag": "abc"}))) == b"meow"


def test_a_redirect_leads_to_no_file_of_this_machine(outside: Outside, web: Site, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    web.pages["/old"] = Page(to=f"file://{tmp_path}/secret")
    with pytest.raises(RemoteError):
        found(outside, f"{web.url}/old")


def test_without_a_length_the_size_is_unknown(outside: Outside, web: Site) -> None:
    web.pages["/a"] = Page(b"meow", tells_length=False)
    seen = found(outside, f"{web.url}/a")
    assert (seen.size, seen.marks) == (None, {})
    assert b"".join(fetch(outside, seen)) == b"meow"


@pytest.mark.parametrize("status", [404, 410])
def test_nothing_there_is_file_not_found(outside: Outside, web: Site, status: int) -> None:
    web.pages["/a"] = Page(status=status)
    with pytest.raises(FileNotFoundError, match=f"nothing at {web.url}/a"):
        found(outside, f"{web.url}/a")
    with pytest.raises(ReferenceMissingError, match=f"nothing at {web.url}/a"):
        list(fetch(outside, Seen(f"{web.url}/a", 4, {"etag": "abc"})))


def test_a_refusal_is_a_remote_error(outside: Outside, web: Site) -> None:
    web.pages["/a"] = Page(status=403)
    with pytest.raises(RemoteError, match="access denied"):
        found(outside, f"{web.url}/a")
    web.pages["/b"] = Page(status=500)
    with pytest.raises(RemoteError, match="failed 3 times .500."):
        found(outside, f"{web.url}/b")


def test_a_server_that_isnt_there_is_a_remote_error(outside: Outside) -> None:
    (port,) = free_ports(1)
    with pytest.raises(RemoteError, match=rf"can't reach http://127.0.0.1:{port}/a .*refused"):
        found(outside, f"http://127.0.0.1:{port}/a")


@pytest.mark.parametrize(
    ("page", "how"),
    [
        (Page(b"wuff", '"def"'), "its ETag is def, not abc"),
        (Page(b"wuff"), "no ETag any more"),
        (Page(b"longer", '"abc"'), "it has 6 bytes, not 4"),
        (Page(b"longer", '"abc"', tells_length=False), "it has more than 4 bytes"),
        (Page(b"endless" * 99, '"abc"', tells_length=False, every=0), "it has more than 4 bytes"),
        (Page(b"meow", '"abc"', tells_length=False, every=0.01), "it has more than 4 bytes"),
        (Page(b"no", '"abc"', tells_length=False), "it has 2 bytes, not 4"),
    ],
)
def test_a_change_is_an_error(outside: Outside, web: Site, page: Page, how: str) -> None:
    web.pages["/a"] = page
    with pytest.raises(ReferenceChangedError, match=f"{web.url}/a isn't what it was.*{how}"):
        list(fetch(outside, Seen(f"{web.url}/a", 4, {"etag": "abc"})))


@pytest.mark.parametrize("every", [0.01, 1000.0])
@pytest.mark.parametrize("size", [1000, None])
def test_a_server_that_stalls_or_drips_is_a_remote_error(web: Site, size: int | None, every: float) -> None:
    web.pages["/a"] = Page(b"m", '"abc"', tells_length=False, every=every)
    with (
        Outside(Retrying(tries=2, first_wait=0.01, deadline=0.2, slowest=1 << 40)) as outside,
        pytest.raises(RemoteError, match="timed out"),
    ):
        list(fetch(outside, Seen(f"{web.url}/a", size, {"etag": "abc"})))


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (Page(b"meow", '"abc"', 206, headers={"Content-Range": "bytes 0-3/9"}), "other bytes than it was asked for"),
        (Page(b"meow", '"abc"', headers={"Content-Encoding": "gzip"}), r"comes compressed \(its Content-Encoding is gzip\)"),
        (Page(b"meow", '"abc"', headers={"Content-Length": str(10**30)}), "more than any file can"),
        (Page(b"meow", '"abc"', headers={"Content-Length": "9" * 10_000}), "more than any file can"),
    ],
)
def test_what_isnt_the_object_as_it_is_is_a_remote_error(outside: Outside, web: Site, page: Page, said: str) -> None:
    web.pages["/a"] = page
    with pytest.raises(RemoteError, match=f"^{web.url}/a .*{said}"):
        found(outside, f"{web.url}/a")
    page.heads = 405
    with pytest.raises(RemoteError, match=said):
        found(outside, f"{web.url}/a")
    with pytest.raises(RemoteError, match=said):
        list(fetch(outside, Seen(f"{web.url}/a")))


def test_an_encoding_that_is_none_changes_nothing(outside: Outside, web: Site) -> None:
    web.pages["/a"] = Page(b"meow", '"abc"', headers={"Content-Encoding": "identity"})
    assert b"".join(fetch(outside, found(outside, f"{web.url}/a"))) == b"meow"
    assert found(outside, f"{web.url}/a").size == 4


@pytest.mark.parametrize("ranges", [True, False])
def test_a_body_that_breaks_off_is_read_on(outside: Outside, web: Site, ranges: bool) -> None:
    body = bytes(range(256)) * 12_000
    web.pages["/a"] = Page(body, '"abc"', cuts=2, ranges=ranges)
    assert b"".join(fetch(outside, found(outside, f"{web.url}/a"))) == body


def test_a_body_that_always_breaks_off_is_an_error(outside: Outside, web: Site) -> None:
    web.pages["/a"] = Page(b"meow" * 1000, '"abc"', cuts=99, ranges=False)
    with pytest.raises(RemoteError, match="broke off 3 times"):
        list(fetch(outside, found(outside, f"{web.url}/a")))


@pytest.mark.parametrize("etag", [None, 'W/"abc"'])
def test_without_a_strong_etag_a_body_isnt_put_together_from_two(outside: Outside, web: Site, etag: str | None) -> None:
    web.pages["/a"] = Page(b"meow" * 1_000_000, etag, cuts=1)
    with pytest.raises(RemoteError, match="broke off, and it has no ETag to read on by"):
        list(fetch(outside, found(outside, f"{web.url}/a")))


def test_a_body_that_is_replaced_while_it_is_read_is_an_error(outside: Outside, web: Site) -> None:
    web.pages["/a"] = Page(b"meow" * 1_000_000, '"abc"', cuts=1)
    blocks = fetch(outside, found(outside, f"{web.url}/a"))
    next(blocks)
    web.pages["/a"] = Page(b"wuff" * 1_000_000, '"def"')
    with pytest.raises(ReferenceChangedError, match="replaced while it was read"):
        list(blocks)


def test_letters_that_a_request_cant_have_are_escaped(outside: Outside, web: Site) -> None:
    web.pages["/a%20%C3%A4%2Fb"] = Page(b"meow")
    assert found(outside, f"{web.url}/a ä%2Fb#part").size == 4


def test_each_host_gets_its_own_password_from_netrc(outside: Outside, web: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ann password secret\ndefault login ann password other\n")
    (tmp_path / ".netrc").chmod(0o600)
    password = "Basic " + base64.b64encode(b"ann:secret").decode()
    with serving() as other:
        web.pages["/a"] = Page(b"meow", '"abc"', password=password)
        assert found(outside, f"{web.url}/a").size == 4
        web.pages["/b"] = Page(to=f"{other.url.replace('127.0.0.1', 'localhost')}/b", password=password)
        other.pages["/b"] = Page(b"wuff")
        assert found(outside, f"{web.url}/b").size == 4
        assert other.requests == [("HEAD", "/b", None)]
