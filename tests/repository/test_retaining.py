"""Old versions of a collection go, but none that somebody has named or pinned."""

from pathlib import Path

import pytest

from objstore.errors import ConflictError, InvalidInputError
from objstore.history.facts import set_aliases
from objstore.repository.project import Project
from objstore.repository.restoring import restore
from objstore.repository.retaining import PrunedVersions, prune_versions
from objstore.worktree.pin import FOLDER, Pin
from objstore.worktree.pinfiles import write
from tests.repository.sharing import Sharing, change, log, send, shown


def fill(project: Project, count: int = 5) -> None:
    for number in range(count):
        log(project, {"a": b"%d" % number})


def live(project: Project) -> list[int]:
    return [number for number, _ in shown(project)["data"][1]]


def prune(project: Project, keep_last: int, **options: bool) -> PrunedVersions:
    return prune_versions(project, "data", keep_last, **options)


def test_all_but_the_last_few_are_deleted_and_can_be_restored(project: Project) -> None:
    fill(project)
    planned = prune(project, 2, dry_run=True)
    assert live(project) == [0, 1, 2, 3, 4]
    found = prune(project, 2)
    assert (found.deleted, found.spared, found.dry_run) == (("data:v0", "data:v1", "data:v2"), (), False)
    assert planned.deleted == found.deleted and planned.dry_run
    assert live(project) == [3, 4]
    restore(project, "data", "v1")
    assert live(project) == [1, 3, 4]


def test_an_alias_stops_it_and_nothing_is_deleted(project: Project) -> None:
    fill(project)
    change(project, lambda state: set_aliases(state, "data", "v1", ["prod"]))
    for dry_run in (True, False):
        with pytest.raises(ConflictError, match="data:v1"):
            prune(project, 2, dry_run=dry_run)
    assert live(project) == [0, 1, 2, 3, 4]
    found = prune(project, 2, keep_aliased=True)
    assert [(spared.name, spared.why) for spared in found.spared] == [("data:v1", "prod")]
    assert live(project) == [1, 3, 4]


def test_an_alias_that_is_set_at_the_last_moment_stops_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Project.create(tmp_path) as project, Project.find(tmp_path) as other:
        fill(project)
        writing = Project.writing

        def overtaken(self: Project, *args: object) -> object:
            monkeypatch.setattr(Project, "writing", writing)
            change(other, lambda state: set_aliases(state, "data", "v1", ["prod"]))
            return writing(self, *args)

        monkeypatch.setattr(Project, "writing", overtaken)
        with pytest.raises(ConflictError, match="data:v1"):
            prune(project, 2)
        assert live(project) == [0, 1, 2, 3, 4]


def test_what_is_pinned_in_this_working_tree_stays(tmp_path: Path) -> None:
    with Project.create(tmp_path) as project:
        fill(project)
        version = project.state.version("data", "v1")
        write(tmp_path / "images", Pin("data", FOLDER, 1, version.root, version.files, version.bytes))
        found = prune(project, 2)
        assert [(spared.name, spared.why) for spared in found.spared] == [("data:v1", "pinned here")]
        assert live(project) == [1, 3, 4]


def test_with_a_pin_that_can_t_be_read_nothing_is_deleted(tmp_path: Path) -> None:
    with Project.create(tmp_path) as project:
        fill(project)
        (tmp_path / "images.objstore").write_text("<<<<<<< ours\n")
        with pytest.raises(InvalidInputError, match="images"):
            prune(project, 2)
        assert live(project) == [0, 1, 2, 3, 4]


def test_in_a_clone_the_deletions_wait_to_be_pushed(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    fill(mine, 3)
    send(mine)
    prune(mine, 1)
    assert len(sharing.check_upstream()) == 3
    send(mine)
    assert list(sharing.check_upstream().values()) == [{"a": b"2"}]
