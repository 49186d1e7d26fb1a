"""What a store in a bucket makes of the answers it gets, by a transport that answers as it is told."""

import itertools
import os
import threading

import pytest
from fsspec.asyn import get_loop, sync

from objstore.blobs.remote import RemoteBlobs
from objstore.blobs.retrying import Retrying
from objstore.errors import BlobExistsError, CorruptionError, RemoteError, UnsafeStoreError

MIB = 1 << 20


class Scripted:
    """A transport over a dict. `failures`: for each method, what its next calls end in, None for the usual."""

    refuses_second_create = True

    def __init__(self, blobs=()):
        self.blobs, self.marks, self.failures = dict(blobs), {}, {}
        self.asked = []

    def _fail(self, method, name):
        self.asked.append((method, name))
        failure = next(self.failures.get(method, iter(())), None)
        if failure is not None:
            raise failure

    def create(self, name, data, mark, limit):
        taken = name in self.blobs
        if not taken:
            self.blobs[name], self.marks[name] = data if isinstance(data, bytes) else data.read_bytes(), mark
        self._fail("create", name)  # after it has landed
        if taken:
            raise FileExistsError

    def has_made(self, name, data, mark, limit):
        self._fail("has_made", name)
        return self.marks.get(name) == mark

    def overwrite(self, name, file, limit):
        self.blobs[name] = file.read_bytes()

    def read(self, name, limit):
        self._fail("read", name)
        try:
            return self.blobs[name]
        except KeyError:
            raise FileNotFoundError from None

    def ranges(self, name, ranges, limit):
        self.asked.append(("ranges", tuple(ranges)))
        answers = []
        for offset, length in ranges:
            try:
                self._fail("range", name)
                answers.append(self.read(name, limit)[offset : offset + length])
            except Exception as error:
                answers.append(b"" if isinstance(error, EOFError) else error)
        return answers

    def size(self, name, limit):
        return len(self.read(name, limit))

    def look_for_bucket(self, limit):
        self._fail("look_for_bucket", "")

    def close(self):
        self.asked.append(("close", ""))


@pytest.fixture
def transport():
    return Scripted()


@pytest.fixture
def blobs(transport, tmp_path):
    return RemoteBlobs("s3://bucket/x", tmp_path / "scratch", lambda: transport, Retrying(sleep=lambda seconds: None))


def test_a_create_that_landed_though_it_timed_out_is_ours(blobs, transport):
    transport.failures = {"create": iter([TimeoutError(), ConnectionResetError()])}
    blobs.create("record", b"ours")
    assert transport.blobs == {"record": b"ours"}


def test_a_create_repeated_by_a_library_below_is_ours(blobs, transport):
    transport.failures = {"create": iter([FileExistsError()])}
    blobs.create("record", b"ours")


def test_a_create_refused_by_somebody_elses_blob_says_so_even_if_that_is_gone_since(blobs, transport):
    transport.blobs["record"] = b"ours"
    with pytest.raises(BlobExistsError):
        blobs.create("record", b"ours")
    transport.failures = {"has_made": iter([FileNotFoundError()])}
    with pytest.raises(BlobExistsError):
        blobs.create("record", b"ours")


def test_whether_a_refused_create_is_ours_is_asked_again_too(blobs, transport):
    transport.failures = {"create": iter([TimeoutError()]), "has_made": iter([ConnectionResetError()])}
    blobs.create("record", b"ours")


def test_a_file_is_gone_when_its_upload_fails(blobs, transport):
    transport.failures = {"create": iter([PermissionError()])}
    file = blobs.scratch / "draft"
    file.write_bytes(b"pack")
    with pytest.raises(RemoteError):
        blobs.adopt("pack", file)
    assert not file.exists()


def test_a_store_that_may_overwrite_is_never_written_to(blobs, transport):
    transport.refuses_second_create = False
    file = blobs.scratch / "draft"
    file.write_bytes(b"pack")
    with pytest.raises(UnsafeStoreError):
        blobs.create("record", b"")
    with pytest.raises(UnsafeStoreError):
        blobs.adopt("pack", file)
    assert transport.blobs == {}


def test_ranges_are_asked_for_in_groups_when_they_are_needed(blobs, transport):
    transport.blobs["pack"] = os.urandom(100 * MIB)
    taken = list(itertools.islice(blobs.read_ranges("pack", ((at * MIB, MIB) for at in range(100))), 3))
    assert [len(data) for data in taken] == [MIB] * 3
    groups = [ranges for what, ranges in transport.asked if what == "ranges"]
    assert [sum(length for _, length in group) for group in groups] == [32 * MIB]
    list(blobs.read_ranges("pack", [(at, 1) for at in range(1000)]))
    assert max(len(ranges) for what, ranges in transport.asked if what == "ranges") == 64


def test_a_range_larger_than_a_group_comes_whole(blobs, transport):
    transport.blobs["pack"] = os.urandom(70 * MIB)
    assert list(blobs.read_ranges("pack", [(0, 1), (1, 65 * MIB), (0, 1)]))[1] == transport.blobs["pack"][1 : 1 + 65 * MIB]


def test_ranges_without_bytes_cost_nothing(blobs, transport):
    assert list(blobs.read_ranges("pack", [(5, 0), (0, 0)])) == [b"", b""]
    assert transport.asked == []


def test_a_short_answer_is_asked_for_again_unless_the_blob_is_short(blobs, transport):
    transport.blobs["pack"] = bytes(range(100))
    transport.failures = {"range": iter([None, EOFError(), None, EOFError(), None])}
    ranges = [(0, 10), (10, 10), (20, 10)]
    assert list(blobs.read_ranges("pack", ranges)) == [bytes(range(at, at + 10)) for at in (0, 10, 20)]
    assert [ranges for what, ranges in transport.asked if what == "ranges"] == [tuple(ranges), ((10, 10),), ((10, 10),)]
    with pytest.raises(CorruptionError, match="pack in s3://bucket/x is cut short"):
        list(blobs.read_ranges("pack", [(95, 10)]))


def test_what_can_not_be_mended_by_trying_again_is_told_first(blobs, transport):
    transport.blobs["pack"] = bytes(100)
    transport.failures = {"range": iter([ConnectionResetError(), PermissionError(), None])}
    with pytest.raises(RemoteError, match="access denied"):
        list(blobs.read_ranges("pack", [(0, 1), (1, 1), (2, 1)]))


def test_only_a_miss_that_is_the_first_thing_heard_makes_it_look_for_the_bucket(blobs, transport):
    assert not blobs.has("missing")
    assert not blobs.has("missing")
    assert [what for what, _ in transport.asked].count("look_for_bucket") == 1


def test_a_forked_child_makes_a_transport_of_its_own(tmp_path, monkeypatch):
    made = []

    def connect():
        made.append(Scripted({"record": b"x"}))
        return made[-1]

    blobs = RemoteBlobs("s3://bucket/x", tmp_path, connect, Retrying())
    blobs.read("record")
    blobs.read("record")
    assert len(made) == 1
    monkeypatch.setattr(os, "getpid", lambda: -1)
    blobs.read("record")
    blobs.close()
    assert len(made) == 2
    assert ("close", "") in made[1].asked
    assert ("close", "") not in made[0].asked


def test_threads_that_come_first_together_share_one_transport(tmp_path):
    together, used = threading.Barrier(4), []

    def connect():
        together.wait()
        return Scripted({"record": b"x"})

    blobs = RemoteBlobs("s3://bucket/x", tmp_path, connect, Retrying())
    threads = [threading.Thread(target=lambda: used.append(blobs._transport())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, used))) == 1


def test_closing_what_was_never_used_connects_nowhere(tmp_path):
    RemoteBlobs("s3://bucket/x", tmp_path, lambda: pytest.fail("connected"), Retrying()).close()


def test_the_scratch_is_made_when_needed(blobs, tmp_path):
    assert not (tmp_path / "scratch").exists()
    assert blobs.scratch.is_dir()
    assert blobs.root is None
    assert blobs.location == "s3://bucket/x"


@pytest.mark.parametrize("server", ["s3", "gcs"])
def test_it_is_closed_also_where_garbage_is_collected_in_the_thread_of_the_event_loop(server, request, tmp_path):
    blobs = request.getfixturevalue(server).open(tmp_path)
    assert not blobs.has("nothing")

    async def collect():
        blobs.close()

    sync(get_loop(), collect)
    assert not blobs.has("nothing")
    blobs.close()
