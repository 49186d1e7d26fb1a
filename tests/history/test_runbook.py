"""The log of runs with its rows in a cache, which is never trusted over the log."""

import shutil
from pathlib import Path

import pytest

from objstore.blobs.memory import MemoryBlobs
from objstore.errors import StorageError, UnsupportedFormatError
from objstore.history.encoding import encode_entry
from objstore.history.log import Log
from objstore.history.records import RunFinishRecord, RunInitRecord, RunUseRecord
from objstore.history.runbook import OwnRunBook
from objstore.history.runs import VersionRef
from objstore.odb.cache import Cache
from objstore.odb.keptrows import KeptRows
from objstore.values.digest import plain
from tests.history.stores import CountingBlobs
from tests.history.test_encoding import sealed

VERSION = VersionRef("a" * 32, "d" * 32, plain(b"a"))


def used(run: str) -> list[RunInitRecord | RunUseRecord]:
    version = {"project": VERSION.project, "collection": VERSION.collection, "root": VERSION.root.hex()}
    return [RunInitRecord(run=run, name=run), RunUseRecord(run=run, **version)]


@pytest.fixture
def blobs() -> CountingBlobs:
    return CountingBlobs(MemoryBlobs())


@pytest.fixture
def log(blobs: CountingBlobs) -> Log:
    return Log(blobs, "runs")


def book(log: Log, cache: Cache) -> OwnRunBook:
    """As a process that has just begun sees it."""
    return OwnRunBook(log, KeptRows(cache, "runs"))


def test_what_one_process_has_folded_another_need_not_read(log: Log, blobs: CountingBlobs, cache: Cache):
    first = book(log, cache)
    for number in range(130):
        first.commit(lambda _, number=number: used(f"r{number}"))
    blobs.calls.clear()
    second = book(log, cache)
    second.refresh()
    assert second.runs.ids() == [f"r{number}" for number in range(130)]
    assert second.runs.used_by(VERSION) == second.runs.ids()
    assert blobs.calls["read"] == 2  # the last entry, to see that it is the same log; and the next one, which isn't there


def test_two_processes_with_one_cache_fold_each_entry_whoever_is_faster(log: Log, cache: Cache):
    one, other = book(log, cache), book(log, cache)
    one.refresh()
    other.refresh()
    one.commit(lambda _: used("a"))
    other.commit(lambda runs: [] if runs.find("a") is None else used("b"))
    one.commit(lambda _: [RunFinishRecord(run="b", state="finished")])
    for each in (one, other, book(log, cache)):
        each.refresh()
        assert each.runs.ids() == ["a", "b"]
        assert each.runs.run("b").state == "finished"


def test_a_cache_that_is_lost_is_made_anew(log: Log, cache: Cache, tmp_path: Path):
    runs = book(log, cache)
    runs.commit(lambda _: used("a"))
    KeptRows(cache, "runs").clear()
    runs.refresh()
    assert runs.runs.used("a") == [VERSION]


@pytest.mark.parametrize("can_be_written", [True, False])
def test_a_log_that_was_restored_from_a_backup_is_folded_anew(
    log: Log, blobs: CountingBlobs, cache: Cache, monkeypatch: pytest.MonkeyPatch, can_be_written: bool
):
    def refuse(*_: object) -> bool:
        raise StorageError("no space")

    runs = book(log, cache)
    for name in "abc":
        runs.commit(lambda _, name=name: used(name))
    for number in (2, 3):
        blobs.delete(log.entry_name(number))
    blobs.create(log.entry_name(2), encode_entry(used("z")))
    if not can_be_written:
        monkeypatch.setattr(KeptRows, "put_if", refuse)
        monkeypatch.setattr(KeptRows, "clear", refuse)
    again = book(log, cache)
    again.refresh()
    assert again.runs.ids() == ["a", "z"]
    again.commit(lambda _: used("y"))
    again.refresh()
    assert again.runs.used_by(VERSION) == ["a", "z", "y"]


def test_a_cache_that_refuses_is_no_harm(log: Log, cache: Cache, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> bool:
        raise StorageError("no space")

    monkeypatch.setattr(KeptRows, "put_if", refuse)
    runs = book(log, cache)
    runs.commit(lambda _: used("a"))
    runs.refresh()
    runs.commit(lambda _: used("b"))
    assert runs.runs.ids() == ["a", "b"]


def test_nothing_is_written_behind_records_of_a_newer_program(log: Log, blobs: CountingBlobs, cache: Cache):
    record = '{"kind":"run-pause","write_id":"' + "0" * 32 + '","time":"2026-11-21T00:00:00Z"}'
    blobs.create(log.entry_name(1), sealed(record.encode()))
    for _ in range(2):  # the second one has it from the cache
        runs = book(log, cache)
        runs.refresh()
        with pytest.raises(UnsupportedFormatError, match="run-pause"):
            runs.commit(lambda _: used("a"))


def test_ten_thousand_runs_are_read_by_few_requests(blobs: CountingBlobs, log: Log, tmp_path: Path):
    for number in range(1, 2601):
        log.append(number, used(f"r{number}"))
    blobs.calls.clear()
    fresh = Cache(tmp_path / "other", "0" * 32)
    runs = book(log, fresh)
    runs.refresh()
    assert len(runs.runs.ids()) == 2600
    assert blobs.calls["read"] < 60
    fresh.close()
    shutil.rmtree(tmp_path / "other")
