import pytest

from objstore.errors import InvalidInputError, NotFoundError
from objstore.history.records import (
    DeleteRecord,
    RunConfigRecord,
    RunFinishRecord,
    RunInitRecord,
    RunLogRecord,
    RunSummaryRecord,
    RunUseRecord,
    UnknownRecord,
)
from objstore.history.runs import Runs, VersionRef
from objstore.values.digest import plain

DS = "d" * 32
A, B = plain(b"a"), plain(b"b")


def test_lineage_is_walked_both_ways():
    runs = Runs()
    use = {"project": "default/vision", "collection": DS, "root": A.hex()}
    runs.apply(1, [RunInitRecord(run="r1", name="first"), RunLogRecord(run="r1", **use)])
    runs.apply(2, [RunInitRecord(run="r2", name="second"), RunUseRecord(run="r2", **use), RunUseRecord(run="r2", **use)])
    version = VersionRef("default/vision", DS, A)
    assert [run.name for run in runs.logged_by(version)] == ["first"]
    assert [run.name for run in runs.used_by(version)] == ["second"]
    assert list(runs.run("r2").used) == list(runs.run("r1").logged) == [version]
    assert runs.used_by(VersionRef("default/vision", DS, B)) == []


def test_a_run_is_resumed_and_finished():
    runs = Runs()
    runs.apply(
        1,
        [
            RunInitRecord(run="r", name="n", tags=("a",)),
            RunConfigRecord(run="r", config={"lr": 1}),
            RunFinishRecord(run="r", state="failed"),
        ],
    )
    assert runs.run("r").state == "failed"
    runs.apply(2, [RunInitRecord(run="r", name="n"), RunSummaryRecord(run="r", summary={"acc": 0.5})])
    run = runs.run("r")
    assert (run.state, run.config, run.summary, run.tags) == ("running", {"lr": 1}, {"acc": 0.5}, ())


def test_what_does_not_belong_is_passed_over_or_remembered():
    runs = Runs()
    runs.apply(
        1, [RunFinishRecord(run="never-began", state="finished"), UnknownRecord("run-stop"), DeleteRecord(collection=DS, root=A.hex())]
    )
    assert runs.runs == {}
    assert runs.unknown == {"run-stop", "delete"}
    with pytest.raises(InvalidInputError):
        runs.apply(1, [])
    with pytest.raises(NotFoundError):
        runs.run("never-began")
