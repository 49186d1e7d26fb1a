"""A clone's logs: nothing is lost and nothing counts twice, wherever a change of them is cut off."""

import itertools

import pytest

from objstore.blobs.memory import MemoryBlobs
from objstore.errors import ConflictError, CorruptionError, UnsupportedFormatError
from objstore.history import facts
from objstore.history.clone import CloneLogbook
from objstore.history.encoding import encode_entry
from objstore.history.log import Log
from objstore.history.logbook import is_clone
from objstore.history.records import AliasRecord, CollectionRecord, GcRecord, SegmentsRecord, SettingsRecord, VersionRecord
from objstore.history.replay import Numbered
from objstore.history.unpushed import Unpushed
from objstore.history.versions import log_version
from objstore.odb.cache import Cache
from objstore.values.digest import plain
from tests.history.stores import Died, DyingBlobs, Wrapper
from tests.history.test_encoding import sealed

A, B, C, D = (plain(name) for name in (b"a", b"b", b"c", b"d"))
SEGMENT = "5" * 64


class Place:
    """A clone in memory, and its upstream."""

    def __init__(self, folder):
        self.folder = folder
        self.upstream = MemoryBlobs()
        self.blobs = MemoryBlobs()
        self.blobs.create(Log(self.blobs, "holdings").entry_name(1), encode_entry([SegmentsRecord()]))
        self._caches = itertools.count()

    def logbook(self, blobs=None):
        """As another process opens it."""
        opened = CloneLogbook(blobs or self.blobs, Cache(self.folder / f"cache-{next(self._caches)}", "0" * 32), self.folder / "lock")
        opened.refresh()
        return opened

    def log_upstream(self, *records):
        """Appends an entry, as somebody else does."""
        log = Log(self.upstream)
        number = len(list(log.read_from(1))) + 1
        log.append(number, records)
        return number

    def pull(self, logbook):
        entries = list(Log(self.upstream).read_bytes_from(logbook.mirror.position + 1))
        with logbook.alone():
            logbook.extend(entries)

    def land(self, logbook, wanted=lambda record: True):
        """A push up to where the records are in the mirror; what is left to be done is `settle`."""
        self.pull(logbook)
        replay = logbook.replay
        sent = [record for record in replay.needed() if wanted(record)]
        if sent:
            self.log_upstream(*sent)
            self.pull(logbook)
        return replay, replay.origin.keys() - {record.write_id for record in replay.outgoing if not wanted(record)}

    def push(self, logbook, wanted=lambda record: True):
        replay, done = self.land(logbook, wanted)
        with logbook.alone():
            logbook.settle(replay, done)

    def waiting(self):
        """The records of the pending entries, as they are stored."""
        unpushed = Unpushed(self.blobs)
        return [record for name in unpushed.names() for record in unpushed.read(name).records]


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def logging(root, name="data", type_="dataset", **more):
    return lambda state: log_version(state, name, type_, root=root, files=1, bytes=1, **more)


def moving(alias, ref, name="data"):
    return lambda state: facts.set_aliases(state, name, ref, [alias])


def shown(state):
    return {item.name: ([version.root for version in item.live()], item.aliases) for item in state.collections.values()}


# -- own entries -------------------------------------------------------------------------------------------------------


def test_own_records_wait_and_count_at_once_for_everybody_here(place):
    first, second = place.logbook(), place.logbook()
    first.commit(logging(A))
    assert shown(first.state) == {"data": ([A], {"latest": 0})}
    assert second.refresh()
    assert shown(second.state) == shown(first.state)
    assert not second.refresh()
    assert first.mirror.position == 0
    second.commit(logging(B))
    first.refresh()
    assert shown(first.state) == shown(place.logbook().state) == {"data": ([A, B], {"latest": 1})}


def test_segments_count_here_and_are_not_part_of_what_waits(place):
    logbook = place.logbook()
    logbook.commit(logging(A, segments=[SEGMENT]))
    assert logbook.holdings.segments == [SEGMENT]
    assert logbook.state.segments == []
    assert all(record.segments == () for record in place.waiting())
    logbook.commit(lambda state: [SegmentsRecord(segments=(SEGMENT,))])
    assert [type(record) for record in place.waiting()] == [CollectionRecord, VersionRecord]
    assert logbook.holdings.position == 2
    logbook.account(lambda holdings: [GcRecord(condemned=())])
    assert (logbook.holdings.generation, logbook.state.generation) == (3, 0)


def test_a_project_is_a_clone_from_its_first_holding_on(place):
    assert is_clone(place.blobs)
    assert not is_clone(place.upstream)


def test_nothing_is_written_beside_what_a_newer_program_wrote(place):
    place.log_upstream(CollectionRecord(collection="c" * 32, name="data", type="dataset"))
    place.upstream.create(
        Log(place.upstream).entry_name(2), sealed(b'{"kind":"new","write_id":"%b","time":"2026-11-21T00:00:00Z"}' % (b"1" * 32))
    )
    logbook = place.logbook()
    logbook.commit(logging(A))
    place.pull(logbook)
    for write in (lambda: logbook.commit(logging(B)), lambda: logbook.settle(logbook.replay, []), logbook.check_writable):
        with pytest.raises(UnsupportedFormatError, match="upgrade"):
            write()
    assert shown(logbook.state) == {"data": ([A], {"latest": 0})}
    assert len(place.waiting()) == 2


def test_reading_anew_tells_of_a_gap(place):
    for root in (A, B, C):
        place.log_upstream(*logging(root)(place.logbook().state))
    logbook = place.logbook()
    place.pull(logbook)
    logbook.read_anew()
    place.blobs.delete(Log(place.blobs).entry_name(2))
    with pytest.raises(CorruptionError, match="is missing"):
        logbook.read_anew()


# -- the mirror --------------------------------------------------------------------------------------------------------


def test_own_entries_follow_the_upstreams(place):
    ours, theirs = place.logbook(), Place(place.folder / "theirs")
    theirs.upstream = place.upstream
    theirs.folder.mkdir()
    other = theirs.logbook()
    ours.commit(logging(A))
    other.commit(logging(B))
    theirs.push(other)
    before = ours.replay
    place.pull(ours)
    assert shown(ours.state) == {"data": ([B, A], {"latest": 1})}
    assert list(before.versions.values()) == [Numbered("data", 0)]
    assert list(ours.replay.versions.values()) == [Numbered("data", 1)]
    place.push(ours)
    theirs.pull(other)
    assert shown(ours.state) == shown(other.state) == shown(ours.mirror) == shown(other.mirror)
    assert place.waiting() == theirs.waiting() == []


def test_an_upstream_that_is_another_by_now_is_not_taken_in(place):
    logbook = place.logbook()
    place.log_upstream(SettingsRecord(ttl=1))
    place.pull(logbook)
    with logbook.alone(), pytest.raises(ConflictError, match="isn't what it was"):
        logbook.extend([(1, encode_entry([SettingsRecord(ttl=2)]))])
    assert logbook.state.default_ttl == 1


def test_taking_in_what_another_process_has_taken_in_is_harmless(place):
    first, second = place.logbook(), place.logbook()
    place.log_upstream(SettingsRecord(ttl=1))
    place.pull(first)
    place.pull(second)
    assert second.mirror.position == 1
    assert list(Log(place.blobs).read_bytes_from(1)) == list(Log(place.upstream).read_bytes_from(1))


@pytest.mark.parametrize("anew", [False, True])
def test_entries_that_another_process_removes_while_they_are_read_are_no_harm(place, anew):
    """One process lists what waits; before it has read all of it, another has replaced it."""
    first = place.logbook()
    first.commit(logging(A))
    first.commit(moving("prod", "v0"))

    class Slow(Wrapper):
        def read(self, name):
            if name.startswith("pending/") and self.first is not None and not (name.endswith(str(self.names[0]))):
                logbook, self.first = self.first, None
                place.log_upstream(CollectionRecord(collection="c" * 32, name="data", type="dataset"))
                place.pull(logbook)
                with logbook.alone():
                    logbook._rewrite(lambda record: None if isinstance(record, AliasRecord) else record, lambda base: base)
            return super().read(name)

    slow = Slow(place.blobs)
    slow.first, slow.names = None if anew else first, Unpushed(place.blobs).names()
    second = place.logbook(slow)
    if anew:
        slow.first = first
        second.read_anew()
    assert shown(second.state) == shown(first.state) == {"data": ([A], {"latest": 0})}


# -- settling ----------------------------------------------------------------------------------------------------------


def test_what_has_landed_is_removed_and_the_rest_stays_in_order(place):
    logbook = place.logbook()
    for name, root in (("data", A), ("other", B), ("data", C), ("other", D)):
        logbook.commit(logging(root, name))
    ids = {item.name: item.id for item in logbook.state.collections.values()}
    place.push(logbook, lambda record: record.collection == ids["data"])
    assert [getattr(record, "root", "") for record in place.waiting()] == ["", B.hex(), D.hex()]
    assert shown(logbook.mirror) == {"data": ([A, C], {"latest": 1})}
    assert shown(logbook.state)["other"] == ([B, D], {"latest": 1})
    place.push(logbook)
    assert place.waiting() == []
    assert shown(logbook.state) == shown(logbook.mirror)


def test_what_stays_is_about_the_collection_that_ours_became(place):
    place.log_upstream(CollectionRecord(collection="c" * 32, name="data", type="dataset"))
    logbook = place.logbook()
    logbook.commit(logging(A))
    logbook.commit(logging(B, aliases=["prod"]))
    place.pull(logbook)
    place.push(logbook, lambda record: getattr(record, "root", "") != B.hex())
    assert {record.collection for record in place.waiting()} == {"c" * 32}
    place.push(logbook)
    assert shown(logbook.mirror) == {"data": ([A, B], {"latest": 1, "prod": 1})}


def test_what_another_process_has_logged_meanwhile_stays(place):
    logbook, other = place.logbook(), place.logbook()
    logbook.commit(logging(A))
    replay, done = place.land(logbook)
    other.commit(logging(B))
    with logbook.alone():
        logbook.settle(replay, done)
    assert [record.root for record in place.waiting()] == [B.hex()]
    assert shown(logbook.state) == {"data": ([A, B], {"latest": 1})}


def test_an_alias_that_was_moved_again_during_our_own_push_is_no_conflict(place):
    logbook, other = place.logbook(), place.logbook()
    logbook.commit(logging(A, aliases=["prod"]))
    logbook.commit(logging(B))
    replay, sent = logbook.replay, logbook.replay.needed()
    other.commit(moving("prod", "v1"))
    place.log_upstream(*sent)
    place.pull(logbook)
    with logbook.alone():
        logbook.settle(replay, {record.write_id for record in sent})
    assert logbook.replay.conflicts() == []
    assert shown(logbook.state)["data"] == ([A, B], {"latest": 1, "prod": 1})


def test_an_alias_that_somebody_else_moved_before_our_push_of_other_things_stays_a_conflict(place):
    logbook = place.logbook()
    logbook.commit(logging(A, aliases=["prod"]))
    logbook.commit(logging(B))
    place.push(logbook)
    logbook.commit(moving("prod", "v1"))
    logbook.commit(logging(C, "other"))
    id_ = logbook.state.collection("data").id
    place.log_upstream(
        VersionRecord(collection=id_, root=D.hex(), files=1, bytes=1), AliasRecord(collection=id_, alias="prod", root=D.hex())
    )
    place.pull(logbook)
    assert len(logbook.replay.conflicts()) == 1
    place.push(logbook, lambda record: record.collection != id_)
    assert len(logbook.replay.conflicts()) == 1


def every_death(place, change):
    """Carries out a change of a copy of the clone, cut off before and after each step; the places, each to be opened anew."""
    for after in (False, True):
        for step in itertools.count(1):
            copy = Place(place.folder / f"{'after' if after else 'before'}-{step}")
            copy.folder.mkdir()
            copy.upstream, copy.blobs = MemoryBlobs(), MemoryBlobs()
            copy.upstream._blobs, copy.blobs._blobs = dict(place.upstream._blobs), dict(place.blobs._blobs)
            dying = DyingBlobs(copy.blobs, step, after=after)
            logbook = copy.logbook(dying)
            try:
                change(copy, logbook)
            except Died:
                yield copy
            else:
                assert step > 1
                break


def test_settling_that_is_cut_off_loses_and_doubles_nothing(place):
    logbook = place.logbook()
    place.log_upstream(CollectionRecord(collection="c" * 32, name="data", type="dataset"))
    for name, root in (("data", A), ("other", B), ("data", C), ("other", D)):
        logbook.commit(logging(root, name, aliases=["prod"]))
    place.pull(logbook)
    expected = shown(logbook.state)
    deaths = 0

    def is_wanted(record):
        return record.collection == "c" * 32

    for copy in every_death(place, lambda copy, logbook: copy.push(logbook, is_wanted)):
        logbook = copy.logbook()
        assert shown(logbook.state) == expected
        assert logbook.replay.conflicts() == []
        copy.push(logbook)
        assert shown(copy.logbook().mirror) == shown(logbook.state) == expected
        assert copy.waiting() == []
        write_ids = [record.write_id for _, records in Log(copy.upstream).read_from(1) for record in records]
        assert len(write_ids) == len(set(write_ids))
        deaths += 1
    assert deaths > 10


# -- deciding ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def conflict(place):
    """`prod` was moved on both sides, and something else was logged here."""
    logbook = place.logbook()
    for root in (A, B, C):
        logbook.commit(logging(root))
    place.push(logbook)
    id_ = logbook.state.collection("data").id
    logbook.commit(moving("prod", "v1"))
    logbook.commit(moving("test", "v1"))
    place.log_upstream(AliasRecord(collection=id_, alias="prod", root=A.hex()))
    place.pull(logbook)
    (found,) = logbook.replay.conflicts()
    assert str(found) == "data:prod (yours: v1, upstream: v0)"
    return place


def deciding(ours):
    def decide(place, logbook):
        with logbook.alone():
            logbook.decide(logbook.replay.conflicts(), ours=ours)

    return decide


@pytest.mark.parametrize("ours", [True, False])
def test_a_conflict_is_decided(conflict, ours):
    logbook = conflict.logbook()
    deciding(ours)(conflict, logbook)
    for opened in (logbook, conflict.logbook()):
        assert opened.replay.conflicts() == []
        assert shown(opened.state)["data"][1] == {"latest": 2, "prod": 1 if ours else 0, "test": 1}
    conflict.push(logbook)
    assert shown(logbook.mirror)["data"][1] == {"latest": 2, "prod": 1 if ours else 0, "test": 1}


@pytest.mark.parametrize("ours", [True, False])
def test_a_decision_that_is_cut_off_is_made_or_not_made(conflict, ours):
    deaths = 0
    for copy in every_death(conflict, deciding(ours)):
        logbook = copy.logbook()
        assert shown(logbook.state)["data"][1]["prod"] in (0, 1)
        deciding(ours)(copy, logbook)
        assert logbook.replay.conflicts() == []
        copy.push(logbook)
        assert shown(copy.logbook().mirror)["data"][1] == {"latest": 2, "prod": 1 if ours else 0, "test": 1}
        deaths += 1
    assert deaths > 3


def test_the_next_move_upstream_is_a_conflict_again(conflict):
    logbook = conflict.logbook()
    deciding(True)(conflict, logbook)
    conflict.log_upstream(AliasRecord(collection=logbook.state.collection("data").id, alias="prod", root=C.hex()))
    conflict.pull(logbook)
    assert [item.theirs for item in logbook.replay.conflicts()] == ["v2"]


def test_a_decision_does_not_bring_back_what_has_landed(place):
    """A push was cut off before it removed what had landed; what was undone upstream since isn't done again by deciding something else."""
    logbook = place.logbook()
    for root in (A, B, C):
        logbook.commit(logging(root))
    place.push(logbook)
    id_ = logbook.state.collection("data").id
    logbook.commit(moving("test", "v1"))
    place.land(logbook)
    logbook.commit(moving("prod", "v1"))
    place.log_upstream(AliasRecord(collection=id_, alias="prod", root=A.hex()), AliasRecord(collection=id_, alias="test", root=None))
    place.pull(logbook)
    deciding(True)(place, logbook)
    assert shown(logbook.state)["data"][1] == {"latest": 2, "prod": 1}
