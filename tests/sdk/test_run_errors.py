"""What a run refuses, as whoever writes the script meets it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

import objstore as wandb
from objstore import Artifact, ConflictError, InvalidInputError, NotFoundError, Run
from tests.sdk.files import draft


@pytest.fixture
def run() -> Iterator[Run]:
    with wandb.init(id="first") as begun:
        yield begun


def versions(name: str = "data") -> list[str]:
    return [artifact.version for artifact in wandb.Api().artifacts("dataset", name)[::-1]]


def test_a_name_that_does_not_exist_lists_near_ones(run: Run) -> None:
    run.log_artifact(draft("cat-images", {"f": "1"}), aliases=["staging"]).wait()
    with pytest.raises(NotFoundError, match="did you mean cat-images"):
        run.use_artifact("cat-image:latest")
    with pytest.raises(NotFoundError, match="staging"):
        run.use_artifact("cat-images:stagin")
    with pytest.raises(NotFoundError, match="v0"):
        run.use_artifact("cat-images:v1")
    with pytest.raises(NotFoundError, match=r"default/here"):
        run.use_artifact("elsewhere/cat-images:v0")
    with pytest.raises(ValueError, match="has type dataset, not model"):
        run.use_artifact("cat-images:v0", type="model")
    with pytest.raises(ValueError, match="cat-images:v0 has type dataset, not model; give its type"):
        run.use_artifact(wandb.Api().artifact("cat-images"), type="model")
    with pytest.raises(ValueError, match="other has type dataset, not model"):
        run.use_artifact(draft("other", {"f": "1"}), type="model")
    assert not wandb.Api().artifact_exists("other")
    assert run.used_artifacts() == []


def test_an_id_is_resumed_or_refused_as_asked() -> None:
    with pytest.raises(NotFoundError, match="no run 'mine' to resume"):
        wandb.init(id="mine", resume="must")
    wandb.init(id="mine", resume="never", config={"a": 1}).finish()
    with pytest.raises(ConflictError, match="a run 'mine' already"):
        wandb.init(id="mine", resume="never")
    with pytest.raises(ValueError, match="resume is"):
        wandb.init(id="mine", resume="perhaps")
    assert wandb.run is None
    with wandb.init(id="mine", resume="must", config={"b": 2}) as run:
        assert (run.resumed, dict(run.config)) == (True, {"a": 1, "b": 2})
    assert [found.id for found in wandb.Api().runs()] == ["mine"]


def test_another_type_surfaces_in_wait_and_changes_nothing(run: Run) -> None:
    run.log_artifact(draft("data", {"f": "1"})).wait()
    other = Artifact("data", type="model")
    with other.new_file("g") as file:
        file.write("2")
    handed = run.log_artifact(other)
    with pytest.raises(ValueError, match="data has type dataset, not model"):
        handed.wait()
    assert (other.is_draft(), other.state) == (True, "PENDING")
    assert versions() == ["v0"]
    with other.new_file("h") as file:
        file.write("3")
    assert [artifact.name for artifact in run.logged_artifacts()] == ["data:v0"]


def test_what_nobody_waited_for_is_raised_when_the_run_finishes() -> None:
    run = wandb.init(id="hasty")
    run.log_artifact(draft("data", {"f": "1"}))
    run.log_artifact(Artifact("data", type="model"))
    run.log_artifact(Artifact("data", type="code"))
    with pytest.raises(ValueError, match="data has type dataset, not model") as raised:
        run.finish()
    assert ["not code" in note for note in raised.value.__notes__] == [True]
    assert wandb.Api().run("hasty").state == "failed"
    run.finish()


@pytest.mark.parametrize("alias", ["", "a/b", "a:b", "v3", "v0"])
def test_an_alias_against_the_rules_is_refused_before_anything_is_logged(run: Run, alias: str) -> None:
    artifact = draft("data", {"f": "1"})
    with pytest.raises(ValueError):
        run.log_artifact(artifact, aliases=[alias])
    assert artifact.is_draft()
    assert not wandb.Api().artifact_exists("data:v0")
    logged = run.log_artifact(artifact).wait()
    with pytest.raises(ValueError):
        logged.aliases = [alias]


def test_aliases_move_and_latest_can_be_removed(run: Run) -> None:
    first = run.log_artifact(draft("data", {"f": "1"}), aliases=["best"]).wait()
    second = run.log_artifact(draft("data", {"f": "2"}), aliases=["best"]).wait()
    api = wandb.Api()
    assert (api.artifact("data:best").version, api.artifact("data:v0").aliases) == ("v1", [])
    second.aliases.remove("latest")
    second.save()
    with pytest.raises(NotFoundError):
        api.artifact("data")
    again = run.log_artifact(draft("data", {"f": "1"}))
    assert (again.wait().version, again.aliases, first.version) == ("v0", ["latest"], "v0")


def test_equal_content_is_the_version_that_is_there_with_its_own_metadata() -> None:
    with wandb.init(id="a") as run:
        run.log_artifact(Artifact("data", "dataset", "first", {"n": 1})).wait()
        run.log_artifact(draft("data", {"f": "2"}))
    with wandb.init(id="b") as run:
        again = run.log_artifact(Artifact("data", "dataset", "other", {"n": 2}), aliases=["again"]).wait()
        assert (again.version, again.description, again.metadata) == ("v0", "first", {"n": 1})
    api = wandb.Api()
    assert (versions(), sorted(api.artifact("data:v0").aliases)) == (["v0", "v1"], ["again", "latest"])
    assert [artifact.name for artifact in api.run("b").logged_artifacts()] == ["data:v0"]
    producer = api.artifact("data:v0").logged_by()
    assert producer is not None and producer.id == "a"


def test_numbers_are_never_used_again(run: Run) -> None:
    run.log_artifact(draft("data", {"f": "1"})).wait().delete(delete_aliases=True)
    assert run.log_artifact(draft("data", {"f": "2"})).wait().version == "v1"
    assert versions() == ["v1"]


def test_deleting_is_refused_while_aliases_are_there_and_undone_by_restore(run: Run) -> None:
    logged = run.log_artifact(draft("data", {"f": "1"}), aliases=["prod"]).wait()
    with pytest.raises(ConflictError, match="latest"):
        logged.delete()
    assert logged.state == "COMMITTED"
    logged.delete(delete_aliases=True)
    assert (logged.state, versions()) == ("DELETED", [])
    with pytest.raises(NotFoundError):
        run.use_artifact("data:v0")
    logged.restore()
    assert (logged.state, versions(), wandb.Api().artifact("data:v0").aliases) == ("COMMITTED", ["v0"], [])


def test_a_linked_version_has_a_number_and_aliases_of_its_own(run: Run) -> None:
    run.log_artifact(draft("data", {"f": "1"}))
    second = run.log_artifact(draft("data", {"f": "2"}), aliases=["best"])
    linked = run.link_artifact(second, "production", aliases=["live"])
    assert (linked.name, sorted(linked.aliases), linked.source_name) == ("production:v0", ["latest", "live"], "data:v1")
    assert sorted(second.aliases) == ["best", "latest"]
    with pytest.raises(ValueError, match="link to a collection"):
        run.link_artifact(second, "production:v7")
    with pytest.raises(ValueError):
        run.link_artifact(second, "production", aliases=["v9"])


@pytest.mark.parametrize("ttl", [timedelta(0), timedelta(days=-1), 30])
def test_a_time_to_live_is_a_positive_timedelta(run: Run, ttl: object) -> None:
    artifact = draft("data", {"f": "1"})
    with pytest.raises((ValueError, TypeError)):
        artifact.ttl = ttl  # type: ignore[assignment]
    assert run.log_artifact(artifact).wait().ttl is None


def test_metadata_changed_in_place_is_checked_when_it_is_logged(run: Run) -> None:
    artifact = draft("data", {"f": "1"})
    artifact.metadata.update({str(key): key for key in range(101)})
    with pytest.raises(ValueError, match="100"):
        run.log_artifact(artifact)
    assert artifact.is_draft()


def test_several_writers_need_an_id_and_may_not_contradict_each_other() -> None:
    with wandb.init(id="w1") as run:
        with pytest.raises(TypeError, match="distributed_id"):
            run.upsert_artifact(draft("data", {"f": "1"}))
        run.upsert_artifact(draft("data", {"f": "1", "same": "s"}), distributed_id="batch")
    with wandb.init(id="w2") as run:
        run.upsert_artifact(draft("data", {"f": "2", "same": "s"}), distributed_id="batch")
        with pytest.raises(ConflictError, match="(?s)w1.*w2|w2.*w1"):
            run.finish_artifact(Artifact("data", type="dataset"), distributed_id="batch")
        assert not wandb.Api().artifact_exists("data:v0")
        run.upsert_artifact(draft("data", {"f": "1", "g": "2"}), distributed_id="batch")
        run.finish_artifact(Artifact("data", type="dataset"), distributed_id="batch")
    assert sorted(wandb.Api().artifact("data:v0").manifest.entries) == ["f", "g", "same"]


def test_without_a_run_and_after_its_end_nothing_is_logged() -> None:
    assert wandb.run is None
    for call in (lambda: wandb.log_artifact("x"), lambda: wandb.use_artifact("x:v0"), lambda: wandb.log({"a": 1}), lambda: wandb.config):
        with pytest.raises(InvalidInputError, match="init"):
            call()
    wandb.finish()
    run = wandb.init(id="over")
    run.finish()
    with pytest.raises(InvalidInputError, match="has finished"):
        run.log_artifact(draft("data", {"f": "1"}))


def test_reading_makes_no_run_and_no_project() -> None:
    with pytest.raises(NotFoundError):
        wandb.Api()
    wandb.init(id="only").finish()
    api = wandb.Api()
    assert not api.artifact_exists("data:v0")
    with pytest.raises(NotFoundError, match="no run 'other'"):
        api.run("other")
    with pytest.raises(NotFoundError):
        api.project("other")
    assert ([run.id for run in api.runs()], api.projects()) == (["only"], ["default/here"])
