"""What an artifact may be called, what may be said about it, and where its files may be."""

import math
from pathlib import Path

import pytest

import objstore
from objstore import Artifact, Repository
from tests.sdk.files import draft, paths, tree


@pytest.mark.parametrize("name", ["a", "A-b_c.9", "x" * 128, "...", ".a"])
def test_a_name_is_made_of_letters_digits_and_three_signs(name: str) -> None:
    assert Artifact(name, "dataset").name == name


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a:b", "a b", "a\n", "ä", "x" * 129])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="collection name"):
        Artifact(name, "dataset")


@pytest.mark.parametrize("type_", ["", "a/b", "a:b", "x" * 129, "a\n"])
def test_types_have_no_slash_or_colon_and_are_not_empty(type_: str) -> None:
    with pytest.raises(ValueError, match="type"):
        Artifact("a", type_)


def test_a_type_is_needed() -> None:
    with pytest.raises(TypeError, match="needs a type"):
        Artifact("a")


def test_only_code_may_go_without_a_name(repo: Repository) -> None:
    with pytest.raises(ValueError, match="needs a name"):
        Artifact(type="dataset")
    assert repo.log(Artifact(type="code")).name == "source-repo:v0"


def test_metadata_is_copied_deep_and_made_json(repo: Repository) -> None:
    inner = [1, 2]
    artifact = Artifact("a", "dataset", metadata={"inner": inner, "tuple": (1,), "nan": math.nan})
    inner.append(3)
    assert artifact.metadata == {"inner": [1, 2], "tuple": [1], "nan": None}
    assert repo.log(artifact).metadata == artifact.metadata


@pytest.mark.parametrize("metadata", [[1], "x", 7, {"a": math.inf}, {"a": object()}, {str(n): n for n in range(101)}])
def test_metadata_that_json_cannot_hold_is_refused(metadata: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        Artifact("a", "dataset", metadata=metadata)  # type: ignore[arg-type]


def test_metadata_changed_in_place_is_checked_when_logged(repo: Repository) -> None:
    artifact = draft()
    artifact.metadata.update({str(n): n for n in range(101)})
    with pytest.raises(ValueError, match="at most 100"):
        repo.log(artifact)
    assert artifact.is_draft()
    artifact.metadata.clear()
    assert repo.log(artifact).version == "v0"


def test_a_collection_keeps_its_type_and_a_refused_log_changes_nothing(repo: Repository) -> None:
    repo.log(draft(files={"a": "1"}))
    other = Artifact("data", "model")
    with other.new_file("b") as file:
        file.write("2")
    with pytest.raises(ValueError, match="has type dataset"):
        repo.log(other, aliases=["prod"])
    assert other.is_draft()
    assert [(found.type, found.version_count, found.aliases) for found in repo.collections()] == [("dataset", 1, ["latest"])]


@pytest.mark.parametrize("alias", ["", "a/b", "a:b", "v3", "@abc"])
def test_an_alias_against_the_rules_is_refused(repo: Repository, alias: str) -> None:
    with pytest.raises(ValueError, match="alias"):
        repo.log(draft(), aliases=[alias])
    assert repo.collections() == []


def test_names_follow_the_table(tmp_path: Path) -> None:
    tree(tmp_path, {"checkpoints/model.h5": "m", "images/cat.png": "c", "images/dog.png": "d"})

    def after(method: str, *args: object, **options: object) -> list[str]:
        artifact = Artifact("a", "dataset")
        getattr(artifact, method)(*args, **options)
        return paths(artifact)

    assert after("add_file", tmp_path / "checkpoints/model.h5") == ["model.h5"]
    assert after("add_file", str(tmp_path / "checkpoints/model.h5"), name="models/mymodel.h5") == ["models/mymodel.h5"]
    assert after("add_dir", tmp_path / "images") == ["cat.png", "dog.png"]
    assert after("add_dir", str(tmp_path / "images"), name="images") == ["images/cat.png", "images/dog.png"]
    artifact = Artifact("a", "dataset")
    with artifact.new_file("hello.txt") as file:
        file.write("hello")
    assert paths(artifact) == ["hello.txt"]


@pytest.mark.parametrize(("given", "kept"), [("./x//y", "x/y"), ("dir/", "dir"), ("a/./b", "a/b"), ("é", "é"), (".hidden", ".hidden")])
def test_paths_are_made_canonical(tmp_path: Path, given: str, kept: str) -> None:
    artifact = Artifact("a", "dataset")
    entry = artifact.add_file(tree(tmp_path, {"f": "1"}) / "f", name=given)
    assert entry.path == kept
    assert paths(artifact) == [kept]
    assert artifact.get_entry(given) == entry


@pytest.mark.parametrize("name", ["/abs", "../up", "a/../b", ".", "", "./", "C:/x", "C:\\x", "a\0b", "x" * 4097])
def test_paths_that_lead_out_or_nowhere_are_refused(tmp_path: Path, name: str) -> None:
    artifact = Artifact("a", "dataset")
    tree(tmp_path, {"d/f": "1"})
    for call in (
        lambda: artifact.add_file(tmp_path / "d/f", name=name),
        lambda: artifact.add_dir(tmp_path / "d", name=name),
        lambda: artifact.new_file(name).__enter__(),
        lambda: artifact.remove(name),
    ):
        with pytest.raises(ValueError, match="path"):
            call()
    assert paths(artifact) == []


@pytest.mark.parametrize("name", [".objstore/default/main/log", "a/.objstore/x", ".OBJSTORE/x"])
def test_a_path_into_a_store_is_refused(tmp_path: Path, name: str) -> None:
    artifact = Artifact("a", "dataset")
    tree(tmp_path, {"d/f": "1"})
    with pytest.raises(ValueError, match="belongs to objstore"):
        artifact.add_file(tmp_path / "d/f", name=name)
    with pytest.raises(ValueError, match="belongs to objstore"):
        artifact.add_dir(tmp_path / "d", name=name)


def test_every_error_is_objstores_too() -> None:
    assert issubclass(objstore.ArtifactFinalizedError, objstore.ObjstoreError)
    assert issubclass(objstore.ArtifactNotLoggedError, ValueError)
    assert issubclass(objstore.EntryNotFoundError, KeyError)
    assert issubclass(objstore.EntryNotFoundError, FileNotFoundError)
    assert issubclass(objstore.FolderDiffersError, ValueError)
