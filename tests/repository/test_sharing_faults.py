"""Push and pull over a bad line to a bucket: what breaks on the way is done again, and what arrives damaged isn't believed."""

import functools
import os
from collections.abc import Iterator

import pytest

from objstore.blobs import opening
from objstore.blobs.address import Address
from objstore.blobs.retrying import Retrying
from objstore.errors import CorruptionError, RemoteError
from objstore.history.log import Log
from objstore.host.progress import Silent
from objstore.odb import pack
from objstore.repository import remotes
from objstore.repository.checking import check
from objstore.repository.introducing import introduce
from objstore.repository.mirroring import mirror
from objstore.repository.project import Project
from objstore.repository.remotes import UPSTREAM, Remote
from tests.repository.sharing import Sharing, assert_sound, bring, contents, log, look, send, shown
from tests.servers.proxy import Fault, Kind, Proxy

FILES = {"large": os.urandom(2_000_000), **{f"small/{at}": os.urandom(3000) for at in range(200)}}
MORE = {**FILES, "more": os.urandom(500_000)}
QUICK = functools.partial(Retrying, first_wait=0.01, longest_wait=0.02)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "Retrying", QUICK)
    monkeypatch.setattr(pack, "TARGET_SIZE", 512 * 1024)


class Line:
    """Two repositories, and a bucket at the end of a bad line."""

    def __init__(self, sharing: Sharing, proxy: Proxy) -> None:
        self.sharing = sharing
        self.proxy = proxy
        self.address = Address.parse(proxy.bucket.place())
        self.first = sharing.new("first")
        remotes.remove(self.first.remotes_file, UPSTREAM)
        remotes.add(self.first.remotes_file, Remote(UPSTREAM, self.address, proxy.bucket.options))
        log(self.first, FILES)

    def clone(self, name: str = "second", *, data: bool = True) -> Project:
        return self.sharing.clone_of(self.address, name, data=data, options=self.proxy.bucket.options)

    def breaks(self, kind: Kind, method: str, part: str = "", times: int = 2, skip: int = 0) -> Fault:
        fault = Fault(kind, lambda asked, path: asked == method and part in path, times, skip, seconds=0.3)
        self.proxy.faults.append(fault)
        return fault

    def write_ids(self, project: Project) -> list[str]:
        assert project.upstream is not None
        return [record.write_id for _, records in Log(project.upstream.blobs).read_from(1) for record in records]


@pytest.fixture
def line(sharing: Sharing, s3_proxy: Proxy) -> Iterator[Line]:
    yield Line(sharing, s3_proxy)
    s3_proxy.reset()


@pytest.mark.parametrize("kind", ["busy", "lost", "reset", "truncate", "stall"])
def test_push_and_pull_survive(line: Line, kind: Kind) -> None:
    faults = [line.breaks(kind, "PUT", part, skip=skip) for part, skip in (("/packs/", 1), ("/index/", 0), ("/log/", 0))]
    send(line.first)
    log(line.first, MORE)
    send(line.first)
    faults += [line.breaks(kind, "GET", part, skip=skip) for part, skip in (("/packs/", 1), ("/index/", 0), ("/log/", 1))]
    second = line.clone()
    assert not any(fault.times for fault in faults)
    line.proxy.reset()
    assert shown(second) == shown(line.first)
    assert contents(second) == contents(line.first)
    assert not line.proxy.requests
    assert_sound(second)
    assert len(set(line.write_ids(second))) == len(line.write_ids(second))


@pytest.mark.parametrize("kind", ["flip", "short"])
@pytest.mark.parametrize("part", ["objstore.json", "/log/", "/index/", "/packs/"])
def test_what_arrives_damaged_is_read_again(line: Line, kind: Kind, part: str) -> None:
    send(line.first)
    fault = line.breaks(kind, "GET", part, times=1)
    second = line.clone()
    assert not fault.times
    assert contents(second) == contents(line.first)
    assert_sound(second)


def test_what_always_arrives_damaged_is_refused_and_nothing_wrong_is_kept(line: Line) -> None:
    send(line.first)
    second = line.clone(data=False)
    line.breaks("flip", "GET", "/packs/", times=1000)
    with pytest.raises(CorruptionError):
        bring(second)
    with pytest.raises(CorruptionError):
        contents(second)
    line.proxy.reset()
    bring(second)
    assert contents(second) == contents(line.first)
    assert_sound(second)


def test_a_line_that_stays_broken_is_told_and_what_arrived_is_not_sent_again(line: Line) -> None:
    line.breaks("busy", "PUT", "/log/", times=1000)
    with pytest.raises(RemoteError):
        send(line.first)
    arrived = {request.path for request in line.proxy.requests if request.method == "PUT" and request.status == 200}
    line.proxy.reset()
    send(line.first)
    again = {
        request.path
        for request in line.proxy.requests
        if request.method == "PUT" and ("/packs/" in request.path or "/index/" in request.path)
    }
    assert any("/packs/" in path for path in arrived)
    assert not again
    log(line.first, MORE)
    line.breaks("lost", "PUT", "/index/", times=1000)
    with pytest.raises(RemoteError):
        send(line.first)
    arrived = {request.path for request in line.proxy.requests if request.method == "PUT" and request.status == 200}
    line.proxy.reset()
    send(line.first)
    assert not {request.path for request in line.proxy.requests if request.method == "PUT" and "/packs/" in request.path} & arrived
    assert contents(line.clone()) == contents(line.first)


def test_an_append_whose_answer_never_comes_is_found_to_have_landed(line: Line) -> None:
    send(line.first)
    second = line.clone()
    log(line.first, MORE, aliases=("prod",))
    line.breaks("lost", "PUT", "/log/", times=1000)
    line.breaks("busy", "GET", "/log/main/", times=1000, skip=2)
    with pytest.raises(RemoteError):
        send(line.first)
    assert list(line.first.blobs.list("pending/main/"))
    line.proxy.reset()
    look(second)
    assert [number for number, _ in shown(second)["data"][1]] == [0, 1]
    assert send(line.first).records == 0
    assert not list(line.first.blobs.list("pending/main/"))
    assert shown(line.first) == shown(second)
    assert len(set(line.write_ids(second))) == len(line.write_ids(second))


def test_a_clone_without_data_reads_what_it_needs_over_a_bad_line(line: Line) -> None:
    send(line.first)
    second = line.clone(data=False)
    for kind in ("flip", "truncate", "busy"):
        line.breaks(kind, "GET", "/packs/", times=1, skip=1)
    assert contents(second) == contents(line.first)


def test_the_cost_of_looking_when_there_is_nothing_new(line: Line) -> None:
    send(line.first)
    look(line.first)
    line.proxy.reset()
    look(line.first)
    assert len(line.proxy.requests) == 4
    line.proxy.reset()
    bring(line.first)
    assert len(line.proxy.requests) == 4
    line.proxy.reset()
    send(line.first)
    assert len(line.proxy.requests) == 4


@pytest.mark.parametrize("part", ["/packs/", "/index/"])
def test_what_arrives_damaged_on_its_way_to_a_mirror_is_read_again(line: Line, part: str) -> None:
    send(line.first)
    introduce(line.first, "backup", Address.parse(str(line.sharing.place / "backup")), {}, checked=False)
    fault = line.breaks("flip", "GET", part, times=1)
    mirror(line.first, "backup", Silent())
    assert not fault.times
    assert check(line.sharing.place / "backup", Silent()).problems == []
