"""Opening repositories, looking around in them, diffs."""

import shutil
from pathlib import Path

import pytest

import objstore
from objstore import Artifact, ConflictError, InvalidInputError, InvalidTypeError, NotFoundError, Repository
from tests.sdk.files import draft, paths, tree


def test_open_finds_the_nearest_repository_above(repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path / "repo", {"a/b/": ""})
    monkeypatch.chdir(tmp_path / "repo/a/b")
    with objstore.open() as found:
        assert (found.path, found.name) == (repo.path, "default/repo")


def test_open_makes_one_only_when_asked_to(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        objstore.open(tmp_path / "new")
    for _ in range(2):
        with objstore.open(tmp_path / "new/deep", create=True) as made:
            assert made.path == tmp_path / "new/deep/.objstore/default/deep"


def test_what_is_not_a_folder_cannot_be_opened(tmp_path: Path) -> None:
    tree(tmp_path, {"f": "1"})
    with pytest.raises(InvalidInputError, match="nonsense"):
        objstore.open("nonsense://bucket/team")
    with pytest.raises(InvalidInputError, match="is a file"):
        objstore.open(tmp_path / "f", create=True)


def test_a_version_is_found_by_alias_number_and_digest(repo: Repository) -> None:
    first = repo.log(draft(files={"f": "1"}), aliases=["prod"])
    second = repo.log(draft(files={"f": "2"}))
    names = {
        "data": second,
        "data:latest": second,
        "data:v1": second,
        "data:prod": first,
        f"data@{first.digest[:8]}": first,
        "repo/data:v0": first,
        "default/repo/data:v0": first,
    }
    assert {name: repo.artifact(name).name for name in names} == {name: version.name for name, version in names.items()}
    assert [version.version for version in repo.artifacts("data")] == ["v1", "v0"]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("dat", NotFoundError),
        ("data:v1", NotFoundError),
        ("data:prod", NotFoundError),
        ("data@00000000", NotFoundError),
        ("other/data", NotFoundError),
        ("a/b/c/d", InvalidInputError),
        ("data:", InvalidInputError),
        (7, InvalidTypeError),
    ],
)
def test_a_name_that_means_nothing_is_an_error(repo: Repository, name: str, error: type[Exception]) -> None:
    repo.log(draft(files={"f": "1"}))
    with pytest.raises(error):
        repo.artifact(name)


def test_versions_of_a_collection_are_asked_for_by_its_name(repo: Repository) -> None:
    repo.log(draft())
    with pytest.raises(InvalidInputError, match="one version"):
        repo.artifacts("data:v0")
    with pytest.raises(NotFoundError, match="did you mean data"):
        repo.artifacts("dato")


def test_collections_are_listed_by_name(repo: Repository) -> None:
    repo.log(Artifact("z", "model"))
    repo.log(draft("a", {"f": "1"}))
    repo.log(draft("a", {"f": "2"}), aliases=["prod"])
    repo.log(draft("a", {"f": "3"})).delete(delete_aliases=True)
    assert [(found.name, found.type, found.version_count, found.aliases) for found in repo.collections()] == [
        ("a", "dataset", 2, ["prod"]),
        ("z", "model", 1, ["latest"]),
    ]
    assert [version.name for version in repo.collections()[0].artifacts()] == ["a:v1", "a:v0"]


def test_only_artifacts_are_logged(repo: Repository) -> None:
    with pytest.raises(TypeError, match=r"use add\(paths\)"):
        repo.log("folder")  # type: ignore[arg-type]


def test_add_logs_paths_as_the_command_does(repo: Repository, tmp_path: Path) -> None:
    folder = tree(tmp_path / "images", {"cat": "1", "dog": "2"})
    added = repo.add(folder, aliases=["prod"], metadata={"a": 1}, description="pets")
    assert (added.name, added.type, paths(added), added.aliases) == ("images:v0", "dataset", ["cat", "dog"], ["latest", "prod"])
    assert (added.metadata, added.description) == ({"a": 1}, "pets")
    assert repo.add(str(folder)).version == "v0"
    assert paths(repo.add([folder, folder / "cat"], "both", "model")) == ["cat", "images/cat", "images/dog"]
    assert paths(repo.add(folder, "some", exclude="d*")) == ["cat"]
    with pytest.raises(InvalidInputError):
        repo.add([])
    with pytest.raises(FileNotFoundError):
        repo.add(tmp_path / "absent")
    with pytest.raises(InvalidInputError, match=r"give one with name= \(-n NAME\)"):
        repo.add([folder, folder / "cat"])


def test_diffs_compare_versions_drafts_and_folders(repo: Repository, tmp_path: Path) -> None:
    old = repo.log(draft(files={"same": "0", "gone": "1", "changed": "2", "moved": "a longer content"}))
    new = draft(files={"same": "0", "new": "3", "changed": "4", "there/moved": "a longer content"})
    for found in (old.diff(new), objstore.diff(old, new), repo.diff(old, new)):
        assert [item.path for item in found.added] == ["new"]
        assert [item.path for item in found.removed] == ["gone"]
        assert [item.path for item in found.modified] == ["changed"]
        assert [(item.old_path, item.path) for item in found.renamed] == [("moved", "there/moved")]
    repo.log(new)
    assert repo.diff("data:v0", "data:v1").files == old.diff(new).files
    assert not repo.diff("data", new)
    folder = tree(tmp_path / "d", {"same": "0"})
    assert [item.path for item in repo.diff(folder, "data:v0").added] == ["changed", "gone", "moved"]
    assert [item.path for item in repo.diff(old, folder).removed] == ["changed", "gone", "moved"]


def test_fsck_and_repair_leave_the_repository_usable(repo: Repository) -> None:
    repo.log(draft(files={"f": "1"}))
    assert repo.fsck().is_sound
    assert repo.fsck(repair=True).is_sound
    assert repo.log(draft(files={"f": "2"})).version == "v1"


@pytest.mark.parametrize("is_another_there", [False, True])
def test_nothing_is_written_where_the_repository_was(tmp_path: Path, is_another_there: bool) -> None:
    with objstore.open(tmp_path / "repo", create=True) as gone:
        gone.log(draft(files={"f": "1"}))
        waiting = gone.new_artifact("a", "dataset")
        waiting.add_file(tree(tmp_path, {"g": "2"}) / "g")
        shutil.move(tmp_path / "repo/.objstore", tmp_path / "elsewhere")
        if is_another_there:
            objstore.open(tmp_path / "repo", create=True).close()
        there = tree_of(tmp_path / "repo")
        error = ConflictError if is_another_there else NotFoundError
        for writes in (
            lambda: gone.log(draft(files={"f": "3"})),
            lambda: gone.log(waiting),
            lambda: gone.new_artifact("a", "dataset").new_file("f").__enter__(),
            lambda: gone.gc(),
        ):
            with pytest.raises(error, match="open the repository"):
                writes()
    assert tree_of(tmp_path / "repo") == there


def tree_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if "/local/" not in str(path)}
