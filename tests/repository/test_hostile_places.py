"""What a folder that somebody else hands us as a repository may hold, and what must not come of it."""

import os
import shutil
from pathlib import Path

import pytest

from objstore.errors import CorruptionError, InvalidInputError, NotFoundError
from objstore.repository import remotes
from objstore.repository.project import Project
from objstore.repository.sides import named_side
from tests.host.impostors import IMPOSTORS
from tests.repository.stores import add_folder, content_of, write_files

FILES = {"a": b"1", "b": b"22"}


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """The folder of a project with a version, and nobody's cache."""
    with Project.create(tmp_path / "theirs", "vision") as project:
        add_folder(project, write_files(tmp_path / "source", FILES))
    shutil.rmtree(project.folder / "local")
    return project.folder


def read(folder: Path) -> dict[str, bytes]:
    with Project(folder) as project:
        (version,) = project.state.collection("data").live()
        return content_of(project, version.root)


@pytest.mark.parametrize("impostor", IMPOSTORS)
@pytest.mark.parametrize("place", ["objstore.json", "log", "index", "packs"])
def test_a_blob_that_is_no_file_is_damage_and_is_not_waited_for(theirs: Path, place: str, impostor: str) -> None:
    blob = theirs / place
    if blob.is_dir():
        blob = next(path for path in blob.rglob("*") if path.is_file())
    blob.unlink()
    IMPOSTORS[impostor](blob)
    with pytest.raises(CorruptionError, match=rf"{blob.name[:12]}.*; run `objstore fsck"):
        read(theirs)


def test_a_log_entry_without_end_is_not_read(theirs: Path) -> None:
    (entry,) = (theirs / "log/main").iterdir()
    os.truncate(entry, 1 << 40)
    with pytest.raises(CorruptionError, match="larger than anything of its kind"):
        read(theirs)


@pytest.mark.parametrize("name", ["config.toml", "local/remotes.toml"])
def test_a_settings_file_without_end_is_not_read(theirs: Path, name: str) -> None:
    file = theirs.parents[1] / name if name == "config.toml" else theirs / name
    file.parent.mkdir(exist_ok=True)
    with file.open("ab") as end:
        end.truncate(1 << 40)
    with pytest.raises(InvalidInputError, match=f"{file} isn't valid TOML: it has more than"):
        Project.find(theirs.parents[2]) if name == "config.toml" else remotes.read(file)


def test_a_link_in_place_of_the_cache_leads_to_no_loss(theirs: Path, tmp_path: Path) -> None:
    (tmp_path / "ours/cache").mkdir(parents=True)
    (tmp_path / "ours/cache/precious").write_text("work of years")
    (theirs / "local").symlink_to(tmp_path / "ours")
    assert read(theirs) == FILES
    assert [path.name for path in (tmp_path / "ours/cache").iterdir()] == ["precious"]


def test_in_a_folder_that_only_names_a_project_none_is_made_by_a_diff(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/objstore.toml").write_text(f'project = "vision"\nid = "{"a" * 32}"\nupstream = "file:///etc"\n')
    with Project.create(tmp_path / "mine", "vision") as project:
        for side in (f"data::{tmp_path / 'theirs'}", f"vision/data::{tmp_path / 'theirs'}"):
            with pytest.raises(NotFoundError) as caught:
                named_side(project, side, lambda other: other)
            assert str(tmp_path / "theirs") in str(caught.value)
    assert [path.name for path in (tmp_path / "theirs").iterdir()] == ["objstore.toml"]
