"""What a store in a bucket survives without anybody's help, and what a request costs."""

import contextlib
import os
import time
import warnings

import pytest

from objstore.blobs import remote, transport
from objstore.blobs.retrying import Retrying
from objstore.errors import BlobExistsError, NotFoundError, RemoteError
from tests.servers.proxy import Fault

QUICK = Retrying(first_wait=0.01, longest_wait=0.01)


@pytest.fixture(params=["s3", "gcs"])
def proxy(request):
    return request.getfixturevalue(f"{request.param}_proxy")


@pytest.fixture
def blobs(proxy, tmp_path):
    with contextlib.closing(proxy.bucket.open(tmp_path / "scratch", retrying=QUICK)) as blobs:
        yield blobs


def scratch_file(blobs, data):
    file = blobs.scratch / "draft"
    file.write_bytes(data)
    return file


@pytest.mark.parametrize("kind", ["busy", "lost", "reset", "truncate"])
def test_a_read_survives(kind, blobs, proxy):
    data = os.urandom(100_000)
    blobs.create("pack", data)
    proxy.faults.append(Fault(kind, times=2))
    assert blobs.read("pack") == data
    proxy.faults.append(Fault(kind))
    assert blobs.size("pack") == len(data)


def test_an_answer_that_trickles_in_has_a_deadline(proxy, tmp_path, monkeypatch):
    monkeypatch.setattr(transport, "LISTING_LIMIT", 2)
    patience = Retrying(tries=2, first_wait=0.01, deadline=2, slowest=1 << 40)
    with contextlib.closing(proxy.bucket.open(tmp_path, retrying=patience)) as blobs:
        blobs.create("pack", bytes(1000))
        proxy.faults.append(Fault("trickle", lambda method, path: method == "GET", times=100, seconds=0.2))
        for read in (lambda: blobs.read("pack"), lambda: blobs.read_part("pack", 0, 1000), lambda: list(blobs.list(""))):
            began = time.monotonic()
            with pytest.raises(RemoteError):
                read()
            assert time.monotonic() - began < 60  # it would take 200 s


@pytest.mark.parametrize("kind", ["short", "flip"])
def test_a_checksum_that_comes_with_what_is_read_is_checked(kind, s3_proxy, tmp_path):
    with contextlib.closing(s3_proxy.bucket.open(tmp_path, retrying=QUICK)) as blobs:
        blobs.create("pack", b"some bytes")
        s3_proxy.faults.append(Fault(kind, times=2))
        assert blobs.read("pack") == b"some bytes"


@pytest.mark.parametrize("kind", ["busy", "lost", "reset", "truncate", "short"])
def test_a_read_of_ranges_survives_and_asks_again_only_for_what_is_missing(kind, blobs, proxy):
    data = os.urandom(100_000)
    blobs.create("pack", data)
    ranges = [(at, 1000) for at in range(0, 100_000, 10_000)]
    proxy.reset()
    proxy.faults.append(Fault(kind, lambda method, path: method == "GET" and not path.startswith("/storage/v1/"), times=3, skip=2))
    assert list(blobs.read_ranges("pack", ranges)) == [data[at : at + size] for at, size in ranges]
    assert len(proxy.requests) <= len(ranges) + 2 * 3  # after a short answer, the size is asked for


@pytest.mark.parametrize("kind", ["busy", "lost", "reset", "truncate"])
def test_a_create_survives_and_is_not_taken_for_somebody_elses(kind, blobs, proxy):
    for write in (lambda name: blobs.create(name, b"ours"), lambda name: blobs.adopt(name, scratch_file(blobs, b"ours"))):
        name = os.urandom(4).hex()
        proxy.faults.append(Fault(kind, lambda method, path: method in ("PUT", "POST"), times=2))
        write(name)
        proxy.reset()
        assert blobs.read(name) == b"ours"
        with pytest.raises(BlobExistsError):
            write(name)


def test_a_create_whose_answer_is_lost_does_not_take_somebody_elses_equal_blob_for_its_own(blobs, proxy):
    blobs.create("record", b"the same bytes")
    proxy.faults.append(Fault("lost"))
    with pytest.raises(BlobExistsError):
        blobs.create("record", b"the same bytes")


@pytest.mark.parametrize("kind", ["busy", "lost", "reset", "truncate", "short"])
def test_listing_and_deleting_survive(kind, blobs, proxy):
    blobs.create("packs/1", b"one")
    proxy.faults.append(Fault(kind))
    assert list(blobs.list("packs/")) == [("packs/1", 3)]
    proxy.faults.append(Fault(kind))
    blobs.delete("packs/1")
    assert not blobs.has("packs/1")


def test_a_stall_of_two_seconds_is_waited_for(blobs, proxy):
    proxy.faults.append(Fault("stall", seconds=2))
    blobs.create("record", b"x")
    assert len(proxy.requests) == 1


def test_a_request_that_stalls_for_ever_times_out_and_is_sent_again(s3_proxy, tmp_path):
    with contextlib.closing(s3_proxy.bucket.open(tmp_path, config_kwargs={"read_timeout": 0.5}, retrying=QUICK)) as blobs:
        s3_proxy.faults.append(Fault("stall", seconds=600))
        blobs.create("record", b"x")
        s3_proxy.faults.append(Fault("stall", seconds=600))
        assert blobs.read("record") == b"x"


# -- what it costs -----------------------------------------------------------------------------------------------------


def test_every_operation_is_one_request(blobs, proxy):
    def cost(operation):
        proxy.reset()
        with contextlib.suppress(NotFoundError):
            operation()
        return len(proxy.requests)

    assert cost(lambda: blobs.create("log/main/1", b"record")) == 1
    assert cost(lambda: blobs.create("empty", b"")) == 1
    assert cost(lambda: blobs.adopt("packs/1", scratch_file(blobs, bytes(1 << 20)))) == 1
    assert cost(lambda: blobs.replace("packs/1", scratch_file(blobs, bytes(1 << 20)))) == 1
    for name in ("log/main/1", "empty", "log/main/2"):  # a miss costs no more
        assert cost(lambda name=name: blobs.read(name)) == 1
        assert cost(lambda name=name: blobs.size(name)) == 1
        assert cost(lambda name=name: blobs.has(name)) == 1
    assert cost(lambda: list(blobs.read_ranges("packs/1", [(0, 10), (20, 5), (7, 0)]))) == 2
    assert cost(lambda: list(blobs.list(""))) == 1
    assert cost(lambda: list(blobs.list("missing/"))) == 1
    assert cost(lambda: blobs.delete("empty")) == 1
    assert cost(lambda: blobs.delete("empty")) == 1


def test_a_long_listing_comes_in_pages(blobs, proxy, monkeypatch):
    monkeypatch.setattr(transport, "LISTED", 2)
    names = {f"packs/{number}" for number in range(5)}
    for name in names:
        blobs.create(name, b"pack")
    proxy.reset()
    assert dict(blobs.list("packs/")) == dict.fromkeys(names, 4)
    assert len(proxy.requests) == 3


def test_a_create_that_is_refused_asks_who_was_first(blobs, proxy):
    blobs.create("log/main/1", b"record")
    proxy.reset()
    with pytest.raises(BlobExistsError):
        blobs.create("log/main/1", b"another")
    assert [request.received < 1000 for request in proxy.requests] == [True, True]


# -- what is large, and who asks ---------------------------------------------------------------------------------------


def test_a_large_file_goes_up_in_pieces(blobs, proxy, monkeypatch):
    monkeypatch.setattr(remote, "_ONE_PUT", 1 << 20)
    data = os.urandom(33 << 20)
    for write in (blobs.adopt, blobs.replace):
        file = scratch_file(blobs, data)
        proxy.reset()
        write("packs/large", file)
        assert max(request.sent for request in proxy.requests) < 20 << 20
        assert blobs.size("packs/large") == len(data)
        assert not file.exists()
    ranges = [(at, 1 << 20) for at in range(0, len(data), 1 << 20)]
    assert b"".join(blobs.read_ranges("packs/large", ranges)) == data
    file = scratch_file(blobs, data)
    with pytest.raises(BlobExistsError):
        blobs.adopt("packs/large", file)
    assert not file.exists()


def test_a_forked_child_connects_anew(blobs):
    blobs.create("record", b"from the parent")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # there are threads
        child = os.fork()
    if not child:
        try:
            blobs.create("another", blobs.read("record") + b" to the child")
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert blobs.read("another") == b"from the parent to the child"
