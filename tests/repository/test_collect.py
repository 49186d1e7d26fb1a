"""gc: frees what nobody needs, loses nothing, also when it is cut off and run again."""

import random
from pathlib import Path

import pytest

from objstore.blobs.local import LocalBlobs
from objstore.errors import CorruptionError, StorageError
from objstore.history.log import Log
from objstore.history.records import SegmentsRecord
from objstore.history.state import State
from objstore.history.versions import delete_version, log_version
from objstore.host.progress import Silent
from objstore.odb import pack, repack
from objstore.odb.cache import Cache
from objstore.odb.database import Database
from objstore.odb.packwriter import PackWriter
from objstore.repository import localgc
from objstore.repository.adding import add
from objstore.repository.checking import check
from objstore.repository.localgc import collect
from objstore.repository.logging import Labels
from objstore.repository.project import Project
from objstore.values.digest import Digest, plain
from objstore.values.key import Key, chunk_key, node_key
from objstore.worktree.checkout import Checkout
from objstore.worktree.ignore import Patterns
from tests.graph.stores import Objects, add_file, add_manifest
from tests.odb.stores import chunk, noise
from tests.repository.interrupting import cut_off
from tests.repository.stores import add_folder, content_of, files_of, temporary_files, write_files


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


def drop(project: Project, name: str) -> None:
    with project.writing():
        project.commit(lambda state: delete_version(state, name, "v0", delete_aliases=True))


@pytest.fixture
def tiny_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file of 9,000 bytes is a pack; only packs of metadata are small."""
    monkeypatch.setattr(pack, "TARGET_SIZE", 8000)
    monkeypatch.setattr(repack, "_SMALL", 2000)


def test_gc_without_room_for_new_packs_leaves_nothing_listed_that_leads_to_nowhere(
    tmp_path: Path, project: Project, tiny_packs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It deletes packs without rewriting others. What is added again must not seem to be there because its manifest still is."""
    gone = write_files(tmp_path / "gone", {"a": noise(1, 9000)})
    add_folder(project, gone, "gone")
    add_folder(project, write_files(tmp_path / "kept", {"b": noise(2, 9000)}), "kept")
    collect(project, Silent())
    drop(project, "gone")
    with monkeypatch.context() as full:
        full.setattr(PackWriter, "finish", _refuse)
        freed = collect(project, Silent())
    assert (freed.deleted, freed.rewritten, freed.purged) == (1, 0, ["gone:v0"])
    assert check(project.folder, Silent()).problems == []
    again = add_folder(project, gone, "again")
    assert content_of(project, again.version.root) == {"a": noise(1, 9000)}
    assert collect(project, Silent()).rewritten  # what there was no room for
    assert collect(project, Silent()).bytes == 0


def _refuse(_: PackWriter) -> tuple[bytes, int]:
    raise StorageError("no space left")


def add_drafts(project: Project, *drafts: list[tuple[Key, bytes]]) -> None:
    """Logs drafts that were all made before any was logged, so that each has all of its objects."""
    with project.writing():
        made = [project.open_draft() for _ in drafts]
        for draft, objects in zip(made, drafts, strict=True):
            for key, data in objects:
                draft.add(key, data)
        for draft in made:
            segments = tuple(draft.publish())
            project.commit(lambda _, segments=segments: [SegmentsRecord(segments=segments)])
            draft.finish()


def file_of(data: bytes) -> tuple[Digest, list[tuple[Key, bytes]]]:
    """A version with one file: its root, and what it consists of."""
    objects: Objects = {}
    root = add_manifest(objects, {b"file": add_file(objects, [data])})
    return root, list(objects.items())


def log_root(project: Project, name: str, root: Digest) -> None:
    with project.writing():
        project.commit(lambda state: log_version(state, name, "dataset", root=root, files=1, bytes=9000))


def test_gc_lists_no_manifest_again_that_another_pack_had_too(tmp_path: Path, project: Project, tiny_packs: None) -> None:
    """Two packs have the manifest of what is freed; only the one that the index names is seen to have something dead in it."""
    (gone, dead), (kept, live) = file_of(noise(1, 9000)), file_of(noise(2, 9000))
    add_drafts(project, dead[1:] + live, dead)
    log_root(project, "kept", kept)
    assert collect(project, Silent()).deleted == 2
    assert node_key(gone) not in project.database
    assert check(project.folder, Silent()).problems == []
    assert content_of(project, kept) == {"file": noise(2, 9000)}
    assert collect(project, Silent()).bytes == 0


def test_gc_does_not_bring_a_damaged_copy_back(tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two damaged objects of a pack one was stored anew; the pack stays for the sake of the rest."""
    monkeypatch.setattr(repack, "_SMALL", 0)
    monkeypatch.setattr(repack, "_TOLERATED_DEAD", 0.9)
    files = {str(number): noise(number, 9000) for number in range(6)}
    root = add_folder(project, write_files(tmp_path / "source", files)).version.root
    damage(project, noise(0, 9000), noise(1, 9000))
    check(project.folder, Silent(), repair=True)
    add_folder(project, write_files(tmp_path / "healing", {"0": noise(0, 9000)}), "healing")
    add_folder(project, write_files(tmp_path / "gone", {"x": noise(7, 9000)}), "gone")
    drop(project, "gone")
    assert collect(project, Silent()).deleted
    collect(project, Silent())
    assert sorted(problem.affected for problem in check(project.folder, Silent()).problems) == [[], ["data:v0 1"]]
    with Project(project.folder) as again:
        add_folder(again, tmp_path / "source")
        assert content_of(again, root) == files


def damage(project: Project, *contents: bytes) -> None:
    for content in contents:
        key = chunk_key(plain(content))
        place = project.database.locate([key])[key]
        path = project.folder / pack.pack_name(place.pack)
        data = bytearray(path.read_bytes())
        data[place.offset + 100] ^= 1
        path.write_bytes(data)


def test_gc_deletes_nothing_that_is_named_in_a_part_of_the_log_that_it_cannot_see(tmp_path: Path, project: Project) -> None:
    for number in range(3):
        add_folder(project, write_files(tmp_path / f"source{number}", {"a": noise(number, 9000)}))
    files = set(files_of(project.folder / "packs"))
    (project.folder / "log" / "main" / f"{2:020d}").unlink()
    for _ in range(2):
        with pytest.raises(CorruptionError, match="02 is missing, though entry 3 is there"):
            collect(project, Silent())
        project.forget_cache()
    assert set(files_of(project.folder / "packs")) == files


def test_gc_trusts_no_state_that_was_remembered(tmp_path: Path, project: Project) -> None:
    root = add_folder(project, write_files(tmp_path / "source", {"a": noise(1, 9000)})).version.root
    forged = State()
    forged.position = project.state.position
    project._logbook._main.state = forged
    collect(project, Silent())
    assert content_of(project, root) == {"a": noise(1, 9000)}


def test_gc_frees_nothing_when_it_finds_that_it_would_lose_something(
    repository: Path, before: dict[str, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(repack, "_keep", lambda *_, **__: [])
        patched.setattr(repack._Writer, "copy", lambda *_: None)
        with pytest.raises(CorruptionError, match="report"):
            collected(repository)
    assert_whole(repository, before)


def test_gc_deletes_what_nobody_names_before_it_needs_room(tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    add_folder(project, write_files(tmp_path / "a", {"a": noise(1, 9000)}))
    add_folder(project, write_files(tmp_path / "b", {"b": noise(2, 9000)}))
    draft = project.open_draft()
    draft.add(*chunk(noise(3, 9000)))
    draft.publish()
    draft.close()
    monkeypatch.setattr(PackWriter, "finish", _refuse)
    with pytest.raises(StorageError):  # there are packs to merge, and none to delete
        collect(project, Silent())
    assert not any(noise(3, 9000) in data for data in files_of(project.folder / "packs").values())


@pytest.mark.parametrize("after", [False, True])
def test_gc_that_is_cut_off_anywhere_leaves_nothing_known_that_is_gone(tmp_path: Path, after: bool) -> None:
    """Also while it brings the cached index up to date: what is added again must be stored."""
    gone = write_files(tmp_path / "gone", {"a": noise(1, 9000)})
    for step in range(3, 27):
        with Project.create_at(tmp_path / str(step)) as project:
            add_folder(project, gone, "gone")
            add_folder(project, write_files(tmp_path / "kept", {"b": noise(2, 9000)}), "kept")
            drop(project, "gone")
            with cut_off(step, after=after):
                collect(project, Silent())
        with Project(tmp_path / str(step)) as project:
            again = add_folder(project, gone, "again")
            assert content_of(project, again.version.root) == {"a": noise(1, 9000)}
            collect(project, Silent())
            assert content_of(project, again.version.root) == {"a": noise(1, 9000)}
        assert check(project.folder, Silent()).problems == []


def test_gc_does_not_merge_packs_that_are_full_of_tiny_records(tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (pack, repack):
        monkeypatch.setattr(module, "TARGET_RECORDS", 10)
    add_folder(project, write_files(tmp_path / "source", {str(number): noise(number, 20) for number in range(35)}))
    collect(project, Silent())
    assert collect(project, Silent()).rewritten == 0


@pytest.mark.parametrize("lives", [True, False])
def test_gc_leaves_alone_what_a_draft_in_another_container_is_writing(
    project: Project, lives: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There its process has a number that means nothing here."""
    monkeypatch.setattr(localgc, "_is_alive", lambda _: False)
    draft = project.open_draft()
    draft.add(*chunk(noise(1, 9000)))
    if not lives:
        draft._file.release()
    collect(project, Silent())
    assert bool(temporary_files(project.folder)) == lives
    draft.close()


def test_only_leftovers_in_the_store_itself_are_removed(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.scratch / ".objstore-999999999-0a.tmp").mkdir()
    theirs = tmp_path / "system" / "report-999999999"
    theirs.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(theirs.parent))
    monkeypatch.setattr("objstore.repository.project.os.access", lambda *_: False)
    assert project.scratch == theirs.parent
    collect(project, Silent())
    assert theirs.is_dir()
    monkeypatch.undo()
    assert not list(project.scratch.iterdir())
