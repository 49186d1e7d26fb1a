"""Runs: what they log, use and say of themselves, and that it is all there afterwards."""

import argparse
import array
import copy
import math
import os
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import make_dataclass
from datetime import date
from pathlib import Path

import pytest

import objstore
from objstore import Api, Artifact, ArtifactFinalizedError, ArtifactNotLoggedError, ConflictError, InvalidInputError, NotFoundError, Run
from objstore.blobs.local import LocalBlobs
from objstore.errors import StorageError
from objstore.history.log import Log
from objstore.history.records import RunInitRecord
from objstore.odb.keptrows import KeptRows
from objstore.repository.logging import Labels
from objstore.sdk import logging
from objstore.sdk.logqueue import Handover
from tests.sdk.runs import artifact, ids, logged, names


@pytest.fixture(autouse=True)
def _no_run_is_left(here: Path) -> None:
    objstore.finish()
    yield
    objstore.finish()


def test_the_first_run_makes_a_repository_and_says_so_once(here: Path, capfd: pytest.CaptureFixture[str]):
    with objstore.init(project="pets") as run:
        assert run.path == f"default/pets/{run.id}"
    with objstore.init(project="pets"):
        pass
    said = capfd.readouterr()
    assert said.out == "" and said.err.count("objstore: made") == 1 and str(here / ".objstore/default/pets") in said.err
    assert len(Api().runs()) == 2


def test_artifacts_of_one_name_are_logged_in_the_order_of_the_calls():
    with objstore.init() as run:
        for index in range(10):
            run.log_artifact(artifact(files={"index": str(index)}, metadata={"index": index}))
    versions = Api().artifacts("dataset", "data")
    assert [(version.version, version.metadata["index"]) for version in reversed(versions)] == [(f"v{n}", n) for n in range(10)]
    assert versions[0].aliases == ["latest"]
    assert names(Api().run(run.id).logged_artifacts()) == [f"data:v{n}" for n in range(10)]


@pytest.fixture
def _slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is handed over first isn't logged until somebody waits for it."""
    waited_for, log_draft, settled = threading.Event(), logging.log_draft, Handover.settled

    def hold(*args: object) -> object:
        if threading.current_thread().name == "objstore-log":
            monkeypatch.setattr(logging, "log_draft", log_draft)
            waited_for.wait(5)
        return log_draft(*args)

    def wait(job: Handover) -> None:
        waited_for.set()
        settled(job)

    monkeypatch.setattr(logging, "log_draft", hold)
    monkeypatch.setattr(Handover, "settled", wait)


def finished(run: Run) -> Artifact:
    return run.finish_artifact(artifact(files={"later": "2"}))


def logged_by_the_repository(run: Run) -> Artifact:
    with objstore.open(run._session.project.folder) as repo:
        return repo.log(artifact(files={"later": "2"}))


def added_by_the_repository(run: Run) -> Artifact:
    Path("later").touch()
    with objstore.open(run._session.project.folder) as repo:
        return repo.add("later", "data")


def linked(run: Run) -> Artifact:
    with objstore.open(run._session.project.folder) as repo:
        return repo.log(artifact("other", {"later": "2"})).link("data")


def saved_in_another_run(run: Run) -> Artifact:
    with objstore.init(reinit="create_new"):
        draft = artifact(files={"later": "2"})
        draft.save()
        return draft


def handed_over_to_another_run(run: Run) -> Artifact:
    with objstore.init(reinit="create_new") as other:
        return other.log_artifact(artifact(files={"later": "2"}))


@pytest.mark.usefixtures("_slow")
@pytest.mark.parametrize(
    "later", [finished, logged_by_the_repository, added_by_the_repository, linked, saved_in_another_run, handed_over_to_another_run]
)
def test_whoever_logs_a_name_comes_after_what_was_handed_over_before(later: Callable[[Run], Artifact]):
    with objstore.init(group="g") as run:
        run.upsert_artifact(artifact(files={"part": "1"}))
        first = run.log_artifact(artifact(files={"first": "1"}))
        made = later(run)
        assert (first.wait().version, made.wait().version) == ("v0", "v1")


@pytest.mark.usefixtures("_slow")
def test_an_incremental_artifact_has_what_was_handed_over_before():
    with objstore.init() as run:
        run.log_artifact(artifact(files={"first": "1"}))
        second = run.log_artifact(artifact(files={"second": "2"}, incremental=True))
        assert list(second.wait().manifest.entries) == ["first", "second"]


def test_what_is_small_does_not_wait_for_what_is_large(here: Path, monkeypatch: pytest.MonkeyPatch):
    is_there, log_draft = threading.Event(), logging.log_draft

    def hold(project: object, draft: object, root: object, labels: Labels, *more: object) -> object:
        if labels.name == "large":
            is_there.wait(10)
        return log_draft(project, draft, root, labels, *more)

    monkeypatch.setattr(logging, "log_draft", hold)
    (here / "large").write_bytes(os.urandom(1 << 21))
    with objstore.init() as run:
        with run._session.alone():  # so that the others wait together
            for name in ("one", "two", "three"):
                small = run.log_artifact(artifact(name))
            run.log_artifact("large", name="large", type="dataset")
            assert len(run._session.queue) == 4
        assert small.wait(timeout=5).version == "v0"
        assert len(run._session.queue) == 1
        is_there.set()


def test_small_artifacts_that_wait_together_share_packs_and_a_log_entry(here: Path):
    with objstore.init(project="pets") as run, run._session.alone():  # so that all of them wait
        for index in range(50):
            run.log_artifact(artifact(f"data-{index}", {"index": str(index)}))
    store = LocalBlobs(here / ".objstore/default/pets")
    assert len([name for name, _ in store.list("packs/")]) <= 4
    assert Log(store, "main").newest() <= 2
    assert len(Api().run(run.id).logged_artifacts()) == 50


def test_unchanged_content_is_the_version_that_there_is_and_both_runs_have_logged_it():
    with objstore.init(id="one") as one:
        first = logged(one)
    with objstore.init(id="two") as two:
        again = two.log_artifact(artifact(), aliases=["best"]).wait()
    assert (first.version, again.version) == ("v0", "v0")
    version = Api().artifact("data")
    assert version.aliases == ["latest", "best"]
    assert version.logged_by().id == "one"
    assert names(Api().run("two").logged_artifacts()) == ["data:v0"]


def test_what_is_being_logged_cannot_be_changed_and_says_to_wait():
    with objstore.init() as run, run._session.alone():
        draft = run.log_artifact(artifact())
        with pytest.raises(ArtifactNotLoggedError, match="wait"):
            draft.version  # noqa: B018
        with pytest.raises(ArtifactFinalizedError, match="wait"):
            draft.new_file("b.txt").__enter__()
        with pytest.raises(TimeoutError, match="data isn't logged yet"):
            draft.wait(timeout=0)
    assert draft.version == "v0"


def test_what_is_said_of_an_artifact_that_is_being_logged_is_not_lost():
    with objstore.init() as run:
        draft = run.log_artifact(artifact(metadata={"a": 1}))
        draft.metadata["b"] = 2
        draft.description = "later"
        draft.save()
    found = Api().artifact("data")
    assert (found.metadata, found.description) == ({"a": 1, "b": 2}, "later")


def test_an_error_surfaces_in_wait_and_then_not_again():
    with objstore.init() as run:
        logged(run)
        wrong = run.log_artifact(artifact(files={"b": "b"}, type="model"))
        with pytest.raises(ValueError, match="data has type dataset, not model"):
            wrong.wait()
    assert names(Api().artifacts("dataset", "data")) == ["data:v0"]


def test_an_error_that_nobody_waited_for_surfaces_at_the_end_and_the_rest_is_logged():
    run = objstore.init()
    logged(run)
    for index in range(3):
        run.log_artifact(artifact(files={"b": str(index)}, type="model" if index == 1 else "dataset"))
    with pytest.raises(InvalidInputError, match="data has type dataset, not model"):
        run.finish()
    run.finish()
    assert Api().run(run.id).state == "failed"
    assert names(Api().artifacts("dataset", "data")) == ["data:v2", "data:v1", "data:v0"]


@pytest.mark.parametrize("count", [1, 3])
def test_what_could_not_be_stored_can_be_logged_again(count: int, monkeypatch: pytest.MonkeyPatch):
    with objstore.init() as run:
        drafts = [artifact(f"data-{index}", {"a": str(index)}) for index in range(count)]
        with monkeypatch.context() as full:

            def refuse(*_: object) -> None:
                raise StorageError("no space left")

            full.setattr(LocalBlobs, "adopt", refuse)
            with run._session.alone():
                for draft in drafts:
                    run.log_artifact(draft)
            for draft in drafts:
                with pytest.raises(StorageError, match="no space left"):
                    draft.wait()
        assert all(draft.is_draft() for draft in drafts)
        with drafts[0].new_file("more.txt") as file:
            file.write("more")
        for draft in drafts:
            assert run.log_artifact(draft).wait().version == "v0"
    assert sorted(Api().artifact("data-0").manifest.entries) == ["a.txt", "more.txt"] or count
    Api().artifact("data-0").download("there")
    assert Path("there/more.txt").read_text() == "more"


def test_who_made_a_version_is_known_also_when_that_was_the_last_it_did(monkeypatch: pytest.MonkeyPatch):
    run = objstore.init()
    append = Log.append

    def refuse(log: Log, *arguments: object) -> object:
        if log.name == "runs":
            raise StorageError("no space left")
        return append(log, *arguments)  # type: ignore[arg-type]

    run._session.queue.drain()
    with monkeypatch.context() as broken:
        broken.setattr(Log, "append", refuse)
        run.log_artifact(artifact()).wait()
        with pytest.raises(StorageError, match="no space left"):
            run._session.queue.drain()
        version = Api().artifact("data")
        assert (version.logged_by().id, version.used_by()) == (run.id, [])
    run.finish()


def test_records_of_runs_that_could_not_be_appended_are_appended_later(monkeypatch: pytest.MonkeyPatch):
    run = objstore.init()
    version = logged(run)
    with monkeypatch.context() as broken:

        def refuse(log: Log, *_: object) -> None:
            if log.name == "runs":
                raise StorageError("no space left")

        broken.setattr(Log, "append", refuse)
        run.use_artifact(version)
        with pytest.raises(StorageError, match="no space left"):
            run._session.queue.drain()
    run.finish()
    assert names(Api().run(run.id).used_artifacts()) == ["data:v0"]


def test_a_record_that_no_log_can_hold_is_refused_and_keeps_no_others_back():
    with objstore.init() as run:
        with pytest.raises(InvalidInputError, match="notes"):
            run._session.queue.record([RunInitRecord(run=run.id, name="r", notes=5)])  # type: ignore[arg-type]
        run.use_artifact(logged(run))
    found = Api().run(run.id)
    assert (found.state, names(found.used_artifacts()), names(found.logged_artifacts())) == ("finished", ["data:v0"], ["data:v0"])


def refuse(*_: object) -> None:
    raise StorageError("no space left")


def test_an_error_is_no_more_once_the_artifact_is_logged(monkeypatch: pytest.MonkeyPatch):
    with objstore.init() as run:
        with monkeypatch.context() as broken:
            broken.setattr("objstore.sdk.logging.log_draft", refuse)
            draft = run.log_artifact(artifact())
            with pytest.raises(StorageError):
                draft.wait()
        with objstore.open() as repo:
            repo.log(draft)
        assert draft.wait().version == "v0"


def test_no_error_goes_untold_when_several_threads_log(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(logging, "log_drafts", lambda *_: 1 / 0)  # so that each has an error of its own
    monkeypatch.setattr(logging, "log_draft", refuse)
    run, is_done = objstore.init(), Handover.is_done
    run.log_artifact(artifact("first"))
    drafts = [artifact(name) for name in ("second", "third")]
    other = threading.Thread(target=lambda: run.log_artifact(drafts[0]))

    def meanwhile(job: Handover) -> bool:
        monkeypatch.setattr(Handover, "is_done", is_done)
        other.start()
        other.join(0.1)
        return job.is_done

    monkeypatch.setattr(Handover, "is_done", property(meanwhile))
    run.log_artifact(drafts[1])
    other.join()
    with pytest.raises(StorageError) as error:
        run.finish()
    assert len(error.value.__notes__) == 2


def test_a_path_is_logged_as_an_artifact(here: Path):
    (here / "images").mkdir()
    (here / "images/cat.png").write_text("cat")
    with objstore.init(id="abc") as run:
        run.log_artifact("images", name="pets", type="dataset", aliases=["new"], tags=["raw"])
        run.log_artifact(here / "images/cat.png")
    pets, cat = Api().run("abc").logged_artifacts()
    assert (pets.name, list(pets.manifest.entries), pets.aliases, pets.tags) == ("pets:v0", ["cat.png"], ["latest", "new"], ["raw"])
    assert (cat.name, cat.type, list(cat.manifest.entries)) == ("run-abc-cat.png:v0", "unspecified", ["cat.png"])


def test_what_is_logged_by_its_path_has_a_name(here: Path, monkeypatch: pytest.MonkeyPatch):
    (here / "my cats").mkdir()
    (here / "my cats/ä b.png").write_text("cat")
    with objstore.init(id="abc", root=here / "root") as run:
        monkeypatch.chdir(here / "my cats")
        logged = [run.log_artifact(given).wait() for given in (".", "ä b.png", "../my cats/")]
    assert names(logged) == ["run-abc-my-cats:v0", "run-abc---b.png:v0", "run-abc-my-cats:v0"]


def test_a_uri_is_logged_as_references(here: Path):
    (here / "images").mkdir()
    (here / "images/cat.png").write_text("cat")
    with objstore.init(id="abc") as run:
        images = run.log_artifact(f"file://{here}/images", type="dataset")
        cat = run.log_artifact(f"file://{here}/images/cat.png", name="cat")
    assert (images.name, images.type, [entry.ref for entry in images.files()]) == (
        "run-abc-images:v0",
        "dataset",
        [f"file://{here}/images/cat.png"],
    )
    assert (cat.name, list(cat.manifest.entries)) == ("cat:v0", ["cat.png"])


def test_used_versions_are_recorded_in_order_and_once():
    with objstore.init(id="one") as run:
        a, b = logged(run, "a"), logged(run, "b")
    with objstore.init(id="two", job_type="train") as run:
        assert run.use_artifact("b:latest").version == "v0"
        run.use_artifact("a:v0", type="dataset")
        run.use_artifact(b)
        assert names(run.used_artifacts()) == ["b:v0", "a:v0"]
    assert ids(a.used_by()) == ids(b.used_by()) == ["two"]
    assert a.logged_by().id == "one"


def test_use_of_what_is_not_there_names_what_is_near():
    with objstore.init() as run:
        logged(run, "my-dataset")
        with pytest.raises(NotFoundError, match="did you mean my-dataset"):
            run.use_artifact("my-datset:latest")
        with pytest.raises(NotFoundError, match="has no version v7"):
            run.use_artifact("my-dataset:v7")
        with pytest.raises(ValueError, match="has type dataset, not model"):
            run.use_artifact("my-dataset:latest", type="model")
        with pytest.raises(TypeError, match="not a int"):
            run.use_artifact(7)  # type: ignore[arg-type]


def test_using_a_draft_logs_it_first():
    with objstore.init(id="r") as run:
        run.use_artifact(artifact())
    found = Api().run("r")
    assert names(found.logged_artifacts()) == names(found.used_artifacts()) == ["data:v0"]


def test_a_run_is_resumed_and_keeps_what_is_not_said_anew():
    with objstore.init(id="r", name="first", config={"lr": 1}, tags=["a"], group="g", notes="n") as run:
        run.summary["loss"] = 3
        assert not run.resumed
    with objstore.init(id="r", resume="must", config={"epochs": 2}) as run:
        assert run.resumed and (run.name, run.group, run.tags, run.notes) == ("first", "g", ("a",), "n")
        assert dict(run.config) == {"lr": 1, "epochs": 2} and run.summary["loss"] == 3
        logged(run)
        assert Api().run("r").state == "running"
    found = Api().run("r")
    assert (found.state, found.config, found.summary) == ("finished", {"lr": 1, "epochs": 2}, {"loss": 3})
    assert names(found.logged_artifacts()) == ["data:v0"]
    assert len(Api().runs()) == 1


def test_resume_says_what_may_be_there():
    with pytest.raises(NotFoundError, match="no run 'r' to resume"):
        objstore.init(id="r", resume="must")
    with objstore.init(id="r", resume="never"):
        pass
    with pytest.raises(ConflictError, match="there is a run 'r' already"):
        objstore.init(id="r", resume="never")
    with pytest.raises(ValueError, match="'allow', 'never' or 'must'"):
        objstore.init(id="r", resume="maybe")
    with pytest.raises(ValueError, match="needs the id"):
        objstore.init(resume="must")
    with pytest.raises(ValueError, match="can't be the id of a run"):
        objstore.init(id="a/b")
    assert objstore.run is None


def test_measures_go_to_the_summary_whatever_they_are():
    with objstore.init(id="r") as run:
        for step in range(3):
            run.log({"loss": 1 / (step + 1), "step": step})
        run.log(
            {"loss": math.inf, "nan": math.nan, "best": {"at": 2}, "worst": {"loss": [-math.inf]}, "half": array.array("f", [math.inf])}
        )
        assert run.summary["loss"] == math.inf and math.isnan(run.summary["nan"])
        with pytest.raises(TypeError, match=r"summary has the key \(1, 2\)"):
            run.log({(1, 2): 3})
        run.summary.done = True
    summary = {"loss": "Infinity", "nan": None, "best": {"at": 2}, "step": 2, "done": True, "_step": 3}
    assert Api().run("r").summary == {**summary, "worst": {"loss": ["-Infinity"]}, "half": ["Infinity"]}


def test_steps_go_on_when_a_run_is_resumed_and_never_go_back(capsys):
    with objstore.init(id="r") as run:
        for _ in range(3):
            run.log({"loss": run.step})
        run.log({"acc": 1}, commit=False)
        run.log({"loss": 9})
        assert run.step == 4
    with objstore.init(id="r", resume="must") as run:
        assert (run.resumed, run.step, run.summary["_step"]) == (True, 4, 3)
        run.log({"loss": 10}, step=10)
        run.log({"acc": 10})
        assert run.step == 11
        run.log({"loss": 5}, step=5)
    assert Api().run("r").summary == {"loss": 10, "acc": 10, "_step": 10}
    assert "measures of step 5 are left out" in capsys.readouterr().err


def test_a_thread_that_cannot_be_started_is_an_error_and_the_next_one_does_the_work(monkeypatch: pytest.MonkeyPatch):
    with objstore.init(id="r") as run:
        draft = artifact()
        with monkeypatch.context() as tired:

            def refuse(_: object) -> None:
                raise RuntimeError("can't start new thread")

            tired.setattr("threading.Thread.start", refuse)
            with pytest.raises(StorageError, match="can't start new thread"):
                run.log_artifact(draft)
        assert run.log_artifact(draft).wait().name == "data:v0"


def test_a_logged_table_is_an_artifact():
    with objstore.init(id="r") as run:
        run.log({"predictions/test": objstore.Table(columns=["a"], data=[[1], [2]]), "loss": 1})
    (found,) = Api().run("r").logged_artifacts()
    assert (found.name, found.type) == ("run-r-predictions-test:v0", "run_table")
    assert found.get("predictions/test").data == [[1], [2]]
    assert Api().run("r").summary["predictions/test"]["artifact"] == "run-r-predictions-test"


def test_configuration_is_a_dict_with_attributes():
    with objstore.init(id="r", config=argparse.Namespace(lr=0.1, layers=[1, 2])) as run:
        run.config.update({"lr": 0.2}, allow_val_change=True)
        run.config.batch = 32
        run.config.setdefaults({"lr": 9, "seed": 1})
        assert run.config.lr == 0.2 and run.config["layers"] == [1, 2] and objstore.config.batch == 32
        with pytest.raises(AttributeError, match="the config has no 'nothing'"):
            run.config.nothing  # noqa: B018
        run.config.update({"from": Path("a/b"), "day": date(2026, 5, 1), "id": 2**70})
        assert run.config["from"].parts == ("a", "b")
        del run.config["seed"]
    written = {"from": "a/b", "day": "2026-05-01", "id": str(2**70)}
    assert Api().run("r").config == {"lr": 0.2, "layers": [1, 2], "batch": 32, **written}


def test_a_dataclass_is_a_configuration():
    with objstore.init(id="r", config=make_dataclass("Config", ["lr", "data"])(0.1, Path("x"))) as run:
        assert run.config.data == Path("x")
    assert Api().run("r").config == {"lr": 0.1, "data": "x"}


def test_configuration_and_summary_may_be_changed_in_place():
    with objstore.init(id="r", config={"on": 1}) as run:
        run.config["optimizer"] = {"lr": 1}
        run._save()
        run.config["optimizer"]["lr"] = 2
        run.config["on"] = True
        run.summary["best"] = {}
        run.summary["best"]["loss"] = math.inf
    found = Api().run("r")
    assert found.config == {"on": True, "optimizer": {"lr": 2}} and found.config["on"] is True
    assert found.summary == {"best": {"loss": "Infinity"}}
    with objstore.init(id="r", resume="must") as run:
        run.config["optimizer"]["lr"] = 3
    assert Api().run("r").config["optimizer"] == {"lr": 3}


def test_those_who_are_at_work_on_one_run_add_to_what_it_has():
    first = objstore.init(id="r", config={"a": 1})
    second = objstore.init(id="r", reinit="create_new", config={"b": 2})
    for run, key in ((first, "x"), (second, "y")):
        run.log({key: 1})
        run.finish()
    found = Api().run("r")
    assert (found.config, found.summary) == ({"a": 1, "b": 2}, {"x": 1, "y": 1, "_step": 0})
    with objstore.init(id="r", resume="must") as run:
        del run.summary["x"]
        run.config.clear()
    found = Api().run("r")
    assert (found.config, found.summary) == ({}, {"y": 1, "_step": 0})


def test_what_json_cannot_hold_is_told_at_the_end_and_all_else_is_kept():
    run = objstore.init(id="r")
    run.config.update({"optimizer": {"lr": 1}, "seed": 2})
    run.summary["loss"] = 3
    run.config["optimizer"]["itself"] = run.config["optimizer"]
    run.log_artifact(artifact())
    with pytest.raises(ValueError, match=r"config\['optimizer'\]\['itself'\] contains itself"):
        run.finish()
    run.finish()
    found = Api().run("r")
    assert (found.state, found.config, found.summary) == ("finished", {"seed": 2}, {"loss": 3})
    assert names(found.logged_artifacts()) == ["data:v0"] and objstore.run is None


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda values: pickle.loads(pickle.dumps(values))])
def test_configuration_is_copied_as_a_dict_is(copied):
    with objstore.init(id="r", config={"lr": 1}) as run:
        other = copied(run.config)
        other.lr = 2
        assert (run.config.lr, other.lr) == (1, 2)
        assert copied(run.summary).as_dict() == {}


def test_numbers_are_text_where_a_run_is_described_and_other_things_are_refused():
    with objstore.init(id=7, name=0, group=3, job_type=1.5, sweep=4, notes=5) as run:
        assert (run.id, run.name, run.group, run.job_type, run.sweep_id, run.notes) == ("7", "0", "3", "1.5", "4", "5")
        assert objstore.init(id=7) is run
        run.notes = 6
        for wrong in ([], True, "\ud800"):
            with pytest.raises(InvalidInputError, match=r"^notes (must be|has) text"):
                run.notes = wrong
        with pytest.raises(TypeError, match="description must be text, not list"):
            artifact(description=["no"])
        draft = artifact(description=8)
        run.log_artifact(draft)
    assert (Api().run("7").notes, Api().artifact("data").description) == ("6", "8")
    for wrong in ({"group": ["a"]}, {"name": b"n"}, {"job_type": {}}, {"sweep": True}, {"tags": 5}, {"tags": [5]}):
        with pytest.raises(TypeError):
            objstore.init(**wrong)
    assert objstore.run is None and len(Api().runs()) == 1


def test_tags_and_notes_may_be_changed():
    with objstore.init(id="r", tags=["a"]) as run:
        run.tags += ("b",)
        run.notes = "about it"
    found = Api().run("r")
    assert (found.tags, found.notes, found.state) == (["a", "b"], "about it", "finished")


def test_an_exception_marks_the_run_failed_and_what_was_handed_over_is_logged():
    with pytest.raises(ZeroDivisionError), objstore.init(id="r") as run:
        run.log_artifact(artifact())
        1 / 0  # noqa: B018
    assert Api().run("r").state == "failed"
    assert names(Api().run("r").logged_artifacts()) == ["data:v0"]


def test_the_functions_of_the_module_mean_the_active_run():
    assert objstore.run is None
    with pytest.raises(InvalidInputError, match=r"call objstore.init\(\) first"):
        objstore.log_artifact(artifact())
    run = objstore.init(id="r")
    assert objstore.run is run
    objstore.log({"loss": 1})
    objstore.summary["acc"] = 2
    version = objstore.log_artifact(artifact()).wait()
    objstore.use_artifact(version)
    objstore.finish()
    assert objstore.run is None
    objstore.finish()
    found = Api().run("r")
    assert found.summary == {"loss": 1, "acc": 2, "_step": 0} and names(found.used_artifacts()) == ["data:v0"]
    with pytest.raises(InvalidInputError, match="has finished"):
        run.log_artifact(artifact())


def test_a_second_init_gives_the_active_run_unless_another_is_asked_for():
    run = objstore.init(id="r", project="p")
    assert objstore.init() is run and objstore.init(id="r", project="p") is run
    for other in ({"id": "s"}, {"project": "q"}, {"root": "elsewhere"}):
        with pytest.raises(ConflictError, match="still active"):
            objstore.init(**other)
    inner = objstore.init(id="s", reinit="create_new")
    assert objstore.run is inner and run.state == "running"
    inner.finish()
    assert objstore.run is run
    last = objstore.init(id="t", reinit=True)
    assert run.state == "finished" and objstore.run is last


def test_the_same_project_and_root_may_be_said_in_any_way(here: Path, monkeypatch: pytest.MonkeyPatch):
    run = objstore.init(project="p", root="r")
    for same in ({"root": here / "r"}, {"root": f"file://{here}/r/"}, {"project": "default/p"}, {"entity": "default", "root": "r"}):
        assert objstore.init(**same) is run
    for other in ({"root": here}, {"project": "other/p"}, {"entity": "other", "root": "r"}):
        with pytest.raises(ConflictError, match="still active"):
            objstore.init(**other)
    run.finish()
    run = objstore.init()
    assert objstore.init(root=here) is run and objstore.init(root=".objstore") is run


def test_code_is_logged(here: Path):
    (here / "src").mkdir()
    (here / "src/train.py").write_text("print()")
    (here / "src/data.csv").write_text("1")
    (here / "venv").mkdir()
    (here / "venv/pyvenv.cfg").touch()
    (here / "venv/other.py").touch()
    with objstore.init(id="r", project="p") as run:
        code = run.log_code().wait()
        assert (code.name, code.type, list(code.manifest.entries)) == ("source-p:v0", "code", ["src/train.py"])
        assert run.log_code("src", include_fn=lambda path: path.endswith(".md")) is None
        found = run.log_code("src", "all", include_fn=lambda path: True, exclude_fn=lambda path, root: path == f"{root}/train.py").wait()
        assert list(found.manifest.entries) == ["data.csv"]
        with pytest.raises(FileNotFoundError, match="not a folder"):
            run.log_code("nowhere")
        unnamed = Artifact(type="code")
        unnamed.add_file("src/train.py", "train.py")
        assert run.log_artifact(unnamed).wait().name == "source-p:v1"


def test_an_artifact_is_linked_from_a_run():
    with objstore.init() as run:
        linked = run.link_artifact(artifact("model", type="model"), "registry", aliases=["prod"])
    assert (linked.name, linked.aliases, linked.source_name) == ("registry:v0", ["latest", "prod"], "model:v0")


def test_a_version_of_another_project_is_an_input_that_is_found_from_both_sides(here: Path):
    with objstore.init(project="data", id="d") as run:
        logged(run, "pets")
    with objstore.init(project="train", id="t") as run:
        assert run.path == "default/train/t"
        used = run.use_artifact("data/pets:latest")
        assert used.qualified_name == "default/data/pets:v0"
        run.use_artifact("default/data/pets:v0")
        with pytest.raises(NotFoundError, match="there is no project default/nothing"):
            run.use_artifact("nothing/pets:v0")
    assert ids(Api().artifact("data/pets").used_by()) == ["t"]
    (pets,) = Api().run("train/t").used_artifacts()
    assert pets.qualified_name == "default/data/pets:v0" and pets.logged_by().project == "data"


def test_a_root_is_where_the_variable_or_the_argument_says(here: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("OBJSTORE_ROOT", str(tmp_path / "root"))
    with objstore.init(id="r") as run:
        assert run.path == "default/uncategorized/r"
        logged(run)
    with objstore.init(id="s", root=tmp_path / "other", entity="team", project="vision") as run:
        assert run.path == "team/vision/s"
    assert (tmp_path / "root/default/uncategorized/objstore.json").exists()
    assert (tmp_path / "other/team/vision/objstore.json").exists()
    assert not (here / ".objstore").exists()
    assert Api().artifact_exists("data:v0") and Api(root=tmp_path / "other").projects() == ["team/vision"]


def test_drafts_are_kept_where_the_run_is_from_the_start(repo: objstore.Repository):
    with objstore.init(root="here") as run:
        draft = artifact()
        assert draft._session is run._session
    assert artifact()._session.project.folder == repo.path


def test_reading_makes_nothing(here: Path):
    with pytest.raises(NotFoundError, match="no objstore repository"):
        Api()
    with pytest.raises(NotFoundError, match="no projects in"):
        Api(root=here / "nowhere")
    assert list(here.iterdir()) == []


def test_runs_in_a_clone_are_seen_by_others_once_they_are_pushed(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with objstore.open(tmp_path / "first", create=True) as first:
        first.log(artifact())
        first.add_remote("origin", tmp_path / "shared")
        first.push()
        with objstore.clone(tmp_path / "shared", tmp_path / "second") as second:
            monkeypatch.chdir(tmp_path / "second")
            with objstore.init(id="r") as run:
                run.use_artifact("data:latest")
                logged(run, "model", type="model")
            assert ids(second.artifact("data").used_by()) == ["r"]
            assert second.push().records == 6
        assert first.artifact("data").used_by() == []
        first.fetch()
        assert ids(first.artifact("data").used_by()) == ["r"]
        assert first.artifact("model").logged_by().id == "r"


def test_a_run_that_was_pushed_is_listed_once_also_where_nothing_can_be_kept_any_more(
    repo: objstore.Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object) -> bool:
        raise StorageError("no space left")

    repo.add_remote("origin", tmp_path / "shared")
    repo.push()
    monkeypatch.chdir(repo.path.parents[1])
    with objstore.init(id="r"):
        pass
    assert ids(Api().runs()) == ["r"]
    monkeypatch.setattr(KeptRows, "put_if", refuse)
    monkeypatch.setattr(KeptRows, "clear", refuse)
    repo.push()
    assert ids(Api().runs()) == ["r"]


def test_threads_may_use_one_run_at_once():
    with objstore.init(id="r") as run:
        logged(run)

        def work(number: int) -> None:
            for index in range(5):
                run.use_artifact("data:latest")
                run.log_artifact(artifact(f"data-{number}", {"index": str(index)}))
                run.log({f"loss-{number}": index})
                Api().run("r").used_artifacts()
                run.logged_artifacts()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
    found = Api().run("r")
    assert len(found.logged_artifacts()) == 21 and len(found.summary) == 5 and found.summary["_step"] == 19
    assert [version.version for version in Api().artifacts("dataset", "data-3")] == ["v4", "v3", "v2", "v1", "v0"]


def test_whatever_goes_wrong_is_told_and_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch):
    run = objstore.init()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("out of order")

    with monkeypatch.context() as broken:
        broken.setattr("objstore.history.runbook.OwnRunBook.commit", fail)
        broken.setattr("objstore.sdk.logging.log_draft", fail)
        broken.setattr("objstore.sdk.logging.log_drafts", fail)
        with run._session.alone():
            drafts = [run.log_artifact(artifact(f"data-{number}")) for number in range(2)]
        for draft in drafts:
            with pytest.raises(RuntimeError, match="out of order"):
                draft.wait(timeout=60)
        with pytest.raises(RuntimeError, match="out of order"):
            run.finish()
    run.finish()
    assert Api().run(run.id).state == "finished"
