"""The model can object: where a rule of spec/gc.md is broken, it finds an order of steps in which something is lost."""

from collections.abc import Callable, Iterator
from typing import Any

import greenlet
import pytest

from objstore.history.records import GcVerdictRecord
from objstore.odb.pack import pack_name
from objstore.repository import adding, collector, indexing, project
from tests.gcmodel.exploring import ObjectionError
from tests.gcmodel.programs import Work, collect, one_after_the_other
from tests.gcmodel.scenarios import Scenario, abandoned, again, at_the_log, at_the_place, other, unrelated
from tests.gcmodel.world import Noticed, modelled


@pytest.fixture(autouse=True)
def model() -> Iterator[None]:
    with modelled():
        yield


def objects(works: list[Work], noticed: Noticed = at_the_log, *, faults: int = 0, switches: int = 2) -> None:
    with pytest.raises(ObjectionError, match="is lost"):
        Scenario(works, noticed, faults, switches).explore()


def test_a_writer_looks_at_the_fence_before_every_append_not_only_after_a_lost_race(monkeypatch: pytest.MonkeyPatch) -> None:
    check = adding.check_not_overtaken
    asked: set[int] = set()

    def check_later(state: Any, generation: int, segments: Any, packs: Any) -> None:
        if id(packs) in asked or generation != 0:
            check(state, generation, segments, packs)
        asked.add(id(packs))

    monkeypatch.setattr(adding, "check_not_overtaken", check_later)
    objects([again, collect])


def test_a_segment_counts_only_when_a_log_record_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    load = indexing.load_following

    def load_all(database: Any, state: Any, read_on: Callable[[], object]) -> None:
        load(database, state, read_on)
        if not hasattr(greenlet.getcurrent(), "program"):
            return  # whoever looks in the end goes by the log
        for name, _ in database._blobs.list("index/"):
            segment = name.rpartition("/")[2]
            if segment not in state._superseded:
                database.cache.add_segment(segment, database.read_segment(segment), state.dead_packs)

    monkeypatch.setattr(project, "load_following", load_all)
    objects([other, one_after_the_other(unrelated, other)], at_the_place, faults=1)


def test_a_collector_marks_again_behind_the_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "mark", lambda *_: None)
    monkeypatch.setattr(collector, "mark_listed", lambda *_: None)
    objects([again, collect])


def test_a_collector_marks_again_from_what_is_listed_not_only_from_roots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "mark_listed", lambda *_: None)
    objects([abandoned, other, collect])


def test_a_collector_deletes_only_by_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    commit = collector.commit

    def delete_and_commit(log: Any, state: Any, decide: Callable[[Any], Any]) -> Any:
        for record in decide(state):
            if isinstance(record, GcVerdictRecord):
                for pack in record.deleted:
                    log.blobs.delete(pack_name(pack))
        return commit(log, state, decide)

    monkeypatch.setattr(collector, "commit", delete_and_commit)
    objects([collect], at_the_place, faults=1)
