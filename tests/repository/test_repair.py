"""`fsck --repair` makes the index anew from the packs."""

from pathlib import Path

import pytest

from objstore.history.records import SegmentsRecord
from objstore.history.versions import delete_version, log_version
from objstore.host.progress import Silent
from objstore.manifest.cursor import get
from objstore.odb.content import file_blocks
from objstore.odb.pack import pack_name
from objstore.odb.segment import segment_name
from objstore.repository.checking import Report, check
from objstore.repository.localgc import collect
from objstore.repository.project import Project
from objstore.repository.restoring import restore
from objstore.repository.settings import NAME
from objstore.values.digest import Digest, plain
from objstore.values.key import Key, Kind, chunk_key, describe, node_key
from tests.graph.by_the_book import without_use
from tests.graph.stores import Objects, add_file, add_manifest
from tests.repository.sharing import Sharing, log, send
from tests.repository.stores import add_folder, content_of, write_files

FILES = {"a": b"a" * 9000, "b": b"b" * 9000, "sub/c": b"c"}


@pytest.fixture
def root(tmp_path: Path) -> Digest:
    """A project with one version."""
    with Project.create_at(tmp_path / "project") as project:
        return add_folder(project, write_files(tmp_path / "source", FILES)).version.root


def left_behind(folder: Path, *objects: tuple[Key, bytes]) -> None:
    """What a writer has written that died before it could log anything."""
    with Project(folder) as project, project.writing():
        draft = project.open_draft()
        for key, data in objects:
            draft.add(key, data)
        draft.publish()
        draft.close()


def damage_index(folder: Path) -> None:
    with Project(folder) as project:
        names = project.state.segments
    for name in names:
        path = folder / segment_name(name)
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)


def repaired(folder: Path) -> Report:
    return check(folder, Silent(), repair=True)


def test_gc_after_a_repair_leaves_all_versions_whole(tmp_path: Path, root: Digest) -> None:
    """gc frees what the repair has listed beside the versions' content; its segment is the one that the repair has replaced."""
    folder = tmp_path / "project"
    orphan = b"of a version that never was"
    left_behind(folder, (chunk_key(plain(orphan)), orphan))
    with Project(folder) as project:
        before = project.state.segments
    damage_index(folder)
    assert repaired(folder).is_sound
    with Project(folder) as project:
        assert chunk_key(plain(orphan)) in project.database
        collect(project, Silent())
        assert project.state.segments == before
        assert chunk_key(plain(orphan)) not in project.database
        assert content_of(project, root) == FILES
    assert check(folder, Silent()).problems == []


def drafted() -> tuple[Objects, Digest]:
    """What a writer might have left: all of a version with files of one and of several chunks."""
    objects: Objects = {}
    pieces = [b"%d" % number * 100 for number in range(20)]
    entries = {b"%02d" % number: add_file(objects, [b"of one chunk: %d" % number]) for number in range(30)}
    entries[b"cut"] = add_file(objects, pieces)
    return objects, add_manifest(objects, entries)


def test_what_a_dead_writer_left_is_listed_with_all_that_it_needs(tmp_path: Path, root: Digest) -> None:
    folder = tmp_path / "project"
    objects, _ = drafted()
    left_behind(folder, *objects.items())
    damage_index(folder)
    assert repaired(folder).is_sound
    with Project(folder) as project:
        assert project.database.missing(list(objects)) == []


@pytest.mark.parametrize("kind", Kind)
def test_what_a_dead_writer_left_is_not_listed_when_it_needs_what_is_missing(tmp_path: Path, root: Digest, kind: Kind) -> None:
    folder = tmp_path / "project"
    objects, above = drafted()
    gone = min(key for key in objects if key[0] == kind and key != node_key(above))
    del objects[gone]
    left_behind(folder, *objects.items())
    damage_index(folder)
    assert repaired(folder).is_sound
    with Project(folder) as project:
        assert set(project.database.missing(list(objects))) == without_use(objects)
        assert node_key(above) not in project.database
        assert content_of(project, root) == FILES
    assert check(folder, Silent()).problems == []
    assert repaired(folder).problems == []


def log_without(folder: Path, objects: Objects, root: Digest | None, *gone: Key) -> None:
    """Names in the log all objects but some, as no program should; with a root, as a version."""
    with Project(folder) as project, project.writing():
        draft = project.open_draft()
        for key, data in objects.items():
            if key not in gone:
                draft.add(key, data)
        segments = draft.publish()
        draft.close()
        if root is None:
            project.commit(lambda _: [SegmentsRecord(segments=tuple(segments))])
        else:
            project.commit(lambda state: log_version(state, "gaps", "dataset", root=root, files=31, bytes=1, segments=segments))


def one_of(objects: Objects, kind: Kind) -> Key:
    """Something that another object needs."""
    return min(key for key in objects if key[0] == kind and without_use({k: data for k, data in objects.items() if k != key}))


NEEDED = pytest.mark.parametrize("kind", [Kind.CHUNK, Kind.PART, Kind.NODE])


@NEEDED
def test_what_is_listed_without_all_that_it_needs_is_named(tmp_path: Path, root: Digest, kind: Kind) -> None:
    folder = tmp_path / "project"
    objects, above = drafted()
    gone = one_of(objects, kind)
    log_without(folder, objects, above, gone)
    for repair in (False, True, False):  # nothing can be repaired, and what is there stays
        (problem,) = check(folder, Silent(), repair=repair).problems
        assert (problem.where, problem.repaired) == ("index", False)
        assert problem.what.endswith(f"but {describe(gone)} is not in this store")
        assert problem.affected and all(affected.startswith("gaps:v0") for affected in problem.affected)
        with Project(folder) as project:
            assert project.database.missing(list(objects)) == [gone]


def test_a_version_whose_root_is_not_listed_is_named(tmp_path: Path, root: Digest) -> None:
    folder = tmp_path / "project"
    objects, above = drafted()
    log_without(folder, objects, above, node_key(above))
    (problem,) = check(folder, Silent()).problems
    assert (problem.where, problem.affected) == ("log/main", ["gaps:v0"])


@NEEDED
def test_repair_finds_in_packs_what_no_segment_lists(tmp_path: Path, root: Digest, kind: Kind) -> None:
    folder = tmp_path / "project"
    objects, above = drafted()
    gone = {key: objects[key] for key in (one_of(objects, kind), node_key(above))}
    log_without(folder, objects, above, *gone)
    left_behind(folder, *gone.items())
    assert [(problem.where, problem.repaired) for problem in repaired(folder).problems] == [("log/main", True), ("index", True)]
    assert check(folder, Silent()).problems == []
    with Project(folder) as project:
        assert project.database.missing(list(objects)) == []
        assert len(content_of(project, above)) == 31


@NEEDED
def test_repair_drops_what_no_version_needs_and_what_leads_to_nowhere(tmp_path: Path, root: Digest, kind: Kind) -> None:
    folder = tmp_path / "project"
    objects, _ = drafted()
    gone = one_of(objects, kind)
    log_without(folder, objects, None, gone)
    assert not check(folder, Silent()).is_sound
    report = repaired(folder)
    assert report.is_sound and report.problems
    assert check(folder, Silent()).problems == []
    del objects[gone]
    with Project(folder) as project:
        assert set(project.database.missing(list(objects))) == without_use(objects)
        assert content_of(project, root) == FILES


def test_repair_keeps_what_is_left_of_a_damaged_version(tmp_path: Path, root: Digest) -> None:
    folder = tmp_path / "project"
    with Project(folder) as project:
        source = write_files(tmp_path / "source", {"new": b"n" * 9000})
        latest = add_folder(project, source).version.root
        chunk = chunk_key(plain(b"n" * 9000))
        pack = folder / pack_name(project.database.locate([chunk])[chunk].pack)
    pack.write_bytes(pack.read_bytes()[:-1])
    damage_index(folder)
    report = repaired(folder)
    assert [problem.affected for problem in report.problems if not problem.repaired] == [[], ["data:v1 new"]]
    with Project(folder) as project:
        assert content_of(project, root) == FILES
        for path, data in FILES.items():
            entry = get(project.database, latest, path.encode())
            assert entry and b"".join(b"".join(block) for block in file_blocks(project.database, entry.digest, entry.size)) == data
        assert add_folder(project, source).version.root == latest
        assert content_of(project, latest) == {**FILES, "new": b"n" * 9000}
        collect(project, Silent())
    assert check(folder, Silent()).problems == []


@pytest.mark.parametrize("is_needed", [True, False])
def test_repair_keeps_what_only_a_segment_knows(tmp_path: Path, root: Digest, is_needed: bool) -> None:
    """The records of a pack can be read though its trailer is damaged."""
    folder = tmp_path / "project"
    for pack in (folder / "packs").glob("*/*"):
        pack.write_bytes(pack.read_bytes()[:-1])
    objects, above = drafted()
    log_without(folder, objects, above if is_needed else None, one_of(objects, Kind.CHUNK))
    repaired(folder)
    with Project(folder) as project:
        assert content_of(project, root) == FILES


def test_repair_keeps_what_is_left_of_a_version_that_can_be_restored(tmp_path: Path, root: Digest) -> None:
    folder = tmp_path / "project"
    objects, above = drafted()
    gone = one_of(objects, Kind.CHUNK)
    log_without(folder, objects, above, gone)
    with Project(folder) as project, project.writing():
        project.commit(lambda state: delete_version(state, "gaps", "v0", delete_aliases=True))
    repaired(folder)
    with Project(folder) as project:
        restore(project, "gaps", "v0")
        assert project.database.missing(list(objects)) == [gone]


def test_repair_gives_up_a_segment_of_which_nothing_is_of_use(tmp_path: Path, root: Digest) -> None:
    folder = tmp_path / "project"
    with Project(folder) as project:
        before = project.state.segments
    objects, above = drafted()
    log_without(folder, {node_key(above): objects[node_key(above)]}, None)
    assert repaired(folder).is_sound
    with Project(folder) as project:
        assert project.state.segments == before


def test_repair_gives_up_segments_of_which_nothing_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    objects, _ = drafted()
    Project.create_at(folder).close()
    log_without(folder, objects, None)
    damage_index(folder)
    for pack in (folder / "packs").glob("*/*"):
        pack.unlink()
    assert repaired(folder).is_sound
    assert check(folder, Silent()).problems == []


def test_a_pack_that_was_taken_over_may_hold_what_was_stored_meanwhile(tmp_path: Path, root: Digest) -> None:
    folder = tmp_path / "project"
    one, two = b"one" * 100, b"two" * 100
    with Project(folder) as project:
        living = project.open_draft()
        left_behind(folder, (chunk_key(plain(one)), one), (chunk_key(plain(two)), two))
        living.add(chunk_key(plain(one)), one)
        segments = living.publish()
        with project.writing():
            project.commit(lambda _: [SegmentsRecord(segments=tuple(segments))])
        living.finish()
        add_folder(project, write_files(tmp_path / "source", {"two": two}))
    assert check(folder, Silent()).problems == []


def test_settings_of_a_clone_that_are_gone_are_told_like_any_other_problem(sharing: Sharing) -> None:
    mine = sharing.new("mine")
    log(mine, {"a": b"one"})
    send(mine)
    (mine.folder / NAME).unlink()
    assert [problem.where for problem in check(mine.folder, Silent()).problems] == [NAME]
