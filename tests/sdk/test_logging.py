"""Versions: numbers, aliases, drafts of versions, links, deletion."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import objstore
from objstore import Artifact, ConflictError, InvalidInputError, NotFoundError, Repository
from objstore.sdk import building
from tests.sdk.files import content, draft, paths, tree


def test_changed_content_is_the_next_version_and_equal_content_an_old_one(repo: Repository) -> None:
    assert repo.log(draft(files={"f": "1"})).version == "v0"
    assert repo.log(draft(files={"f": "2"}), aliases="prod").version == "v1"
    again = Artifact("data", "dataset", "ignored", {"ignored": 1})
    with again.new_file("f") as file:
        file.write("1")
    repo.log(again, aliases=["prod"], tags=["old"])
    assert (again.version, again.aliases, again.tags, again.description, again.metadata) == ("v0", ["latest", "prod"], ["old"], "", {})
    assert repo.artifact("data:v1").aliases == []


def test_an_empty_artifact_can_be_logged(repo: Repository) -> None:
    logged = repo.log(Artifact("data", "dataset"))
    assert (logged.version, logged.file_count, content(logged.download())) == ("v0", 0, {})


def test_a_draft_of_a_version_needs_no_bytes(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Artifact("data", "dataset", "about", {"k": [1]})
    with first.new_file("a") as file:
        file.write("1")
    with first.new_file("d/b") as file:
        file.write("2")
    repo.log(first)
    with monkeypatch.context() as patch:
        patch.setattr("objstore.odb.content.file_chunks", lambda *_: pytest.fail("content was read"))
        second = first.new_draft()
        assert (second.is_draft(), second.name, second.description, second.metadata) == (True, "data", "about", {"k": [1]})
        second.metadata["k"].append(2)
        second.remove("d")
        with second.new_file("c") as file:
            file.write("3")
        repo.log(second)
    assert (second.version, paths(second), paths(first), first.metadata) == ("v1", ["a", "c"], ["a", "d/b"], {"k": [1]})


def test_an_unchanged_draft_of_a_version_is_that_version(repo: Repository) -> None:
    first = repo.log(draft(files={"a": "1"}))
    assert repo.log(first.new_draft()).version == "v0"


@pytest.mark.parametrize("made", ["by the repository", "alone"])
def test_an_incremental_artifact_starts_from_the_latest_version(repo: Repository, made: str) -> None:
    make = repo.new_artifact if made == "by the repository" else Artifact
    first = make("data", "dataset", incremental=True)
    with first.new_file("a") as file:
        file.write("1")
    assert repo.log(first).version == "v0"
    second = make("data", "dataset", incremental=True)
    assert second.get_entry("a").size == 1
    with second.new_file("b") as file:
        file.write("2")
    assert paths(repo.log(second)) == ["a", "b"]
    third = make("data", "dataset", incremental=True)
    third.remove("a")
    assert paths(repo.log(third)) == ["b"]


def test_an_artifact_logged_again_gets_the_aliases(repo: Repository) -> None:
    first = repo.log(draft(files={"f": "1"}))
    repo.log(draft(files={"f": "2"}))
    again = repo.log(first, aliases=["back"])
    assert (again.version, again.aliases) == ("v0", ["latest", "back"])


def test_a_linked_version_has_its_own_number_and_aliases(repo: Repository) -> None:
    repo.log(draft(files={"f": "0"}))
    source = repo.log(draft(files={"f": "1"}))
    source.description = "about"
    source.save()
    linked = source.link("registry", aliases=["prod"])
    assert (linked.name, linked.aliases, linked.digest) == ("registry:v0", ["latest", "prod"], source.digest)
    assert (linked.type, linked.description, linked.source_version, linked.source_name) == ("dataset", "about", "v1", "data:v1")
    assert source.aliases == ["latest"]
    assert source.link("default/repo/registry").version == "v0"
    assert content(linked.download()) == {"f": "1"}


def test_a_link_leads_to_a_collection_of_this_project_and_of_the_type(repo: Repository) -> None:
    source = repo.log(draft(files={"f": "1"}))
    repo.log(Artifact("model", "model"))
    with pytest.raises(ValueError, match="has type model"):
        source.link("model")
    with pytest.raises(InvalidInputError, match="not to the version"):
        source.link("other:v1")
    with pytest.raises(NotFoundError, match="default/repo"):
        source.link("elsewhere/other")
    source.delete(delete_aliases=True)
    with pytest.raises(NotFoundError, match="was deleted"):
        source.link("other")


def test_a_version_with_aliases_is_deleted_only_when_asked_to(repo: Repository) -> None:
    artifact = repo.log(draft(files={"f": "1"}), aliases=["prod"])
    with pytest.raises(ConflictError, match="prod"):
        artifact.delete()
    artifact.delete(delete_aliases=True)
    with pytest.raises(NotFoundError, match="was deleted"):
        repo.artifact("data:v0")
    assert repo.artifacts("data") == []
    with pytest.raises(NotFoundError):
        artifact.delete()
    artifact.restore()
    assert (artifact.aliases, repo.artifact("data:v0").digest) == ([], artifact.digest)
    with pytest.raises(ConflictError, match="isn't deleted"):
        artifact.restore()


def test_what_gc_has_freed_is_not_restored(repo: Repository) -> None:
    repo.log(draft(files={"f": "1"}))
    artifact = repo.log(draft(files={"f": "2"}))
    artifact.delete(delete_aliases=True)
    assert repo.gc(dry_run=True).purged == repo.gc().purged == ["data:v1"]
    with pytest.raises(ConflictError, match="gc"):
        artifact.restore()
    with pytest.raises(NotFoundError):
        artifact.download()
    assert repo.fsck().is_sound


def test_two_artifacts_logged_from_two_sessions_are_both_there(repo: Repository, tmp_path: Path) -> None:
    with objstore.open(tmp_path / "repo") as other:
        one, two = repo.new_artifact("data", "dataset"), other.new_artifact("data", "dataset")
        for artifact, text in ((one, "1"), (two, "2")):
            with artifact.new_file("f") as file:
                file.write(text)
        assert (other.log(two).version, repo.log(one).version) == ("v0", "v1")
        assert [artifact.version for artifact in other.artifacts("data")] == ["v1", "v0"]


def test_threads_that_add_first_at_once_add_to_one_draft(repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tree(tmp_path / "d", {f"{n}": f"{n}" for n in range(4)})
    together = threading.Barrier(4)
    made = building.DraftContent

    def slowly(*arguments: object) -> object:
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(0.2)
        return made(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(building, "DraftContent", slowly)
    shared = repo.new_artifact("shared", "dataset")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: shared.add_file(folder / f"{n}"), range(4)))
    assert repo.log(shared).file_count == 4


def test_threads_may_add_and_log_at_once(repo: Repository, tmp_path: Path) -> None:
    folder = tree(tmp_path / "d", {f"{n}": f"{n}" * 1000 for n in range(50)})
    shared = Artifact("shared", "dataset")

    def work(n: int) -> str:
        artifact = repo.new_artifact("data", "dataset")
        artifact.add_dir(folder, f"{n}")
        shared.add_file(folder / f"{n}")
        repo.collections()
        return repo.log(artifact).version

    with ThreadPoolExecutor(8) as pool:
        versions = set(pool.map(work, range(24)))
    assert versions == {f"v{n}" for n in range(24)}
    assert repo.log(shared).file_count == 24
    assert repo.fsck().is_sound
