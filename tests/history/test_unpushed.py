"""Own entries that wait: a name never comes twice, and order stays."""

import pytest

from objstore.blobs.memory import MemoryBlobs
from objstore.errors import CorruptionError, NotFoundError
from objstore.history.records import SettingsRecord
from objstore.history.unpushed import PendingName, Unpushed


@pytest.fixture
def blobs():
    return MemoryBlobs()


@pytest.fixture
def unpushed(blobs):
    return Unpushed(blobs)


def test_entries_come_back_in_the_order_of_writing_whatever_their_base(unpushed):
    records = [SettingsRecord(ttl=seconds) for seconds in range(5)]
    written = [unpushed.append(base, [record]) for base, record in zip((3, 5, 1, 5, 0), records, strict=True)]
    assert unpushed.names() == [entry.name for entry in written]
    assert [unpushed.read(name) for name in unpushed.names()] == written
    assert [name.base for name in unpushed.names()] == [3, 5, 1, 5, 0]


def test_the_name_is_as_the_spec_says(unpushed, blobs):
    unpushed.put(PendingName(n=12, base=7), [SettingsRecord(ttl=1)])
    assert [name for name, _ in blobs.list("")] == ["pending/main/00000000000000000007-00000000000000000012"]


def test_a_name_is_greater_than_any_there_is_even_if_the_clock_is_behind(unpushed, monkeypatch):
    future = 2 * 10**18 * 4
    unpushed.put(PendingName(future, 1), [SettingsRecord(ttl=1)])
    assert unpushed.append(1, [SettingsRecord(ttl=2)]).name.n == future + 1
    monkeypatch.setattr("time.time_ns", lambda: future + 100)
    assert unpushed.append(1, [SettingsRecord(ttl=3)]).name.n == future + 100


def test_what_has_been_removed_is_gone_and_may_be_removed_again(unpushed):
    entry = unpushed.append(1, [SettingsRecord(ttl=1)])
    unpushed.remove([entry.name])
    unpushed.remove([entry.name])
    assert unpushed.names() == []
    with pytest.raises(NotFoundError):
        unpushed.read(entry.name)


def test_the_base_is_lowered_and_nothing_else_changes(unpushed):
    entries = [unpushed.append(base, [SettingsRecord(ttl=base)]) for base in (2, 7, 5, 3)]
    unpushed.put(entries[2].name._replace(base=3), entries[2].records)  # as when it was cut off before
    unpushed.lower_base(3)
    assert [unpushed.read(name).records for name in unpushed.names()] == [entry.records for entry in entries]
    assert [name.base for name in unpushed.names()] == [2, 3, 3, 3]


def test_foreign_names_are_passed_over(unpushed, blobs):
    for name in (
        "pending/main/x",
        "pending/main/1-2",
        "pending/runs/" + "0" * 20 + "-" + "1" * 20,
        "pending/main/sub/" + "0" * 20 + "-" + "1" * 20,
    ):
        blobs.create(name, b"")
    assert unpushed.names() == []


def test_a_damaged_entry_names_itself(unpushed, blobs):
    entry = unpushed.append(1, [SettingsRecord(ttl=1)])
    name = f"pending/main/{entry.name}"
    data = blobs.read(name)
    blobs.delete(name)
    blobs.create(name, data[:-2] + b"\n")
    with pytest.raises(CorruptionError, match=name):
        unpushed.read(entry.name)


def test_the_entries_of_each_log_are_apart(blobs):
    Unpushed(blobs, "runs").append(0, [SettingsRecord(ttl=1)])
    assert Unpushed(blobs).names() == []
