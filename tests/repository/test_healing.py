"""A damaged chunk: what is affected is named, the rest stays readable, and adding it again makes all versions whole."""

import random
from pathlib import Path

import pytest

import objstore
from objstore.errors import CorruptionError
from objstore.history.records import SegmentsRecord
from objstore.host.progress import Silent
from objstore.manifest.entry import Entry, EntryKind
from objstore.manifest.node import Leaf, encode
from objstore.odb.pack import pack_name
from objstore.odb.segment import segment_name
from objstore.repository.adding import add
from objstore.repository.checking import check
from objstore.repository.localgc import collect
from objstore.repository.logging import Labels, Logged
from objstore.repository.project import Project
from objstore.values.digest import node_digest, plain
from objstore.values.key import chunk_key, node_key
from objstore.worktree.checkout import Checkout
from objstore.worktree.ignore import Patterns


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number}.bin").write_bytes(random.Random(number).randbytes(5000))
    return folder


def added(folder: Path, source: Path) -> Logged:
    with Project.find(folder) as project:
        return add(project, [source], Labels("data"), Patterns(), Silent())


def checked_out(folder: Path, target: Path, prefix: bytes = b"") -> None:
    with Project.find(folder) as project:
        root = project.state.version("data").root
        Checkout(project.database, root, target, Silent()).run(project.scratch, prefix)


def damage(folder: Path, content: bytes) -> Path:
    """Flips a bit of a stored chunk; the project's folder."""
    with Project.find(folder) as project:
        key = chunk_key(plain(content))
        place = project.database.locate([key])[key]
        path = project.folder / pack_name(place.pack)
        data = bytearray(path.read_bytes())
        data[place.offset + 10 + 17] ^= 4
        path.write_bytes(data)
        return project.folder


def test_a_damaged_chunk_is_stored_anew_when_its_file_is_added_again(tmp_path: Path, source: Path) -> None:
    Project.create(tmp_path).close()
    added(tmp_path, source)
    content = (source / "7.bin").read_bytes()
    store = damage(tmp_path, content)

    (problem,) = check(store, Silent(), repair=True).problems
    assert problem.affected == ["data:v0 7.bin"]
    checked_out(tmp_path, tmp_path / "other", b"8.bin")
    with pytest.raises(CorruptionError):
        checked_out(tmp_path, tmp_path / "broken")

    again = added(tmp_path, source)
    assert (again.is_new, again.version.number) == (False, 0)
    checked_out(tmp_path, tmp_path / "whole")
    assert (tmp_path / "whole/7.bin").read_bytes() == content
    assert check(store, Silent()).is_sound


def test_another_copy_takes_the_place_of_a_damaged_one(tmp_path: Path, source: Path) -> None:
    """Two who store the same content at the same time store it twice; the index names one of the copies."""
    content = (source / "7.bin").read_bytes()
    with objstore.open(tmp_path, create=True) as repo:
        draft = repo.new_artifact("other", "dataset")
        draft.add_file(source / "7.bin")
        added(tmp_path, source)
        repo.log(draft)
    store = damage(tmp_path, content)
    with pytest.raises(CorruptionError):
        checked_out(tmp_path, tmp_path / "broken")

    assert [problem.affected for problem in check(store, Silent(), repair=True).problems if not problem.repaired] == []
    with Project.find(tmp_path) as project:
        collect(project, Silent())
    assert check(store, Silent()).problems == []
    checked_out(tmp_path, tmp_path / "whole")
    assert (tmp_path / "whole/7.bin").read_bytes() == content


@pytest.mark.parametrize("cut", [0, 1])
def test_what_was_damaged_heals_though_its_pack_has_the_same_name(tmp_path: Path, cut: int) -> None:
    """All of the pack is damaged, and nothing has been collected since it was written."""
    Project.create(tmp_path).close()
    source = tmp_path / "data"
    source.mkdir()
    (source / "only").write_bytes(random.Random(1).randbytes(9000))
    added(tmp_path, source)
    store = damage(tmp_path, (source / "only").read_bytes())
    for pack in (store / "packs").glob("*/*") if cut else ():
        pack.write_bytes(pack.read_bytes()[:-cut])
    assert not check(store, Silent(), repair=True).is_sound
    added(tmp_path, source)
    checked_out(tmp_path, tmp_path / "whole")
    assert (tmp_path / "whole/only").read_bytes() == (source / "only").read_bytes()
    assert check(store, Silent()).problems == []


def test_gc_removes_the_damaged_copy_once_there_is_a_whole_one(tmp_path: Path, source: Path) -> None:
    Project.create(tmp_path).close()
    added(tmp_path, source)
    store = damage(tmp_path, (source / "7.bin").read_bytes())
    check(store, Silent(), repair=True)
    added(tmp_path, source)
    with Project.find(tmp_path) as project:
        collect(project, Silent())
    assert check(store, Silent()).problems == []
    checked_out(tmp_path, tmp_path / "whole")


def test_gc_frees_nothing_that_a_damaged_version_still_has(tmp_path: Path, source: Path) -> None:
    Project.create(tmp_path).close()
    added(tmp_path, source)
    store = damage(tmp_path, (source / "7.bin").read_bytes())
    check(store, Silent(), repair=True)
    with Project.find(tmp_path) as project:
        collect(project, Silent())
    for number in (6, 8):
        checked_out(tmp_path, tmp_path / "rest", b"%d.bin" % number)
    assert [problem.affected for problem in check(store, Silent()).problems] == [["data:v0 7.bin"]]


def test_a_draft_that_relies_on_a_damaged_pack_keeps_it_and_what_was_healed_stays_whole(tmp_path: Path, source: Path) -> None:
    with objstore.open(tmp_path, create=True) as repo:
        added(tmp_path, source)
        store = damage(tmp_path, (source / "7.bin").read_bytes())
        check(store, Silent(), repair=True)
        added(tmp_path, source)
        draft = repo.new_artifact("other", "dataset")
        draft.add_file(source / "8.bin")
        for number in range(2):
            repo.add(source / "9.bin", "gone")
            repo.artifact(f"gone:v{number}").delete(delete_aliases=True)
            repo.gc()
            checked_out(tmp_path, tmp_path / f"whole{number}")
        repo.log(draft)
        repo.gc()
    assert check(store, Silent()).problems == []


def write_what_leads_to_nowhere(folder: Path, *, is_listed: bool) -> None:
    """A node that no version needs, of a file that isn't there: a repair leaves it out."""
    data = encode(Leaf.of([b"a"], [Entry(EntryKind.FILE, plain(b"missing"), 7)]))
    with Project.find(folder) as project, project.writing():
        draft = project.open_draft()
        draft.add(node_key(node_digest(data)), data)
        record = SegmentsRecord(segments=tuple(draft.publish()))
        if is_listed:
            project.commit(lambda _: [record])
        draft.close()


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize(("damaged", "leads_to_nowhere"), [(0, True), (1, True), (1, False), (2, True), (2, False)])
def test_rebuilding_the_index_prefers_whole_copies(tmp_path: Path, source: Path, number: int, damaged: int, leads_to_nowhere: bool) -> None:
    Project.create(tmp_path).close()
    added(tmp_path, source)
    content = (source / f"{number}.bin").read_bytes()
    store = damage(tmp_path, content)
    check(store, Silent(), repair=True)
    added(tmp_path, source)
    if leads_to_nowhere:
        write_what_leads_to_nowhere(tmp_path, is_listed=not damaged)
    damage_segments(store, damaged)
    assert check(store, Silent(), repair=True).is_sound
    checked_out(tmp_path, tmp_path / "whole")
    assert (tmp_path / f"whole/{number}.bin").read_bytes() == content


def test_rebuilding_the_index_keeps_what_leads_to_a_damaged_chunk(tmp_path: Path, source: Path) -> None:
    Project.create(tmp_path).close()
    added(tmp_path, source)
    store = damage(tmp_path, (source / "7.bin").read_bytes())
    damage_segments(store, 1)
    problems = [problem for problem in check(store, Silent(), repair=True).problems if not problem.repaired]
    assert [problem.affected for problem in problems] == [["data:v0 7.bin"]]
    checked_out(tmp_path, tmp_path / "rest", b"8.bin")
    with pytest.raises(CorruptionError):
        checked_out(tmp_path, tmp_path / "broken", b"7.bin")


def damage_segments(store: Path, count: int) -> None:
    with Project(store) as project:
        segments = project.state.segments
    for name in segments[:count]:
        segment = store / segment_name(name)
        segment.write_bytes(segment.read_bytes()[:-1])
