"""What only a version has, what it has no more, and what can still be said about it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from objstore import Artifact, ArtifactFinalizedError, ArtifactNotLoggedError, ArtifactTTL, NotFoundError, Repository
from tests.sdk.files import draft, paths

BEFORE = {
    "version": lambda a: a.version,
    "aliases": lambda a: a.aliases,
    "tags": lambda a: a.tags,
    "qualified_name": lambda a: a.qualified_name,
    "collection": lambda a: a.collection,
    "created_at": lambda a: a.created_at,
    "source_version": lambda a: a.source_version,
    "source_name": lambda a: a.source_name,
    "ttl": lambda a: a.ttl,
    "wait": lambda a: a.wait(),
    "files": lambda a: a.files(),
    "file": lambda a: a.file(),
    "download": lambda a: a.download(),
    "checkout": lambda a: a.checkout(),
    "verify": lambda a: a.verify(),
    "new_draft": lambda a: a.new_draft(),
    "link": lambda a: a.link("other"),
    "delete": lambda a: a.delete(),
    "restore": lambda a: a.restore(),
    "entry.download": lambda a: a.get_entry("f").download(),
    "set aliases": lambda a: setattr(a, "aliases", ["x"]),
    "set tags": lambda a: setattr(a, "tags", ["x"]),
}

AFTER = {
    "add_file": lambda a: a.add_file(__file__),
    "add_dir": lambda a: a.add_dir(Path(__file__).parent),
    "new_file": lambda a: a.new_file("x").__enter__(),
    "add": lambda a: a.add([], "x"),
    "set item": lambda a: a.__setitem__("x", []),
    "add_reference": lambda a: a.add_reference("s3://b/x"),
    "remove": lambda a: a.remove("f"),
}


@pytest.mark.parametrize("use", BEFORE.values(), ids=BEFORE.keys())
def test_before_logging_what_a_version_has_is_refused(use: Callable[[Any], None]) -> None:
    with pytest.raises(ArtifactNotLoggedError, match=r"log it first, with run.log_artifact\(artifact\) or repo.log\(artifact\)"):
        use(draft(files={"f": "1"}))


@pytest.mark.parametrize("use", AFTER.values(), ids=AFTER.keys())
def test_after_logging_the_content_cannot_change(repo: Repository, use: Callable[[Any], None]) -> None:
    logged = repo.log(draft(files={"f": "1"}))
    for artifact in (logged, repo.artifact("data")):
        with pytest.raises(ArtifactFinalizedError, match="new_draft"):
            use(artifact)
    assert paths(logged) == ["f"]


def test_a_version_knows_what_it_is(repo: Repository) -> None:
    artifact = Artifact("data", "model", "first", {"a": 1})
    with artifact.new_file("f") as file:
        file.write("123")
    assert (artifact.is_draft(), artifact.name) == (True, "data")
    same = repo.log(artifact, aliases=["prod", "best"], tags="ok")
    assert same is artifact
    for version in (artifact, repo.artifact("data:prod")):
        assert not version.is_draft()
        assert (version.name, version.version, version.collection, version.type) == ("data:v0", "v0", "data", "model")
        assert (version.qualified_name, version.source_version, version.source_name) == ("default/repo/data:v0", "v0", "data:v0")
        assert (version.aliases, version.tags) == (["latest", "best", "prod"], ["ok"])
        assert (version.description, version.metadata, version.ttl) == ("first", {"a": 1}, None)
        assert (version.size, version.file_count, len(version.digest)) == (3, 1, 64)
        assert version.created_at.endswith("Z")
        assert version.wait(timeout=1) is version
        assert [entry.path for entry in version.files()] == ["f"] == [entry.path for entry in version.files(["f"])]


def test_what_is_set_is_kept_by_save(repo: Repository) -> None:
    artifact = repo.log(draft(files={"f": "1"}), aliases=["old"], tags=["a", "b"])
    artifact.description = "new"
    artifact.metadata["deep"] = {"x": [1]}
    artifact.aliases = ["prod"]
    artifact.tags.remove("a")
    artifact.tags.append("c")
    artifact.ttl = timedelta(days=2)
    assert repo.artifact("data:v0").description == ""
    artifact.save()
    fresh = repo.artifact("data:v0")
    assert (fresh.description, fresh.metadata, fresh.aliases) == ("new", {"deep": {"x": [1]}}, ["prod"])
    assert (fresh.tags, fresh.ttl) == (["b", "c"], timedelta(days=2))
    with pytest.raises(NotFoundError):
        repo.artifact("data:latest")
    artifact.save()


def test_save_leaves_alone_what_others_changed_meanwhile(repo: Repository) -> None:
    mine = repo.log(draft(files={"f": "1"}), aliases=["a"], tags=["t"])
    theirs = repo.artifact("data:v0")
    theirs.description, theirs.metadata, theirs.tags = "theirs", {"x": 1}, []
    theirs.aliases.append("b")
    theirs.save()
    mine.aliases.remove("a")
    mine.tags.append("u")
    mine.save()
    assert (mine.description, mine.metadata, mine.tags, mine.aliases) == ("theirs", {"x": 1}, ["u"], ["latest", "b"])


def test_an_alias_that_has_moved_on_is_not_taken_from_the_other_version(repo: Repository) -> None:
    first = repo.log(draft(files={"f": "1"}), aliases=["prod"])
    repo.log(draft(files={"f": "2"}), aliases=["prod"])
    first.aliases = []
    first.save()
    assert repo.artifact("data:prod").version == "v1"


def test_a_wrong_value_is_refused_and_nothing_saved(repo: Repository) -> None:
    artifact = repo.log(draft(files={"f": "1"}))
    with pytest.raises(ValueError, match="alias"):
        artifact.aliases = ["v7"]
    with pytest.raises(TypeError, match="JSON object"):
        artifact.metadata = [1]  # type: ignore[assignment]
    artifact.description = "changed"
    artifact.aliases.append("a/b")
    with pytest.raises(ValueError, match="alias"):
        artifact.save()
    assert repo.artifact("data").description == ""


def test_what_is_done_follows_a_collection_that_was_renamed(repo: Repository) -> None:
    artifact, (collection,) = repo.log(draft(files={"f": "1"})), repo.collections()
    collection.name = "facts"
    collection.save()
    assert repo.log(artifact.new_draft()).name == "facts:v0"
    artifact.description = "x"
    artifact.save()
    assert artifact.name == "facts:v0"
    assert repo.artifact("facts").description == "x"


def test_a_ttl_is_a_time_never_or_the_default(repo: Repository) -> None:
    artifact = draft(files={"f": "1"})
    artifact.ttl = timedelta(seconds=1.5)
    assert artifact.ttl == timedelta(seconds=2)
    assert repo.log(artifact).ttl == timedelta(seconds=2)
    artifact.ttl = None
    artifact.save()
    assert repo.artifact("data").ttl is None
    artifact.ttl = ArtifactTTL.INHERIT
    artifact.save()
    assert repo.artifact("data").ttl is None
    for wrong in (timedelta(0), timedelta(days=-1)):
        with pytest.raises(ValueError, match="ttl"):
            artifact.ttl = wrong
    with pytest.raises(TypeError, match="ttl"):
        artifact.ttl = 5  # type: ignore[assignment]
