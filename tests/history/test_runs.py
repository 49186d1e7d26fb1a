"""The fold of `runs`, over rows in memory."""

import pytest

from objstore.errors import InvalidInputError, NotFoundError
from objstore.history.lineage import Known, walk
from objstore.history.records import (
    CollectionRecord,
    DeleteRecord,
    RunConfigRecord,
    RunFinishRecord,
    RunInitRecord,
    RunLogRecord,
    RunRef,
    RunSummaryRecord,
    RunUseRecord,
    UnknownRecord,
)
from objstore.history.rows import NewRows
from objstore.history.runfold import RunFold
from objstore.history.runs import VersionRef
from objstore.history.state import State
from objstore.values.digest import plain

VISION, SPEECH = "a" * 32, "b" * 32
DS = "d" * 32
A, B = plain(b"a"), plain(b"b")
OF_A = {"project": VISION, "collection": DS, "root": A.hex()}
OF_B = {"project": SPEECH, "collection": DS, "root": B.hex()}


@pytest.fixture
def runs() -> RunFold:
    return RunFold(NewRows())


def test_lineage_is_walked_both_ways(runs: RunFold):
    runs.apply(1, [RunInitRecord(run="r1", name="first"), RunLogRecord(run="r1", **OF_A)])
    runs.apply(2, [RunInitRecord(run="r2", name="second"), RunUseRecord(run="r2", **OF_B), RunUseRecord(run="r2", **OF_A)])
    runs.apply(3, [RunUseRecord(run="r2", **OF_B), RunUseRecord(run="r1", **OF_B)])
    a, b = VersionRef(VISION, DS, A), VersionRef(SPEECH, DS, B)
    assert runs.logged_by(a) == ["r1"] and runs.logged_by(b) == []
    assert runs.used_by(a) == ["r2"] and runs.used_by(b) == ["r2", "r1"]
    assert runs.used("r2") == [b, a] and runs.logged("r1") == [a]
    assert runs.used_by(VersionRef(SPEECH, DS, A)) == []


def test_lineage_goes_on_over_the_ids_that_a_collection_had(runs: RunFold):
    state, former = State(), "e" * 32
    state.apply(1, [CollectionRecord(collection=id_, name="data", type="t") for id_ in (DS, former)])
    elsewhere = RunFold(NewRows())
    elsewhere.apply(1, [RunInitRecord(run="r", name="r"), RunUseRecord(run="r", **{**OF_A, "collection": former})])
    runs.apply(1, [RunInitRecord(run="made", name="made"), RunLogRecord(run="made", **OF_A)])
    known = {VISION: Known(runs, state), SPEECH: Known(elsewhere, State())}
    version, used, made = VersionRef(VISION, DS, A), RunRef(SPEECH, "r"), RunRef(VISION, "made")
    for start in (version, used, made):
        assert walk(known, start).edges.keys() == {(version, used), (made, version)}


def test_runs_come_in_the_order_of_their_start_also_those_of_one_sweep(runs: RunFold):
    runs.apply(1, [RunInitRecord(run=f"r{n}", name="", sweep="s" if n % 2 else "") for n in range(300)])
    runs.apply(2, [RunInitRecord(run="r7", name="", sweep="s")])
    assert runs.ids() == [f"r{n}" for n in range(300)]
    assert runs.ids_of_sweep("s") == [f"r{n}" for n in range(1, 300, 2)]
    assert runs.ids_of_sweep("t") == []


def test_a_run_is_in_the_sweep_that_it_was_resumed_with_last(runs: RunFold):
    entries = [
        ("r1", "s"),
        ("r2", "t"),
        ("r1", "t"),
        ("r1", "t"),
        ("r3", "s"),
        ("r2", "s"),
        ("r2", "t"),
        ("r4", ""),
        ("r4", "s"),
        ("r3", ""),
    ]
    for number, (run, sweep) in enumerate(entries, 1):
        runs.apply(number, [RunInitRecord(run=run, name="", sweep=sweep)])
    assert runs.ids_of_sweep("s") == ["r4"]
    assert runs.ids_of_sweep("t") == ["r2", "r1"]
    assert runs.ids() == ["r1", "r2", "r3", "r4"]


def test_config_and_summary_of_several_processes_are_merged(runs: RunFold):
    entries = [
        [RunInitRecord(run="r", name=""), RunConfigRecord(run="r", config={"a": 1}), RunSummaryRecord(run="r", summary={"x": {"y": 1}})],
        [RunConfigRecord(run="r", config={"a": 2, "b": 1}), RunSummaryRecord(run="r", summary={"x": {"z": 2}, "w": 3})],
        [RunConfigRecord(run="r", config={}), RunConfigRecord(run="r", config={"b": 2}), RunSummaryRecord(run="r", summary={"v": 4})],
    ]
    for number, records in enumerate(entries, 1):
        runs.apply(number, records)
    for _ in range(2):
        assert (runs.run("r").config, runs.run("r").summary) == ({"b": 2}, {"x": {"z": 2}, "w": 3, "v": 4})
        runs.add(3, entries[2])


def test_a_run_is_resumed_and_finished(runs: RunFold):
    runs.apply(
        1,
        [
            RunInitRecord(run="r", name="n", tags=("a",), time="2026-11-01T00:00:00Z"),
            RunConfigRecord(run="r", config={"lr": 1}),
            RunFinishRecord(run="r", state="failed", time="2026-11-02T00:00:00Z"),
        ],
    )
    assert (runs.run("r").state, runs.run("r").finished) == ("failed", "2026-11-02T00:00:00Z")
    runs.apply(2, [RunInitRecord(run="r", name="n"), RunSummaryRecord(run="r", summary={"acc": 0.5})])
    run = runs.run("r")
    assert (run.state, run.finished, run.config, run.summary, run.tags) == ("running", "", {"lr": 1}, {"acc": 0.5}, ())
    assert run.created == "2026-11-01T00:00:00Z"


def test_folding_some_entries_again_changes_nothing(runs: RunFold):
    entries = [
        [RunInitRecord(run="r", name="n"), RunUseRecord(run="r", **OF_A)],
        [RunLogRecord(run="r", **OF_B), RunFinishRecord(run="r", state="finished")],
    ]
    for number, records in enumerate(entries, 1):
        runs.apply(number, records)
    before = dict(runs.fresh)
    again = RunFold(runs.rows)
    for number, records in enumerate(entries, 1):
        again.apply(number, records)
    assert {**before, **again.fresh} == before


def test_what_does_not_belong_is_passed_over_or_remembered(runs: RunFold):
    runs.apply(
        1, [RunFinishRecord(run="never-began", state="finished"), UnknownRecord("run-stop"), DeleteRecord(collection=DS, root=A.hex())]
    )
    assert runs.ids() == []
    assert runs.unknown == {"run-stop", "delete"}
    with pytest.raises(InvalidInputError):
        runs.apply(1, [])
    with pytest.raises(NotFoundError):
        runs.run("never-began")
