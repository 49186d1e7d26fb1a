"""Paths that some disks can't hold side by side: a warning when they are logged, whatever way they came in."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

import objstore
from objstore import Artifact, PathCollisionWarning, Repository
from objstore.blobs.local import LocalBlobs
from objstore.odb.pack import pack_name
from objstore.values.key import node_key
from tests.sdk.files import draft, paths, tree

BOTH = {"d/A": "1", "d/a": "2"}


def by_new_file(_: Path) -> Artifact:
    return draft(files=BOTH)


def by_add_file(folder: Path) -> Artifact:
    artifact = Artifact("data", "dataset")
    for name in BOTH:
        artifact.add_file(folder / name, name)
    return artifact


def by_add_dir(folder: Path) -> Artifact:
    artifact = Artifact("data", "dataset")
    artifact.add_dir(folder)
    return artifact


def by_merging(folder: Path) -> Artifact:
    artifact = draft(files={"d/A": "1"})
    artifact.add_dir(tree(folder.parent / "other", {"a": "2"}), "d")
    return artifact


def logging_warns(repo: Repository, artifact: Artifact) -> PathCollisionWarning:
    with pytest.warns(PathCollisionWarning) as caught:
        repo.log(artifact)
    (warning,) = caught
    assert warning.filename == __file__
    assert isinstance(warning.message, PathCollisionWarning)
    return warning.message


@pytest.mark.parametrize("add", [by_new_file, by_add_file, by_add_dir, by_merging])
def test_logging_warns_at_the_caller_s_line(repo: Repository, tmp_path: Path, add: Callable[[Path], Artifact]) -> None:
    warning = logging_warns(repo, add(tree(tmp_path / "source", dict(BOTH))))
    assert (warning.first, warning.second, warning.more) == ("d/A", "d/a", 0)
    assert str(warning) == "d/A and d/a differ only by case or Unicode form; some disks can't hold both"
    assert paths(repo.artifact("data")) == ["d/A", "d/a"]


def test_a_draft_of_another_repository_warns_too(repo: Repository, tmp_path: Path) -> None:
    with objstore.open(tmp_path / "other", create=True) as other:
        artifact = other.new_artifact("data", "dataset")
        artifact.add_dir(tree(tmp_path / "source", dict(BOTH)))
        logging_warns(repo, artifact)


def test_adding_paths_warns_as_logging_does(repo: Repository, tmp_path: Path) -> None:
    with pytest.warns(PathCollisionWarning, match="d/A and d/a") as caught:
        repo.add(tree(tmp_path / "source", dict(BOTH)))
    assert [warning.filename for warning in caught] == [__file__]


def test_only_what_is_new_is_told_of(repo: Repository) -> None:
    """Warnings are errors in these tests, so what isn't expected fails."""
    logging_warns(repo, draft(files=BOTH))
    repo.log(draft(files=BOTH))
    repo.log(draft(files={**BOTH, "d/A": "edited", "d/b": "new"}))
    repo.log(draft(files={"d/a": "2"}))
    repo.log(draft(files=BOTH))  # v0 again
    more = repo.artifact("data:v1").new_draft()
    for name in ("d/B", "D/x"):
        with more.new_file(name) as file:
            file.write("new")
    warning = logging_warns(repo, more)
    assert {warning.first, warning.second} in ({"d/B", "d/b"}, {"D", "d"})
    assert warning.more == 1


def test_where_the_warning_is_an_error_nothing_is_logged_and_the_draft_stays(repo: Repository) -> None:
    artifact = draft(files=BOTH)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PathCollisionWarning):
            repo.log(artifact)
    assert (repo.collections(), artifact.is_draft()) == ([], True)
    artifact.remove("d/a")
    assert paths(repo.log(artifact)) == ["d/A"]
    assert repo.fsck().is_sound


def test_a_damaged_older_version_keeps_nothing_from_being_logged(repo: Repository) -> None:
    project = repo._session.project
    root = bytes.fromhex(repo.log(draft(files={"x": "1"})).digest)
    place = project.database.locate([node_key(root)])[node_key(root)]
    assert isinstance(project.blobs, LocalBlobs)
    pack = project.folder / pack_name(place.pack)
    data = bytearray(pack.read_bytes())
    data[place.offset + 20] ^= 1
    pack.write_bytes(data)
    assert repo.log(draft(files={"y": "2"})).version == "v1"
