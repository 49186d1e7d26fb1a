"""Where a draft keeps its content, and what becomes of it."""

import gc
import os
import tempfile
from pathlib import Path

import pytest

import objstore
from objstore import Artifact, Repository
from tests.sdk.files import content, draft, paths, tree


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_without_any_repository_a_draft_is_private_and_leaves_nothing(temporary: Path, here: Path) -> None:
    artifact = draft(files={"f": "1"})
    assert artifact.get_entry("f").size == 1
    assert len(list(temporary.iterdir())) == 1
    del artifact
    gc.collect()
    assert list(temporary.iterdir()) == list(here.iterdir()) == []


def test_a_private_draft_can_be_logged_later(temporary: Path, tmp_path: Path) -> None:
    big = bytes(range(256)) * 8000
    artifact = draft(files={"f": "1", "same": "1", "empty": ""})
    artifact.add_file(tree(tmp_path / "src", {"big": big}) / "big")
    with objstore.open(tmp_path / "repo", create=True) as repo:
        repo.log(artifact)
        gc.collect()
        assert list(temporary.iterdir()) == []
        assert {path.name: path.read_bytes() for path in Path(artifact.download()).iterdir()} == {
            "f": b"1",
            "same": b"1",
            "empty": b"",
            "big": big,
        }
        assert repo.fsck().is_sound


def test_a_draft_of_the_current_folders_repository_costs_nothing_to_log_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    objstore.open(tmp_path / "repo", create=True).close()
    (tmp_path / "repo" / "below").mkdir()
    monkeypatch.chdir(tmp_path / "repo" / "below")
    artifact = draft(files={"f": "1"})
    monkeypatch.setattr("objstore.sdk.logging.transfer", lambda *_: pytest.fail("content was copied"))
    with objstore.open() as repo:
        assert repo.log(artifact).version == "v0"
        assert repo.fsck().is_sound


def test_a_draft_of_one_repository_can_be_logged_in_another(repo: Repository, tmp_path: Path) -> None:
    with objstore.open(tmp_path / "two", create=True) as two:
        two.log(draft(files={"there": "0"}))
        artifact = repo.new_artifact("data", "dataset", metadata={"k": 1})
        artifact.add_dir(tree(tmp_path / "d", {f"{n}/{n}": f"{n}" for n in range(3000)}))
        digest = artifact.digest
        two.log(artifact, aliases=["prod"])
        assert (artifact.qualified_name, artifact.digest, artifact.metadata) == ("default/two/data:v1", digest, {"k": 1})
        assert len(content(artifact.download())) == 3000
        assert two.fsck().is_sound
    assert repo.collections() == []


def test_a_version_can_be_logged_in_another_repository(repo: Repository, tmp_path: Path) -> None:
    version = repo.log(draft(files={"f": "1"}))
    with objstore.open(tmp_path / "two", create=True) as two:
        copied = two.log(version)
        assert (copied.qualified_name, version.qualified_name) == ("default/two/data:v0", "default/repo/data:v0")
        repo.log(draft(files={"f": "2"}))
        assert two.log(version.new_draft()).version == "v0"
        version.delete(delete_aliases=True)
        repo.gc()
        assert content(copied.download()) == {"f": "1"}
        assert (two.fsck().is_sound, repo.fsck().is_sound) == (True, True)


def test_a_private_incremental_draft_goes_over_the_latest_version(temporary: Path, tmp_path: Path) -> None:
    with objstore.open(tmp_path / "repo", create=True) as repo:
        repo.log(draft(files={"a": "1", "b": "2"}))
    artifact = Artifact("data", "dataset", incremental=True)
    for path, text in (("b", "new"), ("c", "3")):
        with artifact.new_file(path) as file:
            file.write(text)
    with objstore.open(tmp_path / "repo") as repo:
        assert content(repo.log(artifact).download()) == {"a": "1", "b": "new", "c": "3"}
        assert repo.fsck().is_sound


def test_an_incremental_draft_of_another_repository_is_refused(repo: Repository, tmp_path: Path) -> None:
    repo.log(draft(files={"a": "1"}))
    artifact = repo.new_artifact("data", "dataset", incremental=True)
    assert paths(artifact) == ["a"]
    with objstore.open(tmp_path / "two", create=True) as two, pytest.raises(ValueError, match="new_artifact"):
        two.log(artifact)


def test_an_abandoned_draft_is_freed_by_gc(repo: Repository, tmp_path: Path) -> None:
    artifact = repo.new_artifact("data", "dataset")
    artifact.add_file(tree(tmp_path, {"big": os.urandom(70_000_000)}) / "big")
    del artifact
    gc.collect()
    repo.gc()
    assert [path for path in (repo.path / "packs").rglob("*") if path.is_file()] == []
    assert list((repo.path / "local" / "staging").iterdir()) == []
    assert list((repo.path / "local" / "drafts").iterdir()) == []


def test_a_draft_outlives_a_gc_in_between(repo: Repository, tmp_path: Path) -> None:
    gone = repo.log(draft("gone", {"x": "to be freed"}))
    artifact = repo.new_artifact("data", "dataset")
    artifact.add_file(tree(tmp_path, {"big": os.urandom(70_000_000), "f": "1"}) / "big")
    artifact.add_dir(tree(tmp_path / "d", {f"{n}": f"{n}" for n in range(100)}), "d")
    gone.delete(delete_aliases=True)
    repo.gc()
    artifact.add_file(tmp_path / "f")
    assert repo.log(artifact).file_count == 102
    artifact.verify(artifact.download())
    assert repo.fsck().is_sound


def test_artifacts_outlive_the_repository_object(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "repo", create=True) as repo:
        artifact = repo.log(draft(files={"f": "1"}))
        started = repo.new_artifact("data", "dataset")
    repo.close()
    for use in (repo.collections, repo.gc, lambda: repo.log(started), lambda: repo.path):
        with pytest.raises(ValueError, match="has been closed"):
            use()
    assert content(artifact.download()) == {"f": "1"}
    with started.new_file("f") as file:
        file.write("2")
    with objstore.open(tmp_path / "repo") as repo:
        assert repo.log(started).version == "v1"


def test_what_a_draft_took_from_the_store_outlives_gc_and_its_source(repo: objstore.Repository, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "file").write_bytes(b"only here" * 10_000)
    repo.add([folder], name="first")
    draft = repo.new_artifact("second", type="dataset")
    draft.add_dir(folder)
    repo.artifact("first:v0").delete(delete_aliases=True)
    repo.gc()
    (folder / "file").unlink()
    repo.log(draft)
    draft.download(tmp_path / "out")
    assert (tmp_path / "out/file").read_bytes() == b"only here" * 10_000
