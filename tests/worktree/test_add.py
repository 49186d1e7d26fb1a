"""Adding a folder over and over: every change is seen, and what hasn't changed isn't read."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from objstore.history.versions import delete_version
from objstore.host.progress import Silent
from objstore.manifest.cursor import entries
from objstore.manifest.entry import EntryKind
from objstore.repository.adding import add
from objstore.repository.localgc import collect
from objstore.repository.logging import Labels, log_draft
from objstore.repository.project import Project
from objstore.worktree.ignore import Patterns
from objstore.worktree.intake import Intake
from objstore.worktree.scan import folder_source
from tests.conftest import fast_folder
from tests.odb.stores import noise
from tests.repository.stores import add_folder, content_of, files_of, write_files
from tests.worktree.coarse import Clock

FILES = {"a": b"1", "dir/b": b"22", "dir/sub/c": b"333", "dir2/d": noise(1, 200_000)}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_files(tmp_path / "source", FILES)


@pytest.fixture
def opened(source: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of the source that are opened, in order."""
    names: list[str] = []
    os_open = os.open

    def watching(path: str | bytes, *args: int, **kwargs: int) -> int:
        name = os.fsdecode(path)
        if name.startswith(str(source) + "/"):
            names.append(name.removeprefix(str(source) + "/"))
        return os_open(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", watching)
    return names


def settled(project: Project, source: Path) -> None:
    """Adds until the source is older than the clock, so that its facts are trusted."""
    while project.clock <= max(path.stat().st_ctime_ns for path in source.rglob("*")):
        pass
    add_folder(project, source)


EDITS: dict[str, Callable[[Path], object]] = {
    "edit": lambda source: (source / "a").write_bytes(b"2"),
    "add": lambda source: (source / "dir" / "new").write_bytes(b"new"),
    "remove": lambda source: (source / "dir" / "b").unlink(),
    "remove a folder": lambda source: shutil.rmtree(source / "dir"),
    "file to folder": lambda source: ((source / "a").unlink(), write_files(source, {"a/inner": b"x", "a/deep/er": b"y"})),
    "folder to file": lambda source: (shutil.rmtree(source / "dir"), (source / "dir").write_bytes(b"file")),
    "rename a file": lambda source: (source / "a").rename(source / "z"),
    "rename a folder": lambda source: (source / "dir").rename(source / "moved"),
    "swap two folders": lambda source: (
        (source / "dir").rename(source / "tmp"),
        (source / "dir2").rename(source / "dir"),
        (source / "tmp").rename(source / "dir2"),
    ),
    "swap two files of one size": lambda source: (
        (source / "e").write_bytes(b"5"),
        (source / "a").rename(source / "tmp"),
        (source / "e").rename(source / "a"),
        (source / "tmp").rename(source / "e"),
    ),
    "times set back": lambda source: (
        times := (source / "a").stat(),
        (source / "a").write_bytes(b"9"),
        os.utime(source / "a", ns=(times.st_atime_ns, times.st_mtime_ns)),
    ),
    "empty a folder": lambda source: (source / "dir2" / "d").unlink(),
    "everything": lambda source: (shutil.rmtree(source), write_files(source, {"other": b"1"})),
}


@pytest.mark.parametrize("edit", list(EDITS))
@pytest.mark.parametrize("trusted", [True, False], ids=["older than the clock", "just written"])
def test_every_kind_of_edit_is_seen_by_the_next_add(project: Project, source: Path, edit: str, trusted: bool) -> None:
    settled(project, source) if trusted else add_folder(project, source)
    EDITS[edit](source)
    logged = add_folder(project, source)
    assert content_of(project, logged.version.root) == files_of(source)
    assert logged.is_new
    again = add_folder(project, source)
    assert (again.version.root, again.is_new) == (logged.version.root, False)


def test_the_root_depends_on_the_content_and_not_on_the_way_there(project: Project, source: Path, tmp_path: Path) -> None:
    first = add_folder(project, source)
    for edit in ["edit", "add", "file to folder", "rename a folder"]:
        EDITS[edit](source)
        by_edit = add_folder(project, source)
    copy = shutil.copytree(source, tmp_path / "copy")
    assert add_folder(project, copy, "other").version.root == by_edit.version.root
    shutil.rmtree(source)
    write_files(source, FILES)
    assert add_folder(project, source).version.root == first.version.root


def test_an_unchanged_folder_is_not_read(project: Project, source: Path, opened: list[str]) -> None:
    settled(project, source)
    assert set(opened) == FILES.keys()
    opened.clear()
    assert not add_folder(project, source).is_new
    assert opened == []
    (source / "dir" / "b").write_bytes(b"44")
    add_folder(project, source)
    assert opened == ["dir/b"]


def test_a_removed_file_costs_no_reading(project: Project, source: Path, opened: list[str]) -> None:
    write_files(source, dict.fromkeys(["b", "c", "d"], b""))
    settled(project, source)
    opened.clear()
    (source / "b").unlink()
    add_folder(project, source)
    assert opened == []


def test_a_moved_folder_is_read_but_stores_nothing_new(project: Project, source: Path) -> None:
    settled(project, source)
    (source / "dir2").rename(source / "elsewhere")
    assert add_folder(project, source).new_bytes < 1000


def test_without_the_cache_everything_is_read_and_nothing_is_written(project: Project, source: Path, opened: list[str]) -> None:
    settled(project, source)
    project.forget_cache()
    opened.clear()
    logged = add_folder(project, source)
    assert set(opened) == FILES.keys()
    assert (logged.is_new, logged.new_bytes) == (False, 0)


@pytest.mark.parametrize("folder", ["dir", "dir/sub"])
def test_a_folder_that_goes_and_comes_back_is_seen_both_times(project: Project, source: Path, tmp_path: Path, folder: str) -> None:
    settled(project, source)
    (source / folder).rename(tmp_path / "away")
    assert content_of(project, add_folder(project, source).version.root) == files_of(source)
    (tmp_path / "away").rename(source / folder)
    assert content_of(project, add_folder(project, source).version.root) == FILES


def test_a_folder_that_comes_back_after_gc_has_freed_its_root_is_taken_in_again(project: Project, source: Path, tmp_path: Path) -> None:
    """What was remembered of folders must go together with the root that it belongs to."""
    settled(project, source)
    with project.writing():
        project.commit(lambda state: delete_version(state, "data", "v0", delete_aliases=True))
    collect(project, Silent())
    (source / "dir").rename(tmp_path / "away")
    assert content_of(project, add_folder(project, source).version.root) == files_of(source)
    (tmp_path / "away").rename(source / "dir")
    assert content_of(project, add_folder(project, source).version.root) == FILES


def test_a_mode_change_is_a_new_version_of_the_same_content(project: Project, source: Path) -> None:
    settled(project, source)
    (source / "a").chmod(0o755)
    logged = add_folder(project, source)
    assert logged.is_new
    kinds = {path: entry.kind for path, entry in entries(project.database, logged.version.root)}
    assert kinds.pop(b"a") == EntryKind.EXECUTABLE
    assert set(kinds.values()) == {EntryKind.FILE}
    (source / "a").chmod(0o644)
    assert add_folder(project, source).version.number == 0


def test_modes_other_than_executable_mean_nothing(project: Project, source: Path) -> None:
    first = add_folder(project, source)
    (source / "a").chmod(0o600)
    assert add_folder(project, source).version.root == first.version.root


def test_where_modes_are_not_kept_they_mean_nothing(project: Project, source: Path) -> None:
    project.keep_mode = False
    (source / "a").chmod(0o755)
    root = add_folder(project, source).version.root
    assert {entry.kind for _, entry in entries(project.database, root)} == {EntryKind.FILE}


def test_an_empty_folder_is_an_empty_version(project: Project, tmp_path: Path) -> None:
    (tmp_path / "empty" / "inner").mkdir(parents=True)
    assert content_of(project, add_folder(project, tmp_path / "empty").version.root) == {}


# -- edits within one tick of the clock --------------------------------------------------------------------------------


def test_an_edit_in_the_same_tick_as_an_add_is_seen(project: Project, source: Path, coarse_clock: Clock) -> None:
    add_folder(project, source)
    (source / "a").write_bytes(b"2")
    assert content_of(project, add_folder(project, source).version.root)["a"] == b"2"
    (source / "a").write_bytes(b"3")
    assert content_of(project, add_folder(project, source).version.root)["a"] == b"3"


def test_after_the_tick_an_unchanged_folder_is_not_read(project: Project, source: Path, coarse_clock: Clock, opened: list[str]) -> None:
    coarse_clock.ticks = 2
    add_folder(project, source)
    opened.clear()
    add_folder(project, source)
    assert opened == []


def test_a_file_written_in_the_tick_is_read_again_until_it_is_older(
    project: Project, source: Path, coarse_clock: Clock, opened: list[str]
) -> None:
    add_folder(project, source)
    opened.clear()
    coarse_clock.ticks = 2
    add_folder(project, source)
    assert set(opened) == FILES.keys()
    opened.clear()
    add_folder(project, source)
    assert opened == []


# -- two at once -------------------------------------------------------------------------------------------------------


def test_an_add_that_was_overtaken_does_not_spoil_the_memory(project: Project, source: Path) -> None:
    """One add scans, somebody edits, a second add scans and finishes, then the first one finishes."""
    settled(project, source)
    (source / "a").write_bytes(b"2")
    first = Intake(project.database, folder_source(source), Patterns(), Silent())
    with first.plan(project.scratch, project.clock) as plan:
        (source / "dir" / "b").write_bytes(b"44")
        settled(project, source)
        with project.writing():
            draft = project.open_draft()
            root = first.execute(plan, draft)
            log_draft(project, draft, root, Labels("data"))
            first.remember(plan, root)
    assert content_of(project, add_folder(project, source).version.root) == files_of(source)


def test_an_add_that_is_overtaken_while_it_scans_sees_what_is_there(project: Project, source: Path) -> None:
    """Between its look at the remembered root and at the remembered listings somebody else adds another content."""
    settled(project, source)

    class Overtaken(Silent):
        overtaken = False

        def start(self, what: str, /, *, files: int | None = None, bytes_: int | None = None) -> None:
            if not self.overtaken:
                self.overtaken = True
                (source / "dir" / "b").write_bytes(b"44")
                settled(project, source)

    logged = add(project, [source], Labels("data"), Patterns(), Overtaken())
    assert content_of(project, logged.version.root) == files_of(source)


# -- any edits at all --------------------------------------------------------------------------------------------------

paths = st.lists(st.sampled_from(["a", "b", "a-", "ä"]), min_size=1, max_size=3).map("/".join)


class Folder(RuleBasedStateMachine):
    """A folder is edited and added; a version must always be what the folder was."""

    tmp: Path

    @initialize()
    def begin(self) -> None:
        self.tmp = fast_folder()
        self.source = self.tmp / "source"
        self.source.mkdir()
        self.project = Project.create_at(self.tmp / "project")
        self.added = False

    @rule(path=paths, data=st.sampled_from([b"", b"x", b"y", b"zz"]))
    def write(self, path: str, data: bytes) -> None:
        target = self.source / path
        for parent in list(target.relative_to(self.source).parents)[:-1]:
            if (self.source / parent).is_file():
                (self.source / parent).unlink()
        if target.is_dir():
            shutil.rmtree(target)
        write_files(self.source, {path: data})

    @rule(path=paths)
    def remove(self, path: str) -> None:
        target = self.source / path
        if target.is_dir():
            shutil.rmtree(target)
        elif target.exists():
            target.unlink()

    @rule(old=paths, new=st.sampled_from(["a", "b", "new"]))
    def move(self, old: str, new: str) -> None:
        if (self.source / old).exists() and not (self.source / new).exists():
            (self.source / old).rename(self.source / new)

    @rule()
    def forget(self) -> None:
        self.project.forget_cache()

    @rule()
    def add(self) -> None:
        root = add_folder(self.project, self.source).version.root
        assert content_of(self.project, root) == files_of(self.source)
        self.added = True

    @precondition(lambda self: self.added)
    @invariant()
    def the_last_version_can_be_read(self) -> None:
        self.added = False
        for version in self.project.state.collection("data").live():
            content_of(self.project, version.root)

    def teardown(self) -> None:
        if hasattr(self, "project"):
            self.project.close()
            shutil.rmtree(self.tmp)


TestFolder = Folder.TestCase
TestFolder.settings = settings(max_examples=30, stateful_step_count=25)
