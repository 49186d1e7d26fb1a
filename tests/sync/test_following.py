from objstore.blobs.memory import MemoryBlobs
from objstore.history.log import Log
from objstore.history.records import SettingsRecord
from objstore.sync.following import common_entries


def log(*entries):
    made = Log(MemoryBlobs())
    for number, entry in enumerate(entries, 1):
        made.append_bytes(number, entry)
    return made


def entries(count, start=0):
    source = Log(MemoryBlobs())
    for number in range(1, count + 1):
        source.append(number, [SettingsRecord(ttl=start + number)])
    return [data for _, data in source.read_bytes_from(1)]


def test_the_common_beginning_is_counted():
    shared, ours, theirs = entries(3), entries(2, 100), entries(2, 200)
    assert common_entries(log(), log()) == 0
    assert common_entries(log(*shared), log()) == common_entries(log(), log(*shared)) == 0
    assert common_entries(log(*shared), log(*shared)) == 3
    assert common_entries(log(*shared, *ours), log(*shared)) == 3
    assert common_entries(log(*shared), log(*shared, *theirs)) == 3
    assert common_entries(log(*shared, *ours), log(*shared, *theirs)) == 3
    assert common_entries(log(*ours), log(*theirs)) == 0


def test_what_is_equal_again_after_a_difference_does_not_count():
    first, second, third = entries(3)
    assert common_entries(log(first, second, third), log(first, third, third)) == 1


def test_compacted_entries_count_one_by_one():
    many = entries(130)
    assert common_entries(log(*many), log(*many[:100], *entries(10, 500))) == 100
