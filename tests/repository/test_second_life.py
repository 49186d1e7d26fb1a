"""The names of packs and segments follow from what is in them, so one that gc has put away may be written again."""

from pathlib import Path

import pytest

import objstore
from objstore.errors import ConflictError
from objstore.history.versions import delete_version
from objstore.host.progress import Silent
from objstore.odb import repack
from objstore.odb.draft import Draft
from objstore.odb.pack import pack_name
from objstore.odb.segment import segment_name
from objstore.repository.checking import check
from objstore.repository.localgc import collect
from objstore.repository.project import Project
from tests.odb.stores import chunk, noise
from tests.repository.stores import add_folder, content_of, write_files

FILES = {"a": noise(1, 9000)}


def remove(project: Project, name: str) -> None:
    with project.writing():
        project.commit(lambda state: delete_version(state, name, "v0", delete_aliases=True))


def assert_whole(folder: Path, name: str) -> None:
    """Also with an index made anew from the packs."""
    for _ in range(2):
        with Project(folder) as project:
            assert content_of(project, project.state.version(name).root) == FILES
            segments = project.state.segments
        assert check(folder, Silent()).problems == []
        for segment in segments:
            path = folder / segment_name(segment)
            path.write_bytes(path.read_bytes()[:-1])
        assert check(folder, Silent(), repair=True).is_sound


def complete(draft: Draft) -> None:
    """As if its packs had become full."""
    for slots in draft._idle.values():
        while slots:
            draft._complete(slots.pop())
    draft._settle()


@pytest.mark.parametrize("small", [0, repack._SMALL])
@pytest.mark.parametrize("is_complete", [False, True])
def test_a_draft_may_have_the_very_packs_that_gc_has_put_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: int, is_complete: bool
) -> None:
    monkeypatch.setattr(repack, "_SMALL", small)
    with objstore.open(tmp_path / "repository", create=True) as repo, Project(repo.path) as other:
        draft = repo.new_artifact("again", "dataset")
        draft.add_file(write_files(tmp_path / "source", FILES) / "a")
        assert draft.digest
        if is_complete:
            assert draft._content and draft._content._held.draft
            complete(draft._content._held.draft)
        add_folder(other, tmp_path / "source", "first")
        add_folder(other, write_files(tmp_path / "other", {"b": noise(2, 9000)}), "other")
        remove(other, "first")
        collect(other, Silent())
        repo.log(draft)
        assert_whole(repo.path, "again")
        with Project(repo.path) as project:
            collect(project, Silent())
        assert_whole(repo.path, "again")


def test_a_pack_that_gc_has_put_away_is_not_taken_over_from_an_abandoned_draft(tmp_path: Path, project: Project) -> None:
    draft = project.open_draft()
    draft.add(*chunk(FILES["a"]))
    complete(draft)
    source = write_files(tmp_path / "source", FILES)
    add_folder(project, source, "first")
    remove(project, "first")
    collect(project, Silent())
    draft.close()
    add_folder(project, source, "again")
    assert_whole(project.folder, "again")


def test_a_draft_of_which_a_pack_is_gone_is_not_logged(tmp_path: Path, project: Project) -> None:
    draft = project.open_draft()
    draft.add(*chunk(FILES["a"]))
    complete(draft)
    project.blobs.delete(pack_name(draft.packs[0]))
    with pytest.raises(ConflictError):
        draft.publish()
    draft.close()
