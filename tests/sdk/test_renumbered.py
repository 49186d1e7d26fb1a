"""What scripts hold when a push has given it another number, or another id: it stays what it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore import ConflictError, Repository
from tests.sdk.files import content, draft
from tests.sdk.runs import ids, names


@pytest.fixture
def theirs(repo: Repository, tmp_path: Path) -> Repository:
    repo.log(draft(files={"f": "0"}))
    repo.add_remote("origin", tmp_path / "shared")
    repo.push()
    return repo


@pytest.fixture
def ours(theirs: Repository, tmp_path: Path) -> Iterator[Repository]:
    with objstore.clone(tmp_path / "shared", tmp_path / "ours") as repository:
        yield repository


def test_an_artifact_stays_its_version_when_a_push_renumbers_it(theirs: Repository, ours: Repository) -> None:
    mine, again = ours.log(draft(files={"f": "mine"})), ours.log(draft(files={"f": "mine again"}))
    taken = ours.log(draft(files={"f": "mine, too"}))
    begun = mine.new_draft()
    theirs.log(draft(files={"f": "theirs"}))
    theirs.push()
    assert mine.name == "data:v1"
    ours.push()
    assert (mine.name, mine.version, mine.qualified_name.split("/")[-1]) == ("data:v2", "v2", "data:v2")
    assert Path(mine.download()) == Path("artifacts/data-v2") and content("artifacts/data-v2") == {"f": "mine"}
    mine.aliases.append("prod")
    mine.description = "of ours"
    mine.save()
    assert ours.artifact("data:prod").digest == mine.digest and ours.artifact("data:v1").description == ""
    assert mine.link("linked").digest == mine.digest
    assert repr(again) == "<Artifact data:v2 (dataset)>"  # which asks nobody
    again.delete()
    assert (again.name, again.state, ours.artifact("data:v2").state) == ("data:v3", "DELETED", "COMMITTED")
    again.restore()
    taken.delete(delete_aliases=True)
    assert (taken.aliases, taken.name) == ([], "data:v4")
    assert names(ours.artifacts("data")) == ["data:v3", "data:v2", "data:v1", "data:v0"]
    with begun.new_file("g") as file:
        file.write("more")
    assert ours.log(begun)._logged.version.source == mine._logged.as_source()


def test_an_artifact_stays_its_version_when_both_sides_have_made_its_collection(
    theirs: Repository, ours: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = ours.log(draft("both", {"f": "mine"}))
    saved, used, drafted = ours.artifact("both"), ours.artifact("both"), mine.new_draft()
    (collection,) = (found for found in ours.collections() if found.name == "both")
    theirs.log(draft("both", {"f": "theirs"}))
    theirs.push()
    monkeypatch.chdir(tmp_path / "ours")
    with objstore.init(id="r") as run:
        ours.push()
        run.use_artifact(used)
    ours.push()
    assert (mine.state, mine.source_name, mine.id) == ("COMMITTED", "both:v1", ours.artifact("both@" + mine.digest[:8]).id)
    assert ids(mine.used_by()) == ids(ours.artifact("both:v1").used_by()) == ["r"]
    assert names(run.used_artifacts()) == ["both:v1"]
    saved.description = collection.description = "of ours"
    saved.save()
    collection.save()
    assert names(collection.artifacts()) == ["both:v1", "both:v0"]
    assert ours.artifact("both:v1").description == "of ours"
    with drafted.new_file("g") as file:
        file.write("more")
    assert ours.log(drafted)._logged.version.source == mine._logged.as_source()
    collection.delete()
    assert ours.artifacts("both") == []


def test_what_a_push_has_left_out_is_gone_and_what_it_has_moved_is_found_under_any_name(
    theirs: Repository, ours: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "ours")
    dropped, kept = ours.log(draft(files={"f": "dropped"})), ours.log(draft(files={"f": "kept"}))
    dropped.delete()
    theirs.log(draft("both", {"f": "theirs"}))
    theirs.push()
    moved = ours.log(draft("both", {"f": "moved"}))
    (collection,) = (found for found in ours.collections() if found.name == "both")
    ours.push()
    assert (kept.name, dropped.state) == ("data:v1", "DELETED")
    (renamed,) = (found for found in ours.collections() if found.name == "both")
    renamed.name = "else"
    renamed.save()
    with pytest.raises(ConflictError, match=r"repo.collections\(\)"):
        dropped.restore()
    with objstore.init() as run:
        run.use_artifact(moved)
    moved.description = collection.description = "ours"
    moved.save()
    collection.save()
    assert names(objstore.Api().run(run.id).used_artifacts()) == ["else:v1"]
    assert (ours.artifact("else:v1").description, ours.artifact("else:v0").description) == ("ours", "")
    (renamed,) = (found for found in ours.collections() if found.name == "else")
    assert renamed.description == "ours"
    assert names(ours.artifacts("data")) == ["data:v1", "data:v0"]
    assert names(ours.artifacts("else")) == ["else:v1", "else:v0"]
