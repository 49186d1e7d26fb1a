"""A fold that a cache remembers is that of the log, or isn't used."""

import pytest

from objstore.blobs.memory import MemoryBlobs
from objstore.errors import ConflictError, CorruptionError, NotFoundError
from objstore.history.folded import Folded
from objstore.history.log import Log
from objstore.history.records import SettingsRecord
from tests.history.stores import CountingBlobs, Wrapper


@pytest.fixture
def blobs():
    return MemoryBlobs()


def append(blobs, *seconds):
    log = Log(blobs)
    for ttl in seconds:
        number = 1
        while log.read_entry(number):
            number += 1
        log.append(number, [SettingsRecord(ttl=ttl)])


def folded(blobs, cache):
    found = Folded(Log(blobs), cache, "state")
    found.refresh()
    return found.state


def test_it_goes_on_from_what_the_cache_remembers(blobs, cache):
    append(blobs, 1, 2, 3)
    assert folded(blobs, cache).default_ttl == 3
    counting = CountingBlobs(blobs)
    assert folded(counting, cache).position == 3
    assert counting.calls["read"] <= 2
    append(blobs, 4)
    assert folded(blobs, cache).default_ttl == 4


def test_who_gives_up_after_others_have_appended_remembers_the_right_entry(blobs, cache):
    state = Folded(Log(blobs), cache, "state", checked=False)
    append(blobs, 1)
    state.refresh()
    append(blobs, 2)

    def give_up(found):
        raise ConflictError(f"it is {found.default_ttl} by now")

    with pytest.raises(ConflictError, match="it is 2"):
        state.commit(give_up)
    state.remember()
    Folded(Log(blobs), cache, "state", checked=False).check()


def test_a_log_that_was_put_back_is_folded_anew(blobs, cache):
    append(blobs, 1, 2, 3)
    folded(blobs, cache)
    blobs.delete(Log(blobs).entry_name(3))
    assert folded(blobs, cache).default_ttl == 2
    append(blobs, 9, 10)
    assert folded(blobs, cache).default_ttl == 10


def test_a_log_that_is_another_by_now_is_folded_anew(blobs, cache):
    append(blobs, 1, 2)
    folded(blobs, cache)
    for number in (1, 2):
        blobs.delete(Log(blobs).entry_name(number))
    append(blobs, 7, 8)
    assert folded(blobs, cache).default_ttl == 8


def test_a_damaged_memory_is_no_harm(blobs, cache):
    append(blobs, 1)
    folded(blobs, cache)
    cache.remember("state", cache.remembered("state")[:-3])
    assert folded(blobs, cache).default_ttl == 1


def test_two_logs_in_one_cache_are_apart(blobs, cache):
    append(blobs, 1)
    folded(blobs, cache)
    holdings = Folded(Log(blobs, "holdings"), cache, "holdings")
    assert not holdings.refresh()
    assert holdings.state.position == 0


def test_reading_anew_tells_of_a_gap(blobs, cache):
    append(blobs, 1, 2, 3)
    blobs.delete(Log(blobs).entry_name(2))
    state = Folded(Log(blobs), cache, "state")
    with pytest.raises(CorruptionError, match="is missing"):
        state.read_anew()
    append(blobs, 2)
    state.read_anew()
    assert state.state.position == 3


def test_reading_anew_while_another_process_appends_finds_no_gap(blobs, cache):
    append(blobs, 1, 2)

    class Late(Wrapper):
        def read(self, name):
            try:
                return super().read(name)
            except NotFoundError:
                if name == Log(blobs).entry_name(3):
                    append(blobs, 3)
                raise

    Folded(Log(Late(blobs)), cache, "state").read_anew()


def test_forgetting_goes_back_to_the_beginning(blobs, cache):
    append(blobs, 1)
    state = Folded(Log(blobs), cache, "state")
    state.refresh()
    state.forget()
    assert state.state.position == 0
    assert state.refresh()
