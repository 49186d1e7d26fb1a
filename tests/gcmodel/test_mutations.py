"""The model can object: where a rule of spec/gc.md is broken, it finds an order of steps in which something is lost."""

from collections.abc import Callable
from typing import Any

import greenlet
import pytest

from objstore.history.records import GcVerdictRecord
from objstore.odb.pack import pack_name
from objstore.repository import collector, committing, indexing, project
from tests.gcmodel.conftest import Apart
from tests.gcmodel.exploring import ObjectionError
from tests.gcmodel.programs import collect, one_after_the_other
from tests.gcmodel.scenarios import Scenario, abandoned, again, at_the_log, at_the_place, other, unrelated
from tests.gcmodel.world import modelled


def looks_at_the_fence_only_after_a_lost_race(patch: pytest.MonkeyPatch) -> None:
    check = committing.check_not_overtaken
    asked: set[int] = set()

    def check_later(state: Any, generation: int, segments: Any, packs: Any) -> None:
        if id(packs) in asked or generation != 0:
            check(state, generation, segments, packs)
        asked.add(id(packs))

    patch.setattr(committing, "check_not_overtaken", check_later)


def counts_segments_that_no_log_record_names(patch: pytest.MonkeyPatch) -> None:
    load = indexing.load_following

    def load_all(database: Any, state: Any, read_on: Callable[[], object]) -> None:
        load(database, state, read_on)
        if not hasattr(greenlet.getcurrent(), "program"):
            return  # whoever looks in the end goes by the log
        for name, _ in database._blobs.list("index/"):
            segment = name.rpartition("/")[2]
            if segment not in state._superseded:
                database.cache.add_segment(segment, database.read_segment(segment), state.dead_packs)

    patch.setattr(project, "load_following", load_all)


def leaves_out_the_second_mark(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(collector, "mark", lambda *_: None)
    patch.setattr(collector, "mark_listed", lambda *_: None)


def marks_again_from_roots_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(collector, "mark_listed", lambda *_: None)


def deletes_without_a_verdict(patch: pytest.MonkeyPatch) -> None:
    commit = collector.commit

    def delete_and_commit(log: Any, state: Any, decide: Callable[[Any], Any]) -> Any:
        for record in decide(state):
            if isinstance(record, GcVerdictRecord):
                for pack in record.deleted:
                    log.blobs.delete(pack_name(pack))
        return commit(log, state, decide)

    patch.setattr(collector, "commit", delete_and_commit)


BROKEN: dict[Callable[[pytest.MonkeyPatch], None], Scenario] = {
    looks_at_the_fence_only_after_a_lost_race: Scenario([again, collect], at_the_log),
    counts_segments_that_no_log_record_names: Scenario([other, one_after_the_other(unrelated, other)], at_the_place, faults=1, switches=2),
    leaves_out_the_second_mark: Scenario([again, collect], at_the_log),
    marks_again_from_roots_alone: Scenario([abandoned, other, collect], at_the_log, switches=2),
    deletes_without_a_verdict: Scenario([collect], at_the_place, faults=1),
}


@pytest.mark.parametrize("mutation", BROKEN)
def test_the_model_objects_to_a_program_that(mutation: Callable[[pytest.MonkeyPatch], None], apart: Apart) -> None:
    assert "is lost" in apart(objection_to, mutation)


def objection_to(mutation: Callable[[pytest.MonkeyPatch], None]) -> str:
    with modelled(), pytest.MonkeyPatch.context() as patch:
        mutation(patch)
        try:
            BROKEN[mutation].explore()
        except ObjectionError as error:
            return str(error)
    return ""
