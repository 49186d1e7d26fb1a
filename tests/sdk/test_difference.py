"""Diffs in scripts."""

import json
from pathlib import Path

import pytest

import objstore
from objstore.errors import EntryNotFoundError, InvalidInputError, NotFoundError, UnreadableFileError
from objstore.sdk.repository import Repository
from tests.sdk.files import draft, tree

OLD = "id,name,price\n1,apple,3\n2,pear,4\n3,plum,5\n"
NEW = "id,name,price\n1,apple,3\n2,pear,6\n4,fig,7\n"


@pytest.fixture
def fruits(repo: Repository) -> Repository:
    """`fruits:v0` and `fruits:v1`, in which a table and a note differ."""
    repo.log(draft("fruits", files={"table.csv": OLD, "note.md": "one\ntwo\n", "same.csv": OLD}), aliases=["before"])
    artifact = draft("fruits", files={"table.csv": NEW, "note.md": "one\nthree\n", "same.csv": OLD, "new.csv": NEW})
    artifact.description, artifact.metadata = "priced", {"by": "me"}
    repo.log(artifact, tags=["checked"])
    return repo


def test_sides_are_artifacts_names_and_folders(fruits: Repository, tmp_path: Path) -> None:
    folder = tree(tmp_path / "folder", {"table.csv": NEW, "note.md": "one\nthree\n", "same.csv": OLD, "new.csv": NEW})
    old = fruits.artifact("fruits:v0")
    for found in (
        objstore.diff(old, "fruits:v1"),
        objstore.diff("fruits:before", folder),
        old.diff("fruits"),
        old.diff(folder),
        fruits.diff("fruits:v0", draft("x", files={"table.csv": NEW, "note.md": "one\nthree\n", "same.csv": OLD, "new.csv": NEW})),
    ):
        assert [item.path for item in found.modified] == ["note.md", "table.csv"]
        assert [item.path for item in found.added] == ["new.csv"]
    assert not objstore.diff(folder, "fruits:latest")
    assert objstore.diff(folder, folder).facts is None


def test_what_is_no_side_is_refused(fruits: Repository) -> None:
    with pytest.raises(TypeError, match="not a int"):
        objstore.diff(1, "fruits")  # type: ignore[arg-type]
    with pytest.raises(NotFoundError, match="nothing"):
        objstore.diff("fruits", "nothing")
    with pytest.raises(InvalidInputError, match="not a name"):
        objstore.diff("fruits", "no name at all")


def test_a_side_may_be_in_another_repository(fruits: Repository, tmp_path: Path) -> None:
    with objstore.open(tmp_path / "other", create=True) as other:
        other.log(draft("fruits", files={"table.csv": NEW}))
    found = fruits.diff("fruits:v0", f"fruits:v0::{tmp_path / 'other'}")
    assert [item.path for item in found.modified] == ["table.csv"]
    assert found.rows("table.csv", "id").modified == 1


def test_the_rows_of_a_table_are_compared(fruits: Repository) -> None:
    found = objstore.diff("fruits:v0", "fruits:v1").rows("table.csv", key="id")
    assert (found.added, found.removed, found.modified) == (1, 1, 1)
    assert dict(found.changed_cells) == {"price": 1}


def test_an_unchanged_file_has_no_differences_inside(fruits: Repository) -> None:
    found = objstore.diff("fruits:v0", "fruits:v1")
    assert not found.rows("same.csv")
    assert not found.text("same.csv")


def test_a_file_of_one_side_alone_has_nothing_to_be_compared_with(fruits: Repository) -> None:
    found = objstore.diff("fruits:v0", "fruits:v1")
    with pytest.raises(InvalidInputError, match="only the new side has new.csv"):
        found.rows("new.csv")
    with pytest.raises(EntryNotFoundError, match="neither side has a file 'gone.csv'"):
        found.rows("gone.csv")


def test_a_file_of_another_format_is_refused(fruits: Repository) -> None:
    found = objstore.diff("fruits:v0", "fruits:v1")
    with pytest.raises(UnreadableFileError, match=r"note\.md isn't of a format whose rows can be compared; these are csv"):
        found.rows("note.md")
    with pytest.raises(UnreadableFileError, match="tensors can be compared"):
        found.tensors("table.csv")


def test_text_is_compared_line_by_line(fruits: Repository) -> None:
    assert list(objstore.diff("fruits:v0", "fruits:v1").text("note.md").lines()) == [
        "--- a/note.md",
        "+++ b/note.md",
        "@@ -1,2 +1,2 @@",
        " one",
        "-two",
        "+three",
    ]


def test_what_is_said_of_both_is_compared(fruits: Repository) -> None:
    facts = objstore.diff("fruits:v0", "fruits:v1").facts
    assert facts is not None
    assert facts.to_dict() == {
        "description": {"old": "", "new": "priced"},
        "metadata": [{"keys": ["by"], "new": "me"}],
        "tags": {"added": ["checked"], "removed": []},
        "aliases": {"added": ["latest"], "removed": ["before"]},
    }


def test_a_diff_outlives_what_it_was_made_from(tmp_path: Path) -> None:
    with objstore.open(tmp_path, create=True) as repo:
        repo.log(draft("d", files={"t.csv": OLD}))
        found = repo.diff("d", draft("d", files={"t.csv": NEW}))
    del repo
    assert found.rows("t.csv").modified == 1


def test_it_is_json_and_a_notebook_shows_it(fruits: Repository) -> None:
    found = objstore.diff("fruits:v0", "fruits:v1")
    assert json.loads(json.dumps(found.to_dict()))["facts"]["description"]["new"] == "priced"
    assert "table.csv" in found._repr_html_() and "priced" in found._repr_html_()
    assert repr(found) == "<Diff: 1 added, 2 modified>"
    assert "<table>" in found.rows("table.csv")._repr_html_()


def test_names_are_looked_up_in_the_nearest_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with objstore.open(tmp_path, create=True) as repo:
        repo.log(draft("d", files={"t.csv": OLD}))
    monkeypatch.chdir(tmp_path)
    assert not objstore.diff("d", "d:v0")
