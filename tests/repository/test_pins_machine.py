"""Whatever is done to pinned folders, status tells it, and checkout loses nothing that no version holds.

The model of a folder is what its files are when all are read. Two folders are pinned; either may take on the versions of either.
"""

import contextlib
import errno
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pathspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from objstore.errors import ConflictError, LocalChangesError, NotFoundError, StorageError
from objstore.history.versions import delete_version
from objstore.host.progress import Silent
from objstore.odb import table
from objstore.repository import pinning
from objstore.repository.adding import add
from objstore.repository.localgc import collect
from objstore.repository.logging import Labels
from objstore.repository.project import Project
from objstore.repository.restoring import restore
from objstore.repository.status import Condition, statuses
from objstore.repository.switching import Placement, moved, switch
from objstore.repository.workingtree import WorkingTree
from objstore.worktree import newfile
from objstore.worktree.ignore import Patterns
from objstore.worktree.pinfiles import pin_file
from tests.conftest import fast_folder

File = tuple[bytes, bool]
"""Content, and whether it is executable."""

IGNORE = ".objstoreignore"
PINNED = ("one", "two")
PATHS = ("a", "b.log", "d", "d/a", "d/b.log", "d/e/a")
RULES = ("", "*.log\n", "d/\n", "a\n", "/d/a\n")
pinned = st.sampled_from(PINNED)
paths = st.sampled_from(PATHS)
contents = st.sampled_from([b"", b"x", b"y", b"zz", b"big" * 1000])
which = st.integers(0, 5)


def all_files(folder: Path) -> dict[str, File]:
    found = {}
    for file in folder.rglob("*"):
        if file.is_file():
            found[file.relative_to(folder).as_posix()] = (file.read_bytes(), os.access(file, os.X_OK))
    return found


def taken_files(folder: Path) -> dict[str, File]:
    """Those that are not ignored."""
    files = all_files(folder)
    if IGNORE not in files:
        return files
    rules = pathspec.GitIgnoreSpec.from_lines(files[IGNORE][0].decode().splitlines())
    return {path: file for path, file in files.items() if not rules.match_file(path)}


class Pins(RuleBasedStateMachine):
    # -- setting up ----------------------------------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        self.top = fast_folder()
        Project.create(self.top, "vision").close()
        self.model: dict[tuple[str, int], dict[str, File]] = {}
        self.open()
        for name in PINNED:
            (self.top / name).mkdir()
            self.write(name, "a", b"x", False)
            self.add(name, name)

    def open(self) -> None:
        self.tree = WorkingTree.of(Project.find(self.top))

    def close(self) -> None:
        self.tree.project.close()
        for path in list(table._open):
            if path.is_relative_to(self.top.resolve()):
                table._open.pop(path).env.close()

    def teardown(self) -> None:
        if hasattr(self, "tree"):
            self.status_tells_what_reading_all_would()
            self.close()
            shutil.rmtree(self.top)

    # -- what people do ------------------------------------------------------------------------------------------------

    @rule(name=pinned, path=paths, data=contents, executable=st.booleans())
    def write(self, name: str, path: str, data: bytes, executable: bool) -> None:
        """Folders and files in the way go."""
        file = self.top / name / path
        for above in reversed(file.parents):
            if above.is_file():
                above.unlink()
        if file.is_dir():
            shutil.rmtree(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        file.chmod(0o755 if executable else 0o644)

    @rule(name=pinned, path=paths)
    def make_folder(self, name: str, path: str) -> None:
        with contextlib.suppress(OSError):
            (self.top / name / path).mkdir(parents=True)

    @rule(name=pinned, path=paths)
    def remove(self, name: str, path: str) -> None:
        place = self.top / name / path
        if place.is_dir():
            shutil.rmtree(place)
        else:
            with contextlib.suppress(NotADirectoryError):
                place.unlink(missing_ok=True)

    @rule(name=pinned)
    def remove_all(self, name: str) -> None:
        shutil.rmtree(self.top / name, ignore_errors=True)

    @rule(name=pinned, path=paths, other=paths)
    def rename(self, name: str, path: str, other: str) -> None:
        old, new = self.top / name / path, self.top / name / other
        if old.exists() and not new.exists():
            with contextlib.suppress(OSError):  # into itself, or below a file
                old.rename(new)

    @rule(name=pinned, path=paths)
    def edit_in_secret(self, name: str, path: str) -> None:
        """The size stays, and the modification time."""
        file = self.top / name / path
        if file.is_file():
            before = file.stat()
            file.write_bytes(bytes(byte ^ 1 for byte in file.read_bytes()))
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    @rule(name=pinned, rules=st.sampled_from(RULES))
    def ignore(self, name: str, rules: str) -> None:
        if (self.top / name).is_dir():
            (self.top / name / IGNORE).write_text(rules)

    # -- what the program does -----------------------------------------------------------------------------------------

    @rule(name=pinned, collection=pinned, is_pinned=st.booleans())
    def add(self, name: str, collection: str, is_pinned: bool = True) -> None:
        path = self.top / name
        if path.is_dir():
            version = add(self.tree.project, [path], Labels(collection), Patterns(), Silent()).version
            assert self.model.setdefault((collection, version.number), taken_files(path)) == taken_files(path)
            if is_pinned:
                pinning.pin(self.tree, path, pinning.pin_of(path, collection, version, Patterns()))

    @rule(name=pinned, files=st.dictionaries(paths, st.tuples(contents, st.booleans()), max_size=4))
    def add_others(self, name: str, files: dict[str, File]) -> None:
        """Other files than there are."""
        self.remove_all(name)
        (self.top / name).mkdir()
        for path, file in files.items():
            self.write(name, path, *file)
        self.add(name, name)

    @rule(name=pinned, force=st.booleans(), inside=st.sampled_from(["", "d", "d/a", "e"]))
    def check_out(self, name: str, force: bool, inside: str) -> None:
        path = self.top / name
        self.switch(Placement(path, self.tree.read(path), inside.encode()), force)

    @rule(name=pinned, old=which, force=st.booleans(), end=st.sampled_from([0, 0, 0, 1, 2, 3]))
    def move(self, name: str, old: int, force: bool, end: int) -> None:
        """`end`: at which file it comes to its end before time."""
        live = self.live()
        if live:
            collection, number = live[old % len(live)]
            found = self.tree.project.state.collection(collection)
            version = next(version for version in found.versions if version.number == number)
            with cut_off_writing(end):
                self.switch(moved(self.tree, self.top / name, found, version), force)

    @rule()
    def forget_the_cache(self) -> None:
        self.close()
        shutil.rmtree(next(self.top.glob(".objstore/*/*/local/cache")))
        self.open()

    @rule(old=which)
    def delete(self, old: int) -> None:
        live = self.live()
        if live:
            name, number = live[old % len(live)]
            with self.tree.project.writing():
                self.tree.project.commit(lambda state: delete_version(state, name, f"v{number}", delete_aliases=True))

    @rule(old=which)
    def restore(self, old: int) -> None:
        name, number = sorted(self.model)[old % len(self.model)]
        with contextlib.suppress(ConflictError):
            restore(self.tree.project, name, f"v{number}")

    @rule()
    def collect(self) -> None:
        collect(self.tree.project, Silent())

    def live(self) -> list[tuple[str, int]]:
        collections = self.tree.project.state.collections.values()
        return sorted((collection.name, version.number) for collection in collections for version in collection.live())

    def switch(self, want: Placement, force: bool) -> None:
        """Switches a path, and checks what came of that."""
        before, taken = all_files(want.path), taken_files(want.path)
        other = all_files(self.top / PINNED[want.path.name == PINNED[0]])
        try:
            switch(self.tree, [want], Silent(), force=force)
        except LocalChangesError:
            assert not force
            assert all_files(want.path) == before
        except (ConflictError, NotFoundError, StorageError):
            pass
        else:
            self.check_done(want, before.keys() - taken.keys())
        after = all_files(want.path)
        held = [self.model[version] for version in self.live()]
        for path, file in before.items():
            assert force or after.get(path) == file or any(files.get(path) == file for files in held), path
            assert after.get(path) == file or f"{path}/".startswith(f"{os.fsdecode(want.inside)}/".lstrip("/"))
        assert other == all_files(self.top / PINNED[want.path.name == PINNED[0]])

    def check_done(self, want: Placement, ignored: set[str]) -> None:
        """What was ignored may have stayed."""
        assert want.inside or want.path.is_dir()
        after, wanted = all_files(want.path), self.files(want.path)
        part = f"{os.fsdecode(want.inside)}/".lstrip("/")
        assert {path: file for path, file in wanted.items() if f"{path}/".startswith(part)}.items() <= after.items()
        assert all(path in wanted or path in ignored or not f"{path}/".startswith(part) for path in taken_files(want.path))
        if taken_files(want.path) == wanted:
            (again,) = switch(self.tree, [want], Silent())
            assert (again.outcome.written, again.outcome.kept, again.outcome.removed) == (0, 0, [])

    def files(self, path: Path) -> dict[str, File]:
        """What the pin of a path wants there."""
        found = self.tree.version(self.tree.read(path))
        return self.model[found.collection.name, found.version.number]

    # -- what is checked -----------------------------------------------------------------------------------------------

    @rule()
    def status_tells_what_reading_all_would(self) -> None:
        """No invariant: it mends what is remembered, and would leave nothing wrong for the next step."""
        for name in PINNED:
            path = self.top / name
            if not pin_file(path).exists():
                continue
            (status,) = statuses(self.tree, [path], Silent(), files=True)
            try:
                wanted, found = self.files(path), taken_files(path)
            except NotFoundError:
                assert status.condition is Condition.NOT_HERE
                continue
            if not path.exists():
                assert status.condition is Condition.MISSING
                continue
            changes = [("added", file) for file in found.keys() - wanted.keys()]
            changes += [("removed", file) for file in wanted.keys() - found.keys()]
            changes += [("modified", file) for file in wanted.keys() & found.keys() if wanted[file] != found[file]]
            assert sorted(status.files) == sorted(changes)
            assert status.counts == Counter(change for change, _ in changes)
            assert status.condition is (Condition.MODIFIED if changes else Condition.UNCHANGED)


@contextlib.contextmanager
def cut_off_writing(at: int) -> Iterator[None]:
    """Has the disk refuse to write the file of this number; none if it is 0."""
    written = 0
    write = newfile.write_new

    def refused(*args: object) -> os.stat_result:
        nonlocal written
        written += 1
        if written == at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(*args)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("objstore.worktree.target.write_new", refused)
        yield


TestPins = Pins.TestCase
# The same examples each time. To look for others: OBJSTORE_MACHINE_EXAMPLES=1000 pytest tests/repository/test_pins_machine.py
LONG = os.environ.get("OBJSTORE_MACHINE_EXAMPLES")
TestPins.settings = settings(max_examples=int(LONG or 40), stateful_step_count=40, derandomize=not LONG)
