"""`fsck --repair` makes the index anew from the packs."""

from pathlib import Path

import pytest

from objstore.host.progress import Silent
from objstore.odb.segment import segment_name
from objstore.repository.checking import Report, check
from objstore.repository.collecting import collect
from objstore.repository.project import Project
from objstore.values.digest import Digest, plain
from objstore.values.key import Key, chunk_key
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
