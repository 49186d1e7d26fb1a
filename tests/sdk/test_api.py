"""Reading artifacts and runs of all projects below a root."""

from pathlib import Path

import pytest

import objstore
from objstore import Api, InvalidInputError, NotFoundError
from objstore.history.runs import RunFacts
from objstore.sdk.filtering import Filter, ordering
from tests.sdk.runs import artifact, ids, logged, names


@pytest.fixture
def api(here: Path) -> Api:
    """Three runs of a sweep, one that used what the best of them logged, and another project."""
    for number, loss in enumerate((0.5, 0.1, 0.3)):
        with objstore.init(
            project="vision",
            id=f"run-{number}",
            sweep="sweep-1",
            config={"lr": 10**-number, "model": {"layers": number}},
            tags=[f"t{number}"],
        ) as run:
            run.summary["loss"] = loss
            logged(run, "sweep-1", {"model.txt": str(number)}, "model")
    with objstore.init(project="vision", id="test", job_type="evaluate", group="g") as run:
        run.use_artifact("sweep-1:v1")
        logged(run, "report", type="report")
    with objstore.init(project="speech", id="other") as run:
        logged(run, "sounds")
    return Api()


def test_artifacts_are_found_by_name_type_and_collection(api: Api):
    assert api.artifact("vision/sweep-1").version == "v2" and api.artifact("report", type="report").type == "report"
    assert names(api.artifacts("model", "sweep-1")) == ["sweep-1:v2", "sweep-1:v1", "sweep-1:v0"]
    assert [kind.name for kind in api.artifact_types()] == ["model", "report"]
    assert [found.name for found in api.artifact_type("model").collections()] == ["sweep-1"]
    assert [found.name for found in api.artifact_collections("speech", "dataset")] == ["sounds"]
    collection = api.artifact_collection("model", "default/vision/sweep-1")
    assert (collection.name, collection.type, collection.aliases, len(collection.artifacts())) == ("sweep-1", "model", ["latest"], 3)
    assert api.artifact_type("model").collection("sweep-1").name == "sweep-1"


def test_versions_are_found_by_their_tags(api: Api):
    version = api.artifact("sweep-1:v1")
    version.tags = ["good"]
    version.save()
    for tags in ("good", ["good"]):
        assert names(api.artifacts("model", "sweep-1", tags=tags)) == ["sweep-1:v1"]
    assert api.artifacts("model", "sweep-1", tags=["good", "cheap"]) == []


def test_where_none_is_named_the_project_of_init_is_meant_else_the_only_one(tmp_path: Path):
    root = tmp_path / "root"
    for project in ("vision", "aaa"):
        objstore.init(root=root, project=project, id=project).finish()
        if project == "vision":
            assert ids(Api(root=root).runs()) == ["vision"]
    api = Api(root=root)
    assert ids(api.runs("aaa")) == ["aaa"] and api.run("vision/vision").id == "vision"
    assert api.projects() == ["default/aaa", "default/vision"] and api.project("vision").name == "vision"
    for call in (api.runs, lambda: api.artifact("data"), lambda: api.artifact_exists("data"), api.artifact_types):
        with pytest.raises(InvalidInputError, match=r"several projects; name one, or give Api\(overrides=.*: default/aaa, default/vision$"):
            call()
    assert ids(Api(root=root, overrides={"project": "vision"}).runs()) == ["vision"]
    objstore.init(root=root, id="own").finish()
    assert ids(Api(root=root).runs()) == ["own"]


def test_what_is_there_is_told(api: Api):
    assert api.artifact_exists("sweep-1:v2") and api.artifact_exists("speech/sounds", type="dataset")
    assert not api.artifact_exists("sweep-1:v3") and not api.artifact_exists("sweep-1:v2", type="dataset")
    assert api.artifact_collection_exists("sweep-1", "model")
    assert not api.artifact_collection_exists("sweep-1", "dataset") and not api.artifact_collection_exists("sweep", "model")
    assert api.projects() == ["default/vision", "default/speech"]


def test_another_products_arguments_are_taken(api: Api):
    assert Api({"project": "speech"}, 19, "key").artifact("sounds").project == "speech"
    assert Api(timeout=19, api_key="key").artifact_exists("sweep-1")
    with pytest.raises(TypeError, match="give a folder or URL as root"):
        Api("/data/root")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda api: api.artifact("swep-1"), NotFoundError, "did you mean sweep-1"),
        (lambda api: api.artifact("sweep-1", type="dataset"), ValueError, "has type model, not dataset"),
        (lambda api: api.artifacts("dataset", "sweep-1"), NotFoundError, "has type model, not dataset"),
        (lambda api: api.artifacts("model", "sweep-1:v0"), InvalidInputError, "is one version"),
        (lambda api: api.artifact_type("dataset"), NotFoundError, "no artifacts of type 'dataset'"),
        (lambda api: api.run("nothing"), NotFoundError, "no run 'nothing'"),
        (lambda api: api.run("a/b/c/d"), InvalidInputError, "must be NAME or ENTITY/NAME"),
        (lambda api: api.runs("nothing"), NotFoundError, "there is no project default/nothing"),
        (lambda api: api.sweep("nothing"), NotFoundError, "no run of default/vision belongs to a sweep"),
        (lambda api: api.runs(filters={"colour": "red"}), InvalidInputError, "no field 'colour'"),
        (lambda api: api.runs(filters={"state": {"$near": 1}}), InvalidInputError, r"no operator '\$near'"),
        (lambda api: api.runs(filters={"id": {"$regex": "("}}), InvalidInputError, "isn't a regular expression"),
        (lambda api: api.runs(filters={"id": {"$in": 3}}), TypeError, r"\$in is followed by a list, not 3"),
        (lambda api: api.runs(filters={"id": {"$nin": "ab"}}), TypeError, r"\$nin is followed by a list"),
        (lambda api: api.runs(filters={"id": {"$regex": 3}}), TypeError, r"\$regex is followed by a string, not 3"),
        (lambda api: api.runs(filters={"$and": {"id": 3}}), TypeError, r"\$and is followed by a list"),
        (lambda api: api.runs(filters={"$or": ["id"]}), TypeError, "conditions are a dict, not 'id'"),
        (lambda api: api.runs(filters={"$not": 3}), TypeError, "conditions are a dict, not 3"),
        (lambda api: api.sweep("sweep-1").best_run(), InvalidInputError, "name the metric"),
        (lambda api: api.sweep("sweep-1").best_run("loss", "up"), InvalidInputError, "'minimize' or 'maximize'"),
    ],
)
def test_what_is_wrong_is_said(api: Api, call, error, match):
    with pytest.raises(error, match=match):
        call(api)


def test_runs_are_found_by_any_path(api: Api):
    for path in ("run-1", "vision/run-1", "default/vision/run-1", "/default/vision/run-1"):
        assert api.run(path).path == ["default", "vision", "run-1"]
    found = api.run("test")
    assert (found.state, found.job_type, found.group, found.config, found.sweep_id) == ("finished", "evaluate", "g", {}, None)
    assert found.created_at <= (found.finished_at or "")
    assert ids(api.runs("speech")) == ["other"]


def test_runs_are_a_sequence_that_is_filtered_and_ordered(api: Api):
    runs = api.runs()
    assert len(runs) == 4 and runs[0].id == "run-0" and runs[-1].id == "test" and ids(runs[1:3]) == ["run-1", "run-2"]
    assert ids(api.runs(order="-created_at")) == ["test", "run-2", "run-1", "run-0"]
    for order in ("-created_at", "-createdAt"):
        assert ids(api.runs(filters={"sweep": "sweep-1"}, order=order)) == ["run-2", "run-1", "run-0"]
    assert ids(api.runs(filters={"sweep": "sweep-1"}, order="-summary_metrics.loss")) == ["run-0", "run-2", "run-1"]
    assert ids(api.runs(filters={"config.lr": {"$lt": 1}, "tags": "t1"})) == ["run-1"]
    assert ids(api.runs("vision", {"$or": [{"config.model.layers": 2}, {"jobType": "evaluate"}]})) == ["run-2", "test"]


def test_the_best_run_of_a_sweep_and_what_it_logged(api: Api):
    sweep = api.sweep("vision/sweep-1")
    best = sweep.best_run("loss")
    assert (len(sweep.runs), best.id, names(best.logged_artifacts())) == (3, "run-1", ["sweep-1:v1"])
    assert sweep.best_run("loss", order="maximize").id == "run-0" and sweep.best_run("nothing") is None


def test_lineage_is_walked_from_both_ends(api: Api):
    report = api.artifact("report")
    (model,) = report.logged_by().used_artifacts()
    assert model.name == "sweep-1:v1" and ids(model.used_by()) == ["test"] and model.logged_by().summary == {"loss": 0.1}
    assert api.artifact("sweep-1:v0").used_by() == []


def test_versions_that_no_run_logged_have_no_run(repo: objstore.Repository):
    repo.log(artifact())
    version = repo.artifact("data")
    assert version.logged_by() is None and version.used_by() == []


def test_deleted_versions_stay_in_the_lineage(api: Api):
    api.artifact("sweep-1:v1").delete()
    (model,) = api.run("test").used_artifacts()
    assert model.name == "sweep-1:v1" and ids(model.used_by()) == ["test"]


FACTS = RunFacts(
    "r1", "lively", "2026-11-21T00:00:00Z", "train", "g", "s", ("a", "b"), config={"lr": 0.1, "a": {"b": 1}, "x.y": 2}, summary={"acc": 3}
)


@pytest.mark.parametrize(
    ("conditions", "matches"),
    [
        ({}, True),
        ({"id": "r1", "display_name": "lively"}, True),
        ({"name": "r2"}, False),
        ({"tags": "a"}, True),
        ({"tags": {"$in": ["c"]}}, False),
        ({"tags": ["a", "b"]}, True),
        ({"config.lr": 0.1, "config.lr.value": 0.1, "config.a.b": 1, "config.x.y": 2}, True),
        ({"config.nothing": None}, False),
        ({"config.nothing": {"$exists": False}}, True),
        ({"config.nothing": {"$lt": 1}}, False),
        ({"config.lr": {"$lt": "1"}}, False),
        ({"summary_metrics.acc": {"$gte": 3, "$lte": 3}}, True),
        ({"summary_metrics.acc": {"$gt": 3}}, False),
        ({"state": {"$ne": "running"}}, False),
        ({"state": {"$eq": "running"}, "group": {"$nin": ["x"]}}, True),
        ({"created_at": {"$lt": "2026-12-01"}}, True),
        ({"display_name": {"$regex": "^liv"}}, True),
        ({"$not": {"job_type": "train"}}, False),
        ({"$and": [{"job_type": "train"}, {"sweep": "s"}]}, True),
        ({"$or": [{"job_type": "x"}, {"sweep": "y"}]}, False),
    ],
)
def test_filters_have_the_meaning_of_mongodb(conditions, matches):
    assert Filter(conditions).matches(FACTS) is matches


def test_what_has_not_got_the_field_comes_last_and_numbers_come_before_text():
    facts = [RunFacts(str(n), "", "", summary={} if n == 1 else {"loss": n}) for n in range(4)]
    assert [run.id for run in ordering("-summary_metrics.loss")(facts)] == ["3", "2", "0", "1"]
    facts = [RunFacts(str(n), "", "", config={"a": value}) for n, value in enumerate(["x", "Infinity", 1, [2], "-Infinity"])]
    assert [run.id for run in ordering("config.a")(facts)] == ["4", "2", "1", "0", "3"]
    assert [run.id for run in ordering("-config.a")(facts)] == ["1", "2", "4", "0", "3"]
