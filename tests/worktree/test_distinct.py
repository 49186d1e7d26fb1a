"""Checking out what a disk can't hold side by side: an error before anything is written, instead of one file over the other."""

from pathlib import Path

import pytest

from objstore.errors import ConflictError
from objstore.manifest.edit import edit
from objstore.manifest.entry import Entry, EntryKind
from objstore.repository.logging import Labels, log_draft
from objstore.repository.project import Project
from objstore.values.digest import Digest, plain
from objstore.worktree import distinct
from objstore.worktree.content import store_small
from objstore.worktree.intake import DraftNodes
from tests.repository.stores import check_out, files_of

FILES = {"d/A.txt": b"1", "d/a.txt": b"2", "d/b": b"3", "e/x": b"4"}


@pytest.fixture
def ignoring_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in for a disk that ignores the case of ASCII letters, and nothing else."""
    monkeypatch.setattr(distinct, "tells_names_apart", lambda _: False)
    monkeypatch.setattr(distinct, "is_one_name", lambda _, first, second: first.lower() == second.lower())


def version(project: Project, files: dict[str, bytes]) -> Digest:
    """The root of a version with these files, which the usual disk needn't be able to hold."""
    with project.writing():
        draft = project.open_draft()
        entries = [(path.encode(), Entry(EntryKind.FILE, plain(data), len(data))) for path, data in sorted(files.items())]
        list(store_small(draft, list(files.values())))
        root = edit(DraftNodes(project.database.with_draft(draft), draft), None, entries)
        log_draft(project, draft, root, Labels("data"))
    return root


def refusal(project: Project, files: dict[str, bytes], target: Path, prefix: bytes = b"") -> str:
    root = version(project, files)
    with pytest.raises(ConflictError) as caught:
        check_out(project, root, target, prefix=prefix)
    assert files_of(target) == {}
    return str(caught.value)


@pytest.mark.parametrize("prefix", [b"", b"d"])
def test_nothing_is_written_where_one_file_would_overwrite_another(
    project: Project, tmp_path: Path, ignoring_case: None, prefix: bytes
) -> None:
    assert "d/A.txt and d/a.txt are one name" in refusal(project, FILES, tmp_path / "target", prefix)


def test_folders_are_not_mixed_up_either(project: Project, tmp_path: Path, ignoring_case: None) -> None:
    assert "x/Sub and x/sub are one name" in refusal(project, {"x/Sub/a": b"1", "x/sub/b": b"2"}, tmp_path / "target")


def test_either_of_the_two_can_be_written(project: Project, tmp_path: Path, ignoring_case: None) -> None:
    root = version(project, FILES)
    for path in ("d/A.txt", "d/a.txt", "e/x"):
        check_out(project, root, tmp_path / path / "target", prefix=path.encode())
        assert files_of(tmp_path / path / "target") == {path: FILES[path]}


def test_what_the_disk_does_tell_apart_is_written(project: Project, tmp_path: Path, ignoring_case: None) -> None:
    files = {"\u00e9": b"1", "e\u0301": b"2", "stra\u00dfe": b"3", "strasse": b"4"}
    root = version(project, files)
    check_out(project, root, tmp_path / "target")
    assert files_of(tmp_path / "target") == files


def test_a_usual_disk_is_asked_once_and_then_holds_everything(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "collisions", lambda _: pytest.fail("the paths were looked at"))
    root = version(project, FILES)
    check_out(project, root, tmp_path / "target")
    assert files_of(tmp_path / "target") == FILES


def test_a_real_disk_that_ignores_case_is_noticed(project: Project, caseless_disk: Path) -> None:
    assert "d/A.txt and d/a.txt are one name" in refusal(project, FILES, caseless_disk / "target")
    check_out(project, version(project, {"a": b"1", "b": b"2"}), caseless_disk / "target")
    assert files_of(caseless_disk / "target") == {"a": b"1", "b": b"2"}
