import threading
import time

import pytest

from objstore.blobs.local import LocalBlobs
from objstore.blobs.memory import MemoryBlobs
from objstore.errors import CorruptionError, InvalidInputError, RemoteError, StorageError
from objstore.history.encoding import encode_compact, encode_entry
from objstore.history.log import EntryTakenError, Log
from objstore.history.records import RunFinishRecord, SegmentsRecord, SettingsRecord
from tests.history.stores import CountingBlobs, LossyBlobs, Wrapper


@pytest.fixture(params=["memory", "local"])
def blobs(request, tmp_path):
    if request.param == "memory":
        yield MemoryBlobs()
    else:
        local = LocalBlobs(tmp_path)
        yield local
        local.close()


def filled(blobs, count):
    log = Log(blobs)
    for number in range(1, count + 1):
        log.append(number, [SettingsRecord(ttl=number)])
    return log


def ttls(log, start=1):
    return [(number, records[0].ttl) for number, records in log.read_from(start)]


def test_what_was_appended_is_read_in_order(blobs):
    log = filled(blobs, 130)
    for start in (1, 2, 64, 65, 100, 129, 130, 131, 500):
        assert ttls(log, start) == [(number, number) for number in range(start, 131)]


def test_a_number_is_given_once(blobs):
    log = filled(blobs, 3)
    with pytest.raises(EntryTakenError) as caught:
        log.append(3, [SettingsRecord(ttl=99)])
    assert caught.value.number == 3
    assert ttls(log) == [(1, 1), (2, 2), (3, 3)]


def test_many_entries_are_appended_at_once_though_some_are_there_from_before(blobs, tmp_path):
    source = filled(MemoryBlobs(), 130)
    entries = list(source.read_bytes_from(1))
    log = Log(blobs)
    log.append_all(entries[:70])
    log.append_all(entries)
    assert ttls(log) == ttls(source)
    assert sorted(name for name, _ in blobs.list("log/main/compact/")) == [log.compact_name(1, 64), log.compact_name(65, 128)]
    other = Log(MemoryBlobs())
    other.append(2, [SettingsRecord(ttl=9)])
    with pytest.raises(EntryTakenError) as caught:
        other.append_all(entries)
    assert caught.value.number == 2


def test_of_many_threads_one_wins_a_number(blobs):
    log = Log(blobs)
    start = threading.Barrier(8)
    won = []

    def write(ttl):
        start.wait()
        try:
            log.append(1, [SettingsRecord(ttl=ttl)])
            won.append(ttl)
        except EntryTakenError:
            pass

    threads = [threading.Thread(target=write, args=(ttl,)) for ttl in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert ttls(log) == [(1, won[0])]


@pytest.mark.parametrize("fault", ["lost", "retried"])
def test_a_put_that_landed_though_its_answer_was_lost_is_a_success(fault):
    blobs = LossyBlobs()
    log = Log(blobs)
    blobs.faults = [fault]
    log.append(1, [SettingsRecord(ttl=1)])
    assert ttls(log) == [(1, 1)]


def test_a_put_that_never_arrived_is_a_remote_error():
    blobs = LossyBlobs()
    log = Log(blobs)
    blobs.faults = ["dropped"]
    with pytest.raises(RemoteError):
        log.append(1, [SettingsRecord(ttl=1)])
    assert ttls(log) == []


def test_a_lost_answer_about_a_number_that_another_has_is_not_a_success():
    blobs = LossyBlobs()
    log = Log(blobs)
    log.append(1, [SettingsRecord(ttl=1)])
    blobs.faults = ["dropped"]
    with pytest.raises(RemoteError):
        log.append(1, [SettingsRecord(ttl=2)])


def test_a_record_of_the_other_log_is_refused(blobs):
    with pytest.raises(InvalidInputError, match="main"):
        Log(blobs, "main").append(1, [RunFinishRecord(run="r", state="failed")])
    Log(blobs, "runs").append(1, [RunFinishRecord(run="r", state="failed")])
    assert list(Log(blobs, "main").read_from(1)) == []


def test_there_is_no_entry_0(blobs):
    with pytest.raises(InvalidInputError):
        list(Log(blobs).read_from(0))


def test_reading_200_entries_takes_few_requests():
    blobs = CountingBlobs()
    log = filled(blobs, 200)
    blobs.calls.clear()
    assert len(ttls(log)) == 200
    # The first entry; 3 compacted ones, each found at the first try; misses for a longer one and a fourth; 8 single entries; 8 in vain.
    assert blobs.calls["read"] <= 1 + 3 + 1 + 1 + 8 + 8
    assert blobs.calls["list"] == 0


def test_reading_thousands_of_entries_takes_dozens_of_requests():
    blobs = CountingBlobs()
    log = filled(blobs, 5000)
    blobs.calls.clear()
    assert len(ttls(log)) == 5000
    assert blobs.calls["read"] < 30
    blobs.calls.clear()
    assert len(ttls(log, 100)) == 4901
    assert blobs.calls["read"] < 64 + 40


class FarBlobs(Wrapper):
    """Tells how many were waiting for an answer together, at each request's beginning."""

    def __init__(self, inner, seconds):
        super().__init__(inner)
        self.seconds = seconds
        self.waiting = []
        self.begun = 0
        self.lock = threading.Lock()

    def read(self, name, /):
        with self.lock:
            self.begun += 1
            self.waiting.append(self.begun)
        time.sleep(self.seconds)
        with self.lock:
            self.begun -= 1
        return super().read(name)


@pytest.mark.parametrize("is_elsewhere", [True, False])
def test_many_new_entries_of_a_store_elsewhere_are_read_at_once(tmp_path, is_elsewhere):
    inner = MemoryBlobs() if is_elsewhere else LocalBlobs(tmp_path)
    filled(inner, 60)
    far = FarBlobs(inner, 0.2 if is_elsewhere else 0)
    assert [number for number, _ in ttls(Log(far), 3)] == list(range(3, 61))
    assert 8 <= max(far.waiting) <= 16 if is_elsewhere else max(far.waiting) == 1
    assert len(far.waiting) <= 58 + 5  # the 61st to the 64th are asked for in vain


@pytest.mark.parametrize("count", [10, 64, 512])
def test_finding_nothing_new_takes_one_request(count):
    blobs = CountingBlobs()
    log = filled(blobs, count)
    blobs.calls.clear()
    assert ttls(log, count + 1) == []
    assert blobs.calls["read"] == 1


def test_reading_goes_on_without_compacted_entries(blobs):
    log = filled(blobs, 130)
    for name in [name for name, _ in blobs.list("log/main/compact/")]:
        blobs.delete(name)
    assert len(ttls(log)) == 130


def test_a_damaged_compacted_entry_is_done_without(blobs):
    log = filled(blobs, 70)
    name = log.compact_name(1, 64)
    data = blobs.read(name)
    blobs.delete(name)
    blobs.create(name, data[:-9] + b"xxxxxxxxx")
    assert len(ttls(log)) == 70
    assert [problem for problem in log.verify() if name in problem]


def test_a_compacted_entry_under_another_name_is_not_believed(blobs):
    log = filled(blobs, 64)
    blobs.delete(log.compact_name(1, 64))
    entries = [encode_entry([SettingsRecord(ttl=0)]) for _ in range(64)]
    blobs.create(log.compact_name(1, 64), encode_compact(65, entries))
    assert ttls(log)[0] == (1, 1)
    assert any("other than its name says" in problem for problem in log.verify())


def test_an_append_succeeds_though_compacting_fails():
    class NoCompact(Wrapper):
        def create(self, name, data, /):
            if "compact" in name:
                raise StorageError("no space left")
            super().create(name, data)

    assert len(ttls(filled(NoCompact(), 128))) == 128


def test_later_compaction_mends_what_an_earlier_left_out():
    blobs = MemoryBlobs()
    log = filled(blobs, 511)
    for name in [name for name, _ in blobs.list("log/main/compact/")]:
        blobs.delete(name)
    log.append(512, [SettingsRecord(ttl=512)])
    assert {name for name, _ in blobs.list("log/main/compact/")} == {log.compact_name(449, 512), log.compact_name(1, 512)}
    assert list(log.verify()) == []


def test_a_damaged_entry_is_corruption_and_named(blobs):
    log = filled(blobs, 3)
    name = log.entry_name(2)
    data = blobs.read(name)
    blobs.delete(name)
    blobs.create(name, data[:-1])
    with pytest.raises(CorruptionError, match=name):
        ttls(log)
    assert any(name in problem for problem in log.verify())


def test_a_copied_log_reads_the_same():
    log, copy = filled(MemoryBlobs(), 130), Log(MemoryBlobs())
    for number, data in log.read_bytes_from(1):
        copy.append_bytes(number, data)
    copy.append_bytes(130, log.blobs.read(log.entry_name(130)))
    assert list(copy.read_from(1)) == list(log.read_from(1))
    assert list(copy.verify()) == []


def test_a_whole_log_has_no_problems(blobs):
    assert list(Log(blobs).verify()) == []
    assert list(filled(blobs, 130).verify()) == []


def test_gaps_strange_names_and_differing_copies_are_problems(blobs):
    log = filled(blobs, 70)
    blobs.delete(log.entry_name(66))
    blobs.delete(log.entry_name(67))
    blobs.delete(log.entry_name(3))
    blobs.create(log.entry_name(3), encode_entry([SegmentsRecord()]))
    blobs.create("log/main/notes.txt", b"hello")
    problems = list(log.verify())
    assert len(problems) == 3
    assert any(log.entry_name(66) in problem and "2 in all" in problem for problem in problems)
    assert any("notes.txt" in problem for problem in problems)
    assert any("differs from entry 3" in problem for problem in problems)


def test_a_compacted_entry_hides_no_missing_entries_from_verify(blobs):
    log = filled(blobs, 64)
    blobs.delete(log.entry_name(64))
    assert any("differs from entry 64" in problem for problem in log.verify())
