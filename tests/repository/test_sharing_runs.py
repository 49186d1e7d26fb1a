"""Runs of several clones: each sees all of them, whoever pushes when, and they are about the collections that the upstream has."""

import pytest

from objstore.blobs.address import Address
from objstore.blobs.local import LocalBlobs
from objstore.errors import RemoteError
from objstore.history.clonerunbook import CloneRunBook
from objstore.history.log import Log
from objstore.history.records import Record, RunFinishRecord, RunInitRecord, RunLogRecord, RunUseRecord
from objstore.history.runs import VersionRef
from objstore.host.progress import Silent
from objstore.repository.checking import check
from objstore.repository.fetching import fetch
from objstore.repository.introducing import introduce
from objstore.repository.mirroring import mirror
from objstore.repository.project import Project
from tests.repository.sharing import Sharing, forget_tables, log, look, send

A, B = {"a": b"a"}, {"b": b"b"}


def ref(project: Project, name: str = "data") -> VersionRef:
    collection = project.state.collection(name)
    return VersionRef(project.settings.project, collection.id, project.state.version(collection).root)


def record(project: Project, *records: Record) -> None:
    with project.writing():
        project.runbook.commit(lambda _: records)


def begin(project: Project, run: str, *, uses: VersionRef | None = None, logs: VersionRef | None = None) -> None:
    records: list[Record] = [RunInitRecord(run=run, name=run)]
    for kind, version in ((RunUseRecord, uses), (RunLogRecord, logs)):
        if version is not None:
            records.append(kind(run=run, project=version.project, collection=version.collection, root=version.root.hex()))
    record(project, *records)


def ids(project: Project) -> list[str]:
    project.refresh()
    project.runbook.refresh()
    return project.runbook.runs.ids()


def used_by(project: Project, version: VersionRef) -> list[str]:
    ids(project)
    return project.runbook.runs.used_by(version)


def there(sharing: Sharing) -> list[str]:
    with sharing.upstream_project() as upstream:
        return ids(upstream)


def test_runs_go_with_the_first_push_and_come_with_a_clone(sharing: Sharing):
    first = sharing.new("first")
    log(first, A)
    for number in range(70):
        begin(first, f"r{number}", uses=ref(first))
    assert send(first, dry_run=True).records == send(first).records == 2 + 140
    second = sharing.clone("second")
    assert ids(second) == ids(first) == there(sharing) == [f"r{number}" for number in range(70)]
    assert used_by(second, ref(second)) == ids(first)


def test_those_of_two_clones_come_together(sharing: Sharing):
    first = sharing.new("first")
    log(first, A)
    send(first)
    second = sharing.clone("second")
    begin(first, "f", uses=ref(first))
    begin(second, "s", uses=ref(second))
    assert ids(first) == ["f"] and ids(second) == ["s"]
    assert send(second).records == 2
    assert send(first).records == 2
    assert ids(first) == there(sharing) == ["s", "f"]
    look(second)
    assert used_by(second, ref(second)) == ["s", "f"]
    assert send(second).records == 0


def test_a_run_that_was_pushed_while_it_was_under_way_goes_on(sharing: Sharing):
    first = sharing.new("first")
    log(first, A)
    send(first)
    begin(first, "r")
    send(first)
    version = ref(first)
    use = RunUseRecord(run="r", project=version.project, collection=version.collection, root=version.root.hex())
    record(first, use, RunFinishRecord(run="r", state="finished"))
    assert first.runbook.runs.run("r").state == "finished"
    send(first)
    second = sharing.clone("second")
    assert ids(second) == ["r"]
    assert second.runbook.runs.run("r").state == "finished"
    assert second.runbook.runs.used("r") == [version]


@pytest.mark.parametrize("names", [(), ("data",)])
def test_what_they_used_is_what_the_collection_has_become(sharing: Sharing, names: tuple[str, ...]):
    """Two have made a collection of one name: the second one's becomes the first one's, and so does what its runs say."""
    first, second = sharing.new("first"), sharing.new("second")
    log(first, A, "start")
    send(first)
    second.close()
    sharing.remove("second")
    second = sharing.clone("second")
    log(first, A)
    log(second, B)
    begin(second, "s", logs=ref(second), uses=ref(second))
    former = ref(second)
    send(first)
    assert second.runbook.runs.used("s") == [ref(second)]
    look(second)
    ids(second)
    assert second.runbook.runs.used("s") == [ref(second)], "before it is pushed"
    send(second, *names)
    assert used_by(second, ref(second)) == ["s"], "also while the runs wait"
    begin(second, "late", uses=former)
    send(second)
    assert used_by(second, ref(second)) == ["s", "late"]
    look(first)
    assert used_by(first, ref(first)) == ["s", "late"] and ref(first) == ref(second)
    assert first.state.ids(former.collection) == [ref(first).collection, former.collection]


def test_the_same_when_the_push_is_cut_off_between_the_two_logs(sharing: Sharing, monkeypatch: pytest.MonkeyPatch):
    first = sharing.new("first")
    log(first, A, "start")
    send(first)
    second = sharing.clone("second")
    log(first, A)
    send(first)
    log(second, B)
    begin(second, "s", uses=ref(second))

    def cut_off(*_: object) -> None:
        raise RemoteError("the network is gone")

    with monkeypatch.context() as cut:
        cut.setattr("objstore.repository.pushing.push_runs", cut_off)
        with pytest.raises(RemoteError):
            send(second)
    second = sharing.open("second")
    assert used_by(second, ref(second)) == ["s"]
    send(second)
    look(first)
    assert used_by(first, ref(first)) == ["s"]
    assert send(second).records == 0


def test_a_push_whose_answer_is_lost_brings_no_record_twice(sharing: Sharing, monkeypatch: pytest.MonkeyPatch):
    first = sharing.new("first")
    log(first, A)
    send(first)
    begin(first, "r")

    def die(_: CloneRunBook, entries: list[object]) -> None:
        if entries:
            raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr(CloneRunBook, "extend", die)
        with pytest.raises(KeyboardInterrupt):
            send(first)
    first = sharing.open("first")
    assert ids(first) == ["r"]
    look(first)
    assert ids(first) == ["r"]
    assert send(first).records == 0
    entries = [each.write_id for _, records in Log(LocalBlobs(sharing.upstream), "runs").read_from(1) for each in records]
    assert len(entries) == len(set(entries)) == 1


def test_who_is_second_looks_again(sharing: Sharing, monkeypatch: pytest.MonkeyPatch):
    first = sharing.new("first")
    log(first, A)
    send(first)
    second = sharing.clone("second")
    begin(first, "f")
    begin(second, "s")
    taken: list[int] = []
    append = Log.append_bytes

    def faster(log: Log, number: int, data: bytes) -> None:
        if log.blobs.location == str(sharing.upstream) and log.name == "runs" and not taken:
            taken.append(number)
            send(second)
        append(log, number, data)

    monkeypatch.setattr(Log, "append_bytes", faster)
    send(first)
    assert taken == [1]
    assert there(sharing) == ids(first) == ["s", "f"]


def test_own_runs_follow_those_of_an_upstream_that_was_there(sharing: Sharing):
    first = sharing.new("first")
    first.close()
    second = sharing.copy("first", "second")
    first = sharing.open("first")
    log(first, A)
    begin(first, "f")
    send(first)
    log(second, B, "other")
    begin(second, "s", uses=ref(second, "other"))
    assert ids(second) == ["s"]
    send(second)
    assert ids(second) == there(sharing) == ["f", "s"]
    assert used_by(second, ref(second, "other")) == ["s"]


def test_pushing_some_collections_leaves_runs_for_later(sharing: Sharing):
    first = sharing.new("first")
    log(first, A)
    send(first)
    log(first, B, "other")
    begin(first, "r", uses=ref(first, "other"))
    log(first, B)
    send(first, "data")
    assert there(sharing) == [] and ids(first) == ["r"]
    send(first)
    assert there(sharing) == ["r"]


def test_a_mirror_has_them_too(sharing: Sharing):
    first = sharing.new("first")
    log(first, A)
    send(first)
    begin(first, "r")
    send(first)
    introduce(first, "backup", Address.parse(str(sharing.place / "backup")), {})
    for _ in range(2):
        mirror(first, "backup", Silent())
        begin(first, "later")
        send(first)
    forget_tables(sharing.place / "backup")
    with Project(sharing.place / "backup") as copy:
        assert ids(copy) == ["r", "later"]


def test_what_an_upstream_lost_when_it_was_restored_is_pushed_again(sharing: Sharing):
    first = sharing.new("first")
    log(first, A)
    begin(first, "a")
    send(first)
    begin(first, "b")
    send(first)
    blobs = LocalBlobs(sharing.upstream)
    blobs.delete(Log(blobs, "runs").entry_name(2))
    fetch(first, Silent())
    assert ids(first) == ["a", "b"]
    send(first)
    assert there(sharing) == ["a", "b"]


def test_a_damaged_record_that_waits_is_found(sharing: Sharing):
    first = sharing.new("first")
    log(first, A)
    send(first)
    begin(first, "r")
    (waiting,) = (first.folder / "pending/runs").iterdir()
    waiting.write_bytes(waiting.read_bytes()[:-5])
    (problem,) = check(first.folder, Silent()).problems
    assert problem.where == f"pending/runs/{waiting.name}"
