"""`objstore blame`."""

import pytest

import objstore
from tests.cli.conftest import Cli


@pytest.fixture
def history(images: Cli) -> Cli:
    """Four versions: v1 changes `labels/train.csv`, v2 adds `new.txt`, v3 makes `dog.png` executable."""
    images.write("images/labels/train.csv", "other")
    images("add", "images")
    images.write("images/new.txt", "new")
    images("add", "images")
    (images.folder / "images/dog.png").chmod(0o755)
    images("add", "images")
    return images


def blamed(cli: Cli, *words: str) -> dict[str, tuple[str, str]]:
    return {each["path"]: (each["version"], each["change"]) for each in cli.json("blame", *words)}


def test_a_file_is_as_old_as_its_last_change(history: Cli) -> None:
    assert blamed(history, "images", "labels/train.csv") == {"labels/train.csv": ("images:v1", "modified")}
    assert blamed(history, "images", "cat.png") == {"cat.png": ("images:v0", "added")}
    assert blamed(history, "images", "new.txt") == {"new.txt": ("images:v2", "added")}
    assert blamed(history, "images", "dog.png") == {"dog.png": ("images:v3", "modified")}


def test_later_versions_than_the_one_that_is_asked_for_don_t_count(history: Cli) -> None:
    assert blamed(history, "images:v2", "dog.png") == {"dog.png": ("images:v0", "added")}
    assert blamed(history, "images:v0", "labels/train.csv") == {"labels/train.csv": ("images:v0", "added")}


def test_a_file_that_was_away_meanwhile_is_added_again(history: Cli) -> None:
    (history.folder / "images/cat.png").unlink()
    history("add", "images")
    history.write("images/cat.png", "meow" * 500)
    history.write("images/other.txt", "else it would be v3 again")
    history("add", "images")
    assert blamed(history, "images", "cat.png") == {"cat.png": ("images:v5", "added")}


def test_of_a_folder_every_file_in_it_is_told(history: Cli) -> None:
    history.write("images/labels/val.csv", "val")
    history("add", "images")
    assert blamed(history, "images", "labels") == {
        "labels/train.csv": ("images:v1", "modified"),
        "labels/val.csv": ("images:v4", "added"),
    }


def test_without_a_path_every_file_is_told_of(history: Cli) -> None:
    every = blamed(history, "images")
    assert every["labels/train.csv"] == ("images:v1", "modified") and every["new.txt"][1] == "added"
    assert {item["path"] for item in history.json("ls", "images")} == set(every)


def test_deleted_versions_don_t_count(history: Cli) -> None:
    history("rm", "images:v1")
    assert blamed(history, "images", "labels/train.csv") == {"labels/train.csv": ("images:v2", "modified")}


def test_what_the_version_hasn_t_got_is_an_error(history: Cli) -> None:
    said = history("blame", "images:v1", "new.txt", code=3).err
    assert "images:v1 has no 'new.txt'" in said


def test_the_run_that_made_it_is_told(history: Cli) -> None:
    with objstore.init(project=None, name="relabel", id="run1", dir=history.folder) as run:
        artifact = objstore.Artifact("images", "dataset", incremental=True)
        with artifact.new_file("labels/train.csv", mode="w") as file:
            file.write("by a run")
        run.log_artifact(artifact).wait()
        project = run.project
    (told,) = history.json("-C", f".objstore/default/{project}", "blame", "images", "labels/train.csv")
    assert told["run"]["id"] == "run1"
    assert "run run1 (relabel)" in history("-C", f".objstore/default/{project}", "blame", "images", "labels/train.csv").out


def test_for_people_there_is_a_line_for_each_file(history: Cli) -> None:
    (line,) = history("blame", "images", "new.txt").lines
    version, change, created, *run, path = line.split()
    assert (version, change, run, path) == ("v2", "added", ["no", "run"], "new.txt") and created.endswith("Z")


def test_scripts_can_ask_too(history: Cli) -> None:
    with objstore.open(history.folder) as repo:
        (found,) = repo.artifact("images").blame("labels/train.csv")
        assert (found.path, found.version.name, found.is_new, found.run) == ("labels/train.csv", "v1", False, None)
        with pytest.raises(KeyError):
            repo.artifact("images:v0").blame("new.txt")
