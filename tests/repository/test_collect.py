"""gc: frees what nobody needs, loses nothing, also when it is cut off and run again."""

import random
from pathlib import Path

import pytest

from objstore.blobs.local import LocalBlobs
from objstore.history.log import Log
from objstore.history.versions import delete_version
from objstore.host.progress import Silent
from objstore.odb import repack
from objstore.odb.cache import Cache
from objstore.odb.database import Database
from objstore.repository.adding import Labels, add
from objstore.repository.checking import check
from objstore.repository.collecting import collect
from objstore.repository.project import Project
from objstore.worktree.checkout import Checkout
from objstore.worktree.ignore import Patterns


class Cut(BaseException):
    """Stands for the death of the process."""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with three versions of some files, the first of them deleted; beside it copies of the other two."""
    source = tmp_path / "source"
    source.mkdir()
    with Project.create(tmp_path) as project:
        for number in range(3):
            for name in range(10):
                (source / f"{name}.bin").write_bytes(random.Random(f"{number} {name}" if name < 5 else name).randbytes(30_000))
            add(project, [source], Labels("data"), Patterns(), Silent())
        with project.writing():
            project.commit(lambda state: delete_version(state, "data", "v0", delete_aliases=True))
    return tmp_path


def contents(repository: Path, ref: str, target: Path) -> dict[str, bytes]:
    with Project.find(repository) as project:
        root = project.state.version("data", ref).root
        Checkout(project.database, root, target, Silent()).run(project.scratch)
    return {path.name: path.read_bytes() for path in target.iterdir()}


def collected(repository: Path) -> int:
    with Project.find(repository) as project:
        return collect(project, Silent()).bytes


def assert_whole(repository: Path, before: dict[str, dict[str, bytes]]) -> None:
    for ref, files in before.items():
        assert contents(repository, ref, repository / f"after {ref}") == files
    with Project.find(repository) as project:
        folder = project.folder
    assert check(folder, Silent()).problems == []


@pytest.fixture
def before(repository: Path) -> dict[str, dict[str, bytes]]:
    return {ref: contents(repository, ref, repository / ref) for ref in ("v1", "v2")}


def test_gc_frees_what_only_a_deleted_version_had(repository: Path, before: dict[str, dict[str, bytes]]) -> None:
    assert 5 * 30_000 < collected(repository) < 5 * 30_000 + 10_000
    assert collected(repository) == 0
    assert_whole(repository, before)


@pytest.mark.parametrize("moment", ["before the log", "after the log"])
def test_gc_that_was_cut_off_is_finished_by_the_next(
    repository: Path, before: dict[str, dict[str, bytes]], moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = Log.append

    def cut(log: Log, number: int, records: object) -> None:
        if moment == "after the log":
            append(log, number, records)  # type: ignore[arg-type]
        raise Cut

    with monkeypatch.context() as patched:
        patched.setattr(Log, "append", cut)
        with pytest.raises(Cut):
            collected(repository)
    collected(repository)
    assert_whole(repository, before)
    assert collected(repository) == 0


def test_gc_that_was_cut_off_while_deleting_is_finished_by_the_next(
    repository: Path, before: dict[str, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = LocalBlobs.delete
    deleted: list[str] = []

    def cut(blobs: LocalBlobs, name: str) -> None:
        if len(deleted) == 2:
            raise Cut
        deleted.append(name)
        delete(blobs, name)

    with monkeypatch.context() as patched:
        patched.setattr(LocalBlobs, "delete", cut)
        with pytest.raises(Cut):
            collected(repository)
    collected(repository)
    assert_whole(repository, before)


def test_a_dry_run_says_what_gc_will_free_and_changes_nothing(repository: Path, before: dict[str, dict[str, bytes]]) -> None:
    with Project.find(repository) as project:
        planned = collect(project, Silent(), dry_run=True)
        position = project.state.position
        assert planned.purged == ["data:v0"]
    with Project.find(repository) as project:
        assert project.state.position == position
    assert abs(collected(repository) - planned.bytes) < 10_000
    assert_whole(repository, before)


def test_gc_trusts_no_index_but_the_segments(repository: Path, before: dict[str, dict[str, bytes]]) -> None:
    with Project.find(repository) as project:
        project.cache.clear_index()
        names = project.state.segments
        project.cache.add_segment(names[0], Database(project.blobs, Cache(repository / "other", "x")).read_segment(names[0]))
        for name in names[1:]:
            project.cache._tables.put("segments", [(name.encode(), b"")])
        collect(project, Silent())
        project.forget_cache()
    assert_whole(repository, before)


def test_a_reader_finds_what_gc_has_moved(repository: Path, before: dict[str, dict[str, bytes]]) -> None:
    with Project.find(repository) as reader:
        collected(repository)
        root = reader.state.version("data", "v2").root
        Checkout(reader.database, root, repository / "late", Silent()).run(reader.scratch)
    assert {path.name: path.read_bytes() for path in (repository / "late").iterdir()} == before["v2"]


def test_a_store_restored_from_a_backup_goes_on_from_there(repository: Path) -> None:
    with Project.find(repository) as project:
        last = project.folder / "log/main" / f"{project.state.position:020}"
        position = project.state.position
    last.unlink()
    with Project.find(repository) as project:
        assert project.state.position == position - 1
        assert not project.state.version("data", "v0").deleted


def test_gc_may_come_back_to_a_segment_that_it_replaced_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for one version among three, then for another: what remains is what there was at first."""
    monkeypatch.setattr(repack, "_SMALL", 0)  # as if each pack were too large to be merged
    with Project.create(tmp_path) as project:
        roots = []
        for number in range(3):
            source = tmp_path / f"source{number}"
            source.mkdir()
            (source / "file").write_bytes(random.Random(number).randbytes(9000))
            roots.append(add(project, [source], Labels(f"data{number}"), Patterns(), Silent()).version.root)
        segments = project.state.segments
        for number in (2, 1):
            with project.writing():
                project.commit(lambda state, name=f"data{number}": delete_version(state, name, "v0", delete_aliases=True))
            collect(project, Silent())
        assert project.state.segments == segments[:1]
        Checkout(project.database, roots[0], tmp_path / "out", Silent()).run(project.scratch)
    assert (tmp_path / "out/file").read_bytes() == (tmp_path / "source0/file").read_bytes()
