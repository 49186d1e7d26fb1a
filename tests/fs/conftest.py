"""A repository with a collection in it, and the file system that reads it."""

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

import objstore
from objstore.fs.filesystem import ObjstoreFileSystem
from objstore.odb import recipe
from tests.odb.stores import noise
from tests.sdk.files import tree

FILES: dict[str, str | bytes] = {
    "train.csv": "a,b\n1,2\n3,4\n",
    "empty": "",
    "images/cat.png": "cat",
    "images/dog.png": "dog",
    "images/raw/1.bin": noise(1, 1000),
    "images-old/cat.png": "old cat",
    "Füße.txt": "10",
}


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As the entry point does it where objstore is installed. Each test begins without instances."""
    fsspec.register_implementation("objstore", ObjstoreFileSystem, clobber=True)
    ObjstoreFileSystem.clear_instance_cache()
    yield
    ObjstoreFileSystem.clear_instance_cache()


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[objstore.Repository]:
    """With the collection `pets`, in the current folder."""
    folder = tmp_path / "repo"
    with objstore.open(folder, create=True) as repository:
        monkeypatch.chdir(folder)
        repository.add(tree(folder / "files", FILES), name="pets")
        yield repository


@pytest.fixture
def fs(repo: objstore.Repository) -> ObjstoreFileSystem:
    return ObjstoreFileSystem()


@pytest.fixture
def short_recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recipes that are trees from some dozens of chunks."""
    monkeypatch.setattr(recipe, "MAX_ROWS", 16)
    monkeypatch.setattr(recipe, "_BOUNDARY", 60)


def add(repo: objstore.Repository, name: str, files: dict[str, str | bytes], **options: object) -> str:
    """Logs a version with exactly these files; its name."""
    draft = objstore.Artifact(name, type="dataset")
    for path, content in files.items():
        with draft.new_file(path, mode="wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
    return repo.log(draft, **options).name  # type: ignore[arg-type]
