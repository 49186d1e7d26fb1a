"""No version is lost or changed, whatever is added, deleted, collected, interrupted, damaged and repaired, in any order.

The model is a dict: what each version holds. It is checked after each step, through an open repository and a new one.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from objstore import Artifact, Repository
from objstore.errors import ConflictError, NotFoundError, ObjstoreError, StorageError
from objstore.history import log
from objstore.history.collection import Version
from objstore.history.state import State
from objstore.history.versions import delete_version
from objstore.host.progress import Silent
from objstore.manifest import split
from objstore.odb import pack, recipe, repack, table
from objstore.odb.segment import segment_name
from objstore.repository.adding import add
from objstore.repository.checking import check
from objstore.repository.localgc import collect
from objstore.repository.logging import Labels
from objstore.repository.project import Project
from objstore.repository.restoring import restore
from objstore.worktree.ignore import Patterns
from tests.conftest import fast_folder
from tests.odb.stores import noise
from tests.repository.interrupting import cut_off, full_disk
from tests.repository.stores import content_of, files_of

Files = dict[str, bytes]

NAMES = ("one", "two")
PATHS = [f"{folder}{name}" for folder in ("", "x/", "y/") for name in "abc"]
SIZES = (0, 1, 700, 5000, 40_000)
contents = st.builds(lambda seed, size: noise(seed, size), st.integers(0, 3), st.sampled_from(SIZES))
folders = st.dictionaries(st.sampled_from(PATHS), contents, min_size=1, max_size=6)
names = st.sampled_from(NAMES)
which = st.integers(0, 5)
steps = st.integers(1, 12)


class Store(RuleBasedStateMachine):
    # -- setting up ----------------------------------------------------------------------------------------------------

    @initialize(size=st.sampled_from([3000, 20_000]), small=st.sampled_from([0.0, 0.25, 0.5]), tolerated=st.sampled_from([0.1, 0.6]))
    def begin(self, size: int, small: float, tolerated: float) -> None:
        self.patch = pytest.MonkeyPatch()
        for owner, name, value in (
            (pack, "TARGET_SIZE", size),
            (repack, "_SMALL", small * size),
            (repack, "_TOLERATED_DEAD", tolerated),
            (log, "COMPACT_SIZES", (4, 16)),
            (split, "BELOW", 100),
            (recipe, "MAX_ROWS", 2),
            (recipe, "MAX_PART_ROWS", 2),
        ):
            self.patch.setattr(owner, name, value)
        self.place = fast_folder()
        self.folder = Project.create_at(self.place / "project").folder
        self.model: dict[tuple[str, int], Files] = {}
        self.is_damaged = False
        self.drafts: list[tuple[Repository, Artifact, Files]] = []
        self.open()

    def open(self) -> None:
        self.repos = [Repository(Project(self.folder)) for _ in range(2)]

    def close(self) -> None:
        """As when the process ends: its drafts are abandoned, the files of theirs stay."""
        for _, draft, _ in self.drafts:
            give_up(draft)
        self.drafts = []
        for repo in self.repos:
            repo._session.project.close()
            repo.close()
        for path in list(table._open):
            if path.is_relative_to(self.place.resolve()):
                table._open.pop(path).env.close()

    def teardown(self) -> None:
        if hasattr(self, "repos"):
            self.close()
            self.patch.undo()
            shutil.rmtree(self.place)

    def project(self, number: int) -> Project:
        return self.repos[number % 2]._session.project

    # -- adding --------------------------------------------------------------------------------------------------------

    @rule(name=names, files=folders, number=which)
    def add(self, name: str, files: Files, number: int) -> None:
        self.log(name, files, number)

    @rule(name=names, number=which, old=which)
    def add_again(self, name: str, number: int, old: int) -> None:
        """What there has been before, live or not."""
        if self.model:
            self.log(name, self.nth(old)[1], number)

    @rule(name=names, number=which)
    def add_unchanged(self, name: str, number: int) -> None:
        source = self.place / f"source-{name}"
        if source.exists():
            self.log(name, files_of(source), number)

    @rule(name=names, files=folders, number=which, step=steps, after=st.booleans())
    def add_cut_off(self, name: str, files: Files, number: int, step: int, after: bool) -> None:
        self.write(name, files)
        with cut_off(step, after=after), self.may_fail():
            self.add_source(name, number)
        self.come_back(name, files)

    @rule(name=names, files=folders, number=which, step=steps, count=st.integers(1, 20))
    def add_on_a_full_disk(self, name: str, files: Files, number: int, step: int, count: int) -> None:
        self.write(name, files)
        with full_disk(step, count), self.may_fail(StorageError):
            self.add_source(name, number)
        self.learn(name, files)

    def log(self, name: str, files: Files, number: int) -> None:
        self.write(name, files)
        with self.may_fail():
            version = self.add_source(name, number)
            assert self.model.setdefault((name, version.number), files) == files

    def write(self, name: str, files: Files) -> None:
        """Makes the source of a collection hold these files; what is there already isn't touched."""
        source = self.place / f"source-{name}"
        source.mkdir(exist_ok=True)
        old = files_of(source)
        for path in old.keys() - files.keys():
            (source / path).unlink()
        for path, data in files.items():
            if old.get(path) != data:
                (source / path).parent.mkdir(exist_ok=True)
                (source / path).write_bytes(data)

    def add_source(self, name: str, number: int) -> Version:
        return add(self.project(number), [self.place / f"source-{name}"], Labels(name), Patterns(), Silent()).version

    # -- drafts that stay open -----------------------------------------------------------------------------------------

    @rule(name=names, number=which, incremental=st.booleans())
    def begin_draft(self, name: str, number: int, incremental: bool) -> None:
        if len(self.drafts) < 3:
            repo = self.repos[number % 2]
            draft = repo.new_artifact(name, "dataset", incremental=incremental)
            with self.may_fail():
                draft._bound()
                collection = self.state().find_collection(name)
                base = collection.latest if incremental and collection else None
                self.drafts.append((repo, draft, dict(self.model[name, base.number]) if base else {}))

    @precondition(lambda self: self.drafts)
    @rule(at=which, path=st.sampled_from(PATHS), data=contents, is_looked_at=st.booleans())
    def add_to_draft(self, at: int, path: str, data: bytes, is_looked_at: bool) -> None:
        with self.drafting(at) as (_, draft, files):
            (self.place / "file").write_bytes(data)
            draft.add_file(self.place / "file", path, overwrite=True)
            files[path] = data
            assert not is_looked_at or draft.digest

    @precondition(lambda self: self.drafts)
    @rule(at=which, name=names)
    def add_folder_to_draft(self, at: int, name: str) -> None:
        source = self.place / f"source-{name}"
        source.mkdir(exist_ok=True)
        with self.drafting(at) as (_, draft, files):
            draft.add_dir(source, merge=True)
            files.update(files_of(source))

    @precondition(lambda self: self.drafts)
    @rule(at=which, path=which)
    def remove_from_draft(self, at: int, path: int) -> None:
        with self.drafting(at) as (_, draft, files):
            for gone in sorted(files)[path : path + 1]:
                draft.remove(gone)
                del files[gone]

    @precondition(lambda self: self.drafts)
    @rule(at=which)
    def log_draft(self, at: int) -> None:
        with self.drafting(at) as (repo, draft, files):
            logged = repo.log(draft)
            self.drafts = [held for held in self.drafts if held[1] is not draft]
            assert self.model.setdefault((logged.collection, int(logged.version[1:])), files) == files

    @precondition(lambda self: self.drafts)
    @rule(at=which)
    def abandon_draft(self, at: int) -> None:
        give_up(self.drafts.pop(at % len(self.drafts))[1])

    @contextlib.contextmanager
    def drafting(self, at: int) -> Iterator[tuple[Repository, Artifact, Files]]:
        """Around the use of an open draft. When gc has freed what it was built on it is refused, and given up."""
        held = self.drafts[at % len(self.drafts)]
        try:
            yield held
        except ObjstoreError as error:
            if not isinstance(error, ConflictError | NotFoundError) and not self.is_damaged:
                raise
            self.drafts.remove(held)
            give_up(held[1])

    # -- versions ------------------------------------------------------------------------------------------------------

    @rule(old=which, number=which)
    def delete(self, old: int, number: int) -> None:
        live = [(name, version) for name, version in self.versions() if not version.deleted]
        if live:
            name, version = live[old % len(live)]
            with self.project(number).writing():
                self.project(number).commit(lambda state: delete_version(state, name, version.name, delete_aliases=True))

    @rule(old=which, number=which)
    def restore(self, old: int, number: int) -> None:
        deleted = [(name, version) for name, version in self.versions() if version.deleted]
        if deleted:
            name, version = deleted[old % len(deleted)]
            newest = self.state().collection(name).find_root(version.root)
            try:
                restore(self.project(number), name, version.name)
            except ConflictError:
                assert version.purged or newest != version
            else:
                assert not version.purged

    # -- gc ------------------------------------------------------------------------------------------------------------

    @rule(number=which)
    def collect(self, number: int) -> None:
        with self.may_fail():
            before = files_of(self.folder / "packs"), files_of(self.folder / "index"), files_of(self.folder / "log")
            planned = collect(self.project(number), Silent(), dry_run=True)
            assert before == (files_of(self.folder / "packs"), files_of(self.folder / "index"), files_of(self.folder / "log"))
            freed = collect(self.project(number + 1), Silent())
            assert (freed.deleted, freed.rewritten, freed.purged) == (planned.deleted, planned.rewritten, planned.purged)

    @rule(number=which, step=steps, after=st.booleans())
    def collect_cut_off(self, number: int, step: int, after: bool) -> None:
        with cut_off(step, after=after), self.may_fail():
            collect(self.project(number), Silent())
        self.come_back()

    @rule(number=which, step=steps, count=st.integers(1, 20))
    def collect_on_a_full_disk(self, number: int, step: int, count: int) -> None:
        with full_disk(step, count), self.may_fail(StorageError):
            collect(self.project(number), Silent())

    @precondition(lambda self: not self.is_damaged and not self.drafts)
    @rule(number=which)
    def collect_until_nothing_is_left(self, number: int) -> None:
        for _ in range(4):
            freed = collect(self.project(number), Silent())
        assert (freed.bytes, freed.deleted, freed.rewritten) == (0, 0, 0)
        project = self.project(number)
        stored = sum(place.stored + 90 for _, place in project.database.cache.locate_from(b""))
        packs = files_of(self.folder / "packs").values()
        assert sum(map(len, packs)) <= stored + 100 * len(packs) + sum(map(len, packs)) * repack._TOLERATED_DEAD

    # -- caches --------------------------------------------------------------------------------------------------------

    @rule()
    def come_back(self, name: str = "", files: Files | None = None) -> None:
        """The process has ended; what it was adding is there, or it isn't."""
        self.close()
        self.open()
        if files is not None:
            self.learn(name, files)

    @rule()
    def forget_the_cache(self) -> None:
        self.close()
        shutil.rmtree(self.folder / "local/cache")
        self.open()

    @rule()
    def keep_the_cache(self) -> None:
        self.close()
        shutil.rmtree(self.place / "old-cache", ignore_errors=True)
        shutil.copytree(self.folder / "local/cache", self.place / "old-cache")
        self.open()

    @rule()
    def put_the_old_cache_back(self) -> None:
        if (self.place / "old-cache").exists():
            self.close()
            shutil.rmtree(self.folder / "local/cache")
            shutil.copytree(self.place / "old-cache", self.folder / "local/cache")
            self.open()

    @rule(number=which)
    def look(self, number: int) -> None:
        """One of the two sees what there is now; the other stays behind."""
        with self.may_fail():
            self.project(number).refresh()

    # -- damage --------------------------------------------------------------------------------------------------------

    @rule(at=which, is_gone=st.booleans(), number=which)
    def damage_a_segment(self, at: int, is_gone: bool, number: int) -> None:
        segments = self.state().segments
        if not segments or self.is_damaged:
            return
        path = self.folder / segment_name(segments[at % len(segments)])
        if is_gone:
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:-1])
        assert not check(self.folder, Silent()).is_sound
        assert check(self.folder, Silent(), repair=True).is_sound
        self.come_back()

    @rule(step=steps, after=st.booleans(), at=which)
    def repair_cut_off(self, step: int, after: bool, at: int) -> None:
        segments = self.state().segments
        if not segments or self.is_damaged:
            return
        path = self.folder / segment_name(segments[at % len(segments)])
        path.write_bytes(path.read_bytes()[:-1])
        with cut_off(step, after=after):
            check(self.folder, Silent(), repair=True)
        assert check(self.folder, Silent(), repair=True).is_sound
        self.come_back()

    @rule(number=which)
    def repair_what_is_whole(self, number: int) -> None:
        check(self.folder, Silent(), repair=True)

    @rule(at=which, where=st.floats(0, 1), how=st.sampled_from(["flip", "cut", "gone"]), is_repaired=st.booleans())
    def damage_a_pack(self, at: int, where: float, how: str, is_repaired: bool) -> None:
        packs = sorted((self.folder / "packs").glob("*/*"))
        packs = [path for path in packs if path.stat().st_size > 8]
        if not packs:
            return
        path = packs[at % len(packs)]
        data = bytearray(path.read_bytes())
        if how == "gone":
            path.unlink()
        elif how == "cut":
            path.write_bytes(data[: int(where * (len(data) - 1))])
        else:
            data[8 + int(where * (len(data) - 9))] ^= 1  # behind the header, which no object needs
            path.write_bytes(data)
        self.is_damaged = True
        if is_repaired:
            check(self.folder, Silent(), repair=True)
        self.come_back()

    @precondition(lambda self: self.is_damaged)
    @rule(number=which)
    def heal(self, number: int) -> None:
        """Everything that counts is added again from its source."""
        check(self.folder, Silent(), repair=True)
        self.come_back()
        for (name, version), files in list(self.model.items()):
            if not self.state().collection(name).versions[version].purged:
                add_source(self.project(number), name, files, self.place / "healing")
                self.learn(name, files)
        problems = check(self.folder, Silent()).problems
        assert not any(problem.affected for problem in problems), problems
        collect(self.project(number), Silent())
        assert check(self.folder, Silent()).problems == []
        self.is_damaged = False

    # -- what always holds ---------------------------------------------------------------------------------------------

    @invariant()
    def every_version_is_whole(self) -> None:
        if not hasattr(self, "repos"):
            return
        with Project(self.folder) as new:
            assert {(name, version.number) for name, version in self.versions()} == set(self.model)
            for project in (new, self.project(len(self.model))):
                for name, version in self.versions():
                    with self.may_fail(*([NotFoundError] if version.purged else [])):
                        assert content_of(project, version.root) == self.model[name, version.number]

    @invariant()
    def nothing_is_damaged_by_itself(self) -> None:
        if hasattr(self, "repos") and not self.is_damaged:
            problems = check(self.folder, Silent()).problems
            assert all(problem.repaired for problem in problems), problems

    def may_fail(self, *errors: type[ObjstoreError]) -> "_MayFail":
        """After damage anything may be refused, if only nothing wrong comes out; else just these errors."""
        return _MayFail((ObjstoreError,) if self.is_damaged else errors)

    # -- the model -----------------------------------------------------------------------------------------------------

    def state(self) -> State:
        """As the log says, which nobody has damaged."""
        state = State()
        for number, records in log.Log(self.project(0).blobs).read_from(1):
            state.apply(number, records)
        return state

    def versions(self) -> Iterator[tuple[str, Version]]:
        for collection in self.state().collections.values():
            for version in collection.versions:
                yield collection.name, version

    def nth(self, at: int) -> tuple[tuple[str, int], Files]:
        return list(self.model.items())[at % len(self.model)]

    def learn(self, name: str, files: Files) -> None:
        """Takes in a version that may have been made."""
        collection = self.state().find_collection(name)
        for version in collection.versions if collection else []:
            self.model.setdefault((name, version.number), files)


def add_source(project: Project, name: str, files: Files, source: Path) -> None:
    shutil.rmtree(source, ignore_errors=True)
    for path, data in files.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes(data)
    source.mkdir(exist_ok=True)
    add(project, [source], Labels(name), Patterns(), Silent())


class _MayFail:
    def __init__(self, errors: tuple[type[ObjstoreError], ...]) -> None:
        self._errors = errors

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        return isinstance(error, self._errors)


def give_up(draft: Artifact) -> None:
    if draft._content is not None:
        draft._content.close()


TestStore = Store.TestCase
# The same examples each time. To look for others: OBJSTORE_MACHINE_EXAMPLES=1000 pytest tests/repository/test_machine.py
LONG = os.environ.get("OBJSTORE_MACHINE_EXAMPLES")
TestStore.settings = settings(max_examples=int(LONG or 40), stateful_step_count=25, derandomize=not LONG)
