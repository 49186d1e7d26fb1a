"""Writing a version into a folder: what is right stays, what differs is replaced, and nothing outside is ever touched."""

import contextlib
import os
import shutil
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.blobs.local import LocalBlobs
from objstore.errors import ConflictError, CorruptionError, NotFoundError, ObjstoreError
from objstore.manifest.edit import edit
from objstore.manifest.entry import Entry, EntryKind
from objstore.manifest.node import Leaf, encode
from objstore.odb.record import FRAME
from objstore.odb.segment import Location
from objstore.repository.project import Project
from objstore.values.digest import Digest, node_digest, plain
from objstore.values.key import chunk_key, node_key
from objstore.worktree import crew
from objstore.worktree.intake import DraftNodes
from tests.conftest import fast_folder
from tests.odb.stores import noise
from tests.repository.stores import add_folder, check_out, content_of, files_of, temporary_files, write_files
from tests.worktree.coarse import Clock

FILES = {"a": b"1", "dir/b": b"22", "dir/sub/c": b"", "dir/sub/d": noise(1, 100_000), "large": noise(2, 9_000_000), "zz": b"1"}


@pytest.fixture(params=["threads", "processes"])
def helpers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether small files are written by helper processes."""
    if request.param == "processes":
        monkeypatch.setattr(crew, "FILES_WORTHWHILE", 0)
        monkeypatch.setattr(crew, "SMALL", 1 << 40)
    return str(request.param)


@pytest.fixture
def root(project: Project, tmp_path: Path) -> Digest:
    return add_folder(project, write_files(tmp_path / "source", FILES)).version.root


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "target"


def small_root(project: Project, files: dict[bytes, Entry]) -> Digest:
    """A version with these entries, their content stored or not."""
    with project.writing():
        draft = project.open_draft()
        made = edit(DraftNodes(project.database, draft), None, sorted(files.items()))
        _publish(project, draft, made)
    return made


def hostile_root(project: Project, paths: list[bytes]) -> Digest:
    """A version whose one node an encoder made that doesn't look."""
    data = encode(Leaf.of(paths, [Entry(EntryKind.FILE, plain(b"evil"), 4)] * len(paths)))
    with project.writing():
        draft = project.open_draft()
        draft.add(chunk_key(plain(b"evil")), b"evil")
        draft.add(node_key(node_digest(data)), data)
        _publish(project, draft, node_digest(data))
    return node_digest(data)


def _publish(project: Project, draft: object, _: Digest) -> None:
    project.database.load([*project.state.segments, *draft.publish()])  # type: ignore[attr-defined]
    draft.finish()  # type: ignore[attr-defined]


def test_a_version_is_written_as_it_was(project: Project, root: Digest, target: Path, helpers: str) -> None:
    outcome = check_out(project, root, target)
    assert files_of(target) == FILES
    assert (outcome.written, outcome.kept) == (len(FILES), 0)
    assert outcome.written_bytes == sum(map(len, FILES.values()))
    assert temporary_files(target) == []


def test_what_is_right_is_left_alone_and_what_differs_is_replaced(project: Project, root: Digest, target: Path, helpers: str) -> None:
    write_files(target, {"a": b"1", "dir/b": b"xx", "zz": b"longer", "foreign": b"mine", "dir/foreign/x": b"mine"})
    kept = (target / "a").stat()
    outcome = check_out(project, root, target)
    assert files_of(target) == {**FILES, "foreign": b"mine", "dir/foreign/x": b"mine"}
    assert (target / "a").stat().st_ino == kept.st_ino
    assert (target / "a").stat().st_ctime_ns == kept.st_ctime_ns
    assert (outcome.kept, outcome.written, outcome.removed) == (1, len(FILES) - 1, [])


def test_a_second_time_nothing_is_written_or_read(project: Project, root: Digest, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_out(project, root, target)
    while project.clock <= max(path.stat().st_ctime_ns for path in target.rglob("*")):
        pass
    check_out(project, root, target)
    monkeypatch.setattr("objstore.worktree.target.Folder.read", lambda *_: pytest.fail("a file was read"))
    outcome = check_out(project, root, target)
    assert (outcome.written, outcome.kept) == (0, len(FILES))


def test_an_add_of_what_was_checked_out_is_unchanged(project: Project, root: Digest, target: Path) -> None:
    check_out(project, root, target)
    logged = add_folder(project, target)
    assert (logged.version.root, logged.is_new, logged.new_bytes) == (root, False, 0)
    write_files(target, {"foreign": b"new"})
    assert content_of(project, add_folder(project, target).version.root) == {**FILES, "foreign": b"new"}


def test_foreign_files_are_removed_when_asked(project: Project, root: Digest, target: Path) -> None:
    write_files(target, {"foreign": b"", "dir/sub/foreign": b"", "dir-/x": b"", "gone/deep/er": b"", "aa": b""})
    (target / "link").symlink_to("/etc")
    outcome = check_out(project, root, target, remove_foreign=True)
    assert files_of(target) == FILES
    assert sorted(path.name for path in target.iterdir()) == ["a", "dir", "large", "zz"]
    assert set(outcome.removed) == {"foreign", "dir/sub/foreign", "dir-/", "gone/", "aa", "link"}
    assert Path("/etc/passwd").exists()


def test_the_store_is_not_removed_as_foreign(project: Project, root: Digest, target: Path) -> None:
    write_files(target, {".objstore/config.toml": b"", "foreign": b""})
    check_out(project, root, target, remove_foreign=True)
    assert files_of(target) == {**FILES, ".objstore/config.toml": b""}


@pytest.mark.parametrize(
    ("prefix", "wanted"),
    [(b"dir", {"dir/b", "dir/sub/c", "dir/sub/d"}), (b"dir/sub", {"dir/sub/c", "dir/sub/d"}), (b"dir/b", {"dir/b"}), (b"di", set())],
)
def test_a_part_of_a_version_can_be_written(project: Project, root: Digest, target: Path, prefix: bytes, wanted: set[str]) -> None:
    check_out(project, root, target, prefix=prefix)
    assert files_of(target) == {name: FILES[name] for name in wanted}
    assert content_of(project, add_folder(project, target, "part").version.root) == files_of(target)


def test_one_version_follows_another(project: Project, root: Digest, target: Path, tmp_path: Path, helpers: str) -> None:
    other = {"a": b"2", "dir": b"now a file", "zz/was/a/file": b"x", "large": FILES["large"]}
    second = add_folder(project, write_files(tmp_path / "other", other)).version.root
    for wanted, files in [(root, FILES), (second, other), (root, FILES)]:
        check_out(project, wanted, target, remove_foreign=True)
        assert files_of(target) == files


def test_an_empty_version_makes_an_empty_folder(project: Project, target: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    empty = add_folder(project, tmp_path / "empty").version.root
    write_files(target, {"a": b"x"})
    check_out(project, empty, target)
    assert files_of(target) == {"a": b"x"}
    check_out(project, empty, target, remove_foreign=True)
    assert files_of(target) == {}


names = st.sampled_from(["a", "b", "a-", "ä", "a.b"])
trees = st.dictionaries(st.lists(names, min_size=1, max_size=3).map("/".join), st.sampled_from([b"", b"x", b"y", b"zz"]), max_size=8).map(
    lambda tree: {path: data for path, data in tree.items() if not any(other.startswith(path + "/") for other in tree)}
)


@given(trees, trees)
@settings(max_examples=40)
def test_any_folder_becomes_any_version(before: dict[str, bytes], wanted: dict[str, bytes]) -> None:
    tmp = fast_folder()
    for name in ("source", "target"):
        (tmp / name).mkdir()
    with Project.create_at(tmp / "project") as project:
        root = add_folder(project, write_files(tmp / "source", wanted)).version.root
        write_files(tmp / "target", before)
        check_out(project, root, tmp / "target", remove_foreign=True)
        assert files_of(tmp / "target") == wanted
        assert add_folder(project, tmp / "target").version.root == root
    shutil.rmtree(tmp)


# -- modes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_executable_bits_are_set_within_the_umask(project: Project, target: Path, tmp_path: Path, helpers: str, umask: int) -> None:
    source = write_files(tmp_path / "source", {"run": b"#!", "data": b"1"})
    (source / "run").chmod(0o755)
    root = add_folder(project, source).version.root
    old = os.umask(umask)
    try:
        check_out(project, root, target)
    finally:
        os.umask(old)
    assert stat.S_IMODE((target / "run").stat().st_mode) == 0o777 & ~umask
    assert stat.S_IMODE((target / "data").stat().st_mode) == 0o666 & ~umask


def test_only_the_mode_is_changed_where_the_content_is_right(project: Project, target: Path, tmp_path: Path) -> None:
    source = write_files(tmp_path / "source", {"run": b"#!", "data": b"1"})
    (source / "run").chmod(0o755)
    root = add_folder(project, source).version.root
    write_files(target, {"run": b"#!", "data": b"1"})
    (target / "run").chmod(0o640)
    (target / "data").chmod(0o755)
    assert check_out(project, root, target).written == 0
    assert stat.S_IMODE((target / "run").stat().st_mode) == 0o750
    assert stat.S_IMODE((target / "data").stat().st_mode) == 0o644


def test_where_modes_are_not_kept_they_stay_as_they_are(project: Project, target: Path, tmp_path: Path) -> None:
    source = write_files(tmp_path / "source", {"run": b"#!"})
    (source / "run").chmod(0o755)
    root = add_folder(project, source).version.root
    project.keep_mode = False
    write_files(target, {"run": b"#!"})
    check_out(project, root, target)
    assert not (target / "run").stat().st_mode & 0o111


# -- what is in the way ------------------------------------------------------------------------------------------------


def test_a_file_where_a_folder_belongs_is_replaced(project: Project, root: Digest, target: Path, helpers: str) -> None:
    write_files(target, {"dir": b"in the way"})
    check_out(project, root, target)
    assert files_of(target) == FILES


def test_a_folder_where_a_file_belongs_is_a_conflict_and_stays(project: Project, root: Digest, target: Path, helpers: str) -> None:
    write_files(target, {"a/precious": b"mine"})
    with pytest.raises(ConflictError, match="a in the destination is a folder"):
        check_out(project, root, target)
    assert (target / "a" / "precious").read_bytes() == b"mine"
    assert temporary_files(target) == []


def test_a_folder_where_a_file_belongs_gives_way_when_foreign_files_are_removed(project: Project, root: Digest, target: Path) -> None:
    write_files(target, {"a/foreign": b"", "large/x": b""})
    check_out(project, root, target, remove_foreign=True)
    assert files_of(target) == FILES


def test_a_linked_file_is_replaced_and_not_followed(project: Project, root: Digest, target: Path, tmp_path: Path, helpers: str) -> None:
    outside = write_files(tmp_path / "outside", {"x": b"mine", "y": b"1", "z": b"mine"})
    target.mkdir()
    (target / "a").symlink_to(outside / "x")
    (target / "zz").symlink_to(outside / "y")  # which has the right content
    (target / "large").symlink_to(outside / "z")
    check_out(project, root, target)
    assert files_of(outside) == {"x": b"mine", "y": b"1", "z": b"mine"}
    assert files_of(target) == FILES
    assert not any(path.is_symlink() for path in target.rglob("*"))


def test_a_linked_folder_is_not_written_through(project: Project, root: Digest, target: Path, tmp_path: Path, helpers: str) -> None:
    outside = write_files(tmp_path / "outside", {"b": b"mine"})
    target.mkdir()
    (target / "dir").symlink_to(outside)
    with pytest.raises(ConflictError, match="dir in the destination is a symbolic link"):
        check_out(project, root, target)
    assert files_of(outside) == {"b": b"mine"}
    check_out(project, root, target, remove_foreign=True)
    assert files_of(outside) == {"b": b"mine"}
    assert files_of(target) == FILES
    assert not (target / "dir").is_symlink()


def test_the_destination_itself_may_be_a_link(project: Project, root: Digest, target: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target.symlink_to(tmp_path / "real")
    check_out(project, root, target)
    assert files_of(tmp_path / "real") == FILES


def test_a_destination_that_is_a_file_is_a_conflict(project: Project, root: Digest, target: Path) -> None:
    target.write_bytes(b"mine")
    with pytest.raises(ConflictError, match="not a folder"):
        check_out(project, root, target)
    assert target.read_bytes() == b"mine"


def test_a_pipe_in_the_way_is_replaced(project: Project, root: Digest, target: Path) -> None:
    target.mkdir()
    os.mkfifo(target / "a")
    os.mkfifo(target / "dir")
    check_out(project, root, target)
    assert files_of(target) == FILES


# -- hostile versions --------------------------------------------------------------------------------------------------

HOSTILE = [b"../evil", b"/tmp/evil", b"a/../../evil", b"..", b".", b"a//b", b"a/", b"./a", b"a/./b", b"a\0b", b"", b"x/\xff"]


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_path_writes_nothing_anywhere(project: Project, target: Path, tmp_path: Path, path: bytes) -> None:
    target.mkdir()
    outside = sorted(str(found) for found in tmp_path.iterdir())
    root = hostile_root(project, [path])
    with pytest.raises(CorruptionError):
        check_out(project, root, target)
    assert list(target.iterdir()) == []
    assert sorted(str(found) for found in tmp_path.iterdir()) == outside
    assert not Path("/tmp/evil").exists()


def test_a_path_that_is_both_a_file_and_a_folder_writes_nothing_outside(project: Project, target: Path, tmp_path: Path) -> None:
    """No link can come from a version, so the worst is an error in the middle."""
    root = hostile_root(project, [b"a", b"a/b"])
    before = {path for path in tmp_path.iterdir() if path != target}
    with contextlib.suppress(ObjstoreError):
        check_out(project, root, target)
    assert {path for path in tmp_path.iterdir() if path != target} == before


@pytest.mark.parametrize("path", [b".objstore/config.toml", b"sub/.objstore/default/x", b".OBJSTORE/config.toml"])
def test_a_version_cannot_write_into_a_store(project: Project, target: Path, path: bytes) -> None:
    root = hostile_root(project, [path])
    with pytest.raises(ConflictError, match="store"):
        check_out(project, root, target)
    assert files_of(target) == {}


def test_content_that_is_not_stored_is_not_found(project: Project, target: Path) -> None:
    root = small_root(project, {b"a": Entry(EntryKind.FILE, plain(b"nobody has it"), 13)})
    with pytest.raises(NotFoundError):
        check_out(project, root, target)
    assert files_of(target) == {}


@pytest.mark.parametrize("size", [1, 9, 1 << 40])
def test_an_entry_that_lies_about_its_size_is_refused(project: Project, target: Path, size: int) -> None:
    with project.writing():
        draft = project.open_draft()
        draft.add(chunk_key(plain(b"four")), b"four")
        _publish(project, draft, plain(b""))
    root = small_root(project, {b"a": Entry(EntryKind.FILE, plain(b"four"), size)})
    with pytest.raises((CorruptionError, NotFoundError)):
        check_out(project, root, target)
    assert files_of(target) == {}
    assert temporary_files(target) == []


@pytest.mark.parametrize("name", ["a", "large"])
def test_a_damaged_record_writes_no_file(project: Project, root: Digest, target: Path, helpers: str, name: str) -> None:
    assert isinstance(project.blobs, LocalBlobs)
    key = chunk_key(plain(FILES[name])) if name == "a" else _last_chunk(project, FILES[name])
    place = project.database.locate([key])[key]
    path = project.folder / "packs" / place.pack[:2] / place.pack
    data = bytearray(path.read_bytes())
    data[place.offset + FRAME.size] ^= 1
    path.write_bytes(data)
    with pytest.raises(CorruptionError):
        check_out(project, root, target)
    assert not (target / name).exists()
    assert temporary_files(target) == []


def _last_chunk(project: Project, content: bytes) -> bytes:
    from objstore.odb.content import file_chunks

    return chunk_key(list(file_chunks(project.database, plain(content), len(content)))[-1][0])


# -- edits within one tick of the clock --------------------------------------------------------------------------------


def test_an_edit_in_the_same_tick_as_a_checkout_is_seen_by_an_add(
    project: Project, root: Digest, target: Path, coarse_clock: Clock
) -> None:
    check_out(project, root, target)
    (target / "a").write_bytes(b"2")
    assert content_of(project, add_folder(project, target).version.root)["a"] == b"2"


def test_an_edit_in_the_same_tick_as_a_checkout_is_seen_by_a_checkout(
    project: Project, root: Digest, target: Path, coarse_clock: Clock
) -> None:
    check_out(project, root, target)
    (target / "a").write_bytes(b"2")
    check_out(project, root, target)
    assert files_of(target) == FILES
    (target / "a").write_bytes(b"3")
    check_out(project, root, target)
    assert files_of(target) == FILES


def test_a_checkout_that_was_interrupted_goes_on_from_there(
    project: Project, root: Digest, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from objstore.worktree.target import Folder

    write = Folder.write

    def interrupted(folder: Folder, name: bytes, *args: object, **kwargs: object) -> bytes:
        if name == b"large":
            raise KeyboardInterrupt
        return write(folder, name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Folder, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        check_out(project, root, target)
    monkeypatch.undo()
    assert temporary_files(target) == []
    check_out(project, root, target)
    assert files_of(target) == FILES


def test_a_pack_that_gc_has_just_replaced_is_looked_up_again(
    project: Project, root: Digest, target: Path, helpers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced: list[str] = []
    locate = project.database.locate

    def stale(keys: list[bytes]) -> dict[bytes, Location]:
        found = locate(keys)
        if not replaced:  # the first time, as by a look before gc came: a pack that isn't there any more
            replaced.extend(place.pack for place in found.values())
            return {key: place._replace(pack="0" * 64) for key, place in found.items()}
        return found

    monkeypatch.setattr(project.database, "locate", stale)
    check_out(project, root, target)
    assert replaced, helpers
    assert files_of(target) == FILES
