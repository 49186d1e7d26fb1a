import threading

import pytest

from objstore.blobs.memory import MemoryBlobs
from objstore.errors import ConflictError, RemoteError, UnsupportedFormatError
from objstore.history.commit import commit, refresh
from objstore.history.encoding import encode_entry
from objstore.history.facts import set_aliases
from objstore.history.log import Log
from objstore.history.records import SegmentsRecord, SettingsRecord
from objstore.history.state import State
from objstore.history.versions import log_version
from objstore.values.digest import plain
from tests.history.stores import CountingBlobs, LossyBlobs
from tests.history.test_encoding import sealed


def versions_of(blobs):
    state = State()
    refresh(Log(blobs), state)
    return [version.root for version in state.collection("ds").versions]


def logging(root):
    return lambda state: log_version(state, "ds", "dataset", root=root, files=1, bytes=1)


def test_a_commit_is_in_the_log_and_in_the_state():
    blobs, state = MemoryBlobs(), State()
    records = commit(Log(blobs), state, logging(plain(b"a")))
    assert [type(record).__name__ for record in records] == ["CollectionRecord", "VersionRecord"]
    assert state.position == 1
    assert versions_of(blobs) == [version.root for version in state.collection("ds").versions] == [plain(b"a")]


def test_nothing_to_do_appends_nothing():
    blobs, state = MemoryBlobs(), State()
    commit(Log(blobs), state, logging(plain(b"a")))
    assert commit(Log(blobs), state, logging(plain(b"a"))) == []
    assert commit(Log(blobs), State(), logging(plain(b"a"))) == []
    assert state.position == 1


def test_what_decide_raises_is_raised_and_nothing_is_appended():
    def refuse(state):
        raise ConflictError("no")

    blobs = MemoryBlobs()
    with pytest.raises(ConflictError, match="no"):
        commit(Log(blobs), State(), refuse)
    assert list(blobs.list("")) == []


def test_the_loser_of_a_race_decides_again_on_what_the_winner_wrote():
    blobs, mine, other = MemoryBlobs(), State(), State()
    seen = []

    def decide(state):
        seen.append(state.position)
        if len(seen) <= 2:
            commit(Log(blobs), other, logging(plain(b"other %d" % len(seen))))
        return logging(plain(b"mine"))(state)

    commit(Log(blobs), mine, decide)
    assert seen == [0, 1, 2]
    assert versions_of(blobs) == [plain(b"other 1"), plain(b"other 2"), plain(b"mine")]


def test_the_loser_may_find_that_its_work_is_done():
    blobs, mine = MemoryBlobs(), State()

    def decide(state):
        records = logging(plain(b"same"))(state)
        if state.position == 0:
            commit(Log(blobs), State(), logging(plain(b"same")))
        return records

    assert commit(Log(blobs), mine, decide) == []
    assert mine.position == 1


@pytest.mark.parametrize("fault", ["lost", "retried"])
def test_a_lost_reply_makes_no_second_version(fault):
    blobs, state = LossyBlobs(), State()
    blobs.faults = [fault]
    commit(Log(blobs), state, logging(plain(b"a")))
    assert state.position == 1
    assert versions_of(blobs) == [plain(b"a")]


def test_after_a_remote_error_the_same_commit_can_be_tried_again():
    blobs, state = LossyBlobs(), State()
    blobs.faults = ["dropped"]
    with pytest.raises(RemoteError):
        commit(Log(blobs), state, logging(plain(b"a")))
    commit(Log(blobs), state, logging(plain(b"a")))
    assert versions_of(blobs) == [plain(b"a")]


def test_an_unknown_kind_can_be_read_over_and_stops_writing():
    blobs, state = MemoryBlobs(), State()
    log = Log(blobs)
    commit(log, state, logging(plain(b"a")))
    line = encode_entry([SegmentsRecord()]).split(b"\n")[1].replace(b'"segments"', b'"merge"', 1)
    blobs.create(log.entry_name(2), sealed(line))
    log.append(3, [SettingsRecord(ttl=5)])
    with pytest.raises(UnsupportedFormatError, match="merge"):
        commit(log, state, logging(plain(b"b")))
    assert state.position == 3
    assert state.default_ttl == 5
    assert state.version("ds").root == plain(b"a")
    with pytest.raises(UnsupportedFormatError, match="merge"):
        commit(log, State.decode(state.encode()), logging(plain(b"b")))


def test_an_up_to_date_commit_takes_one_read_and_one_write():
    blobs, state = CountingBlobs(), State()
    log = Log(blobs)
    commit(log, state, logging(plain(b"a")))
    blobs.calls.clear()
    commit(log, state, lambda state: set_aliases(state, "ds", "v0", ["prod"]))
    assert blobs.calls == {"read": 1, "create": 1}


def test_many_threads_each_get_all_their_versions_in():
    blobs = MemoryBlobs()

    def write(writer):
        state = State()
        for n in range(20):
            commit(Log(blobs), state, logging(plain(b"%d %d" % (writer, n))))

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(versions_of(blobs)) == sorted(plain(b"%d %d" % (writer, n)) for writer in range(6) for n in range(20))
    assert list(Log(blobs).verify()) == []
