"""Whatever several people do in clones of one project, and wherever they are cut off, nothing is lost and all end up with the same.

The model: what each version holds, and which versions each repository must have. It is checked after each step.
"""

import contextlib
import os
import shutil
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from objstore.errors import ConflictError, CorruptionError, InvalidInputError, NotFoundError
from objstore.history import facts, log
from objstore.history.state import State
from objstore.history.versions import delete_version
from objstore.host.progress import Silent
from objstore.manifest import split
from objstore.odb import pack, recipe, repack
from objstore.repository.checking import check
from objstore.repository.localgc import collect
from objstore.repository.project import Project
from objstore.repository.pruning import prune
from objstore.repository.pulling import Side, named, pull
from objstore.repository.restoring import restore
from objstore.values.digest import Digest
from tests.conftest import fast_folder
from tests.odb.stores import noise
from tests.repository import sharing
from tests.repository.interrupting import cut_off
from tests.repository.sharing import Sharing, assert_sound, bring, change, look, send, shown
from tests.repository.stores import content_of

Files = dict[str, bytes]

COLLECTIONS = ("one", "two", "three")
PATHS = ["a", "b", "x/a", "x/b"]
contents = st.builds(lambda seed, size: noise(seed, size), st.integers(0, 5), st.sampled_from((0, 700, 5000, 40_000)))
folders = st.dictionaries(st.sampled_from(PATHS), contents, min_size=1, max_size=4)
names = st.sampled_from(COLLECTIONS)
types = st.sampled_from(["dataset", "dataset", "dataset", "model"])
aliases = st.sampled_from(["prod", "test"])
which = st.integers(0, 7)
steps = st.integers(1, 25)
sides = st.sampled_from(["ours", "theirs"])


class Clones(RuleBasedStateMachine):
    # -- setting up ----------------------------------------------------------------------------------------------------

    @initialize(size=st.sampled_from([3000, 20_000]), small=st.sampled_from([0.0, 0.5]), files=folders)
    def begin(self, size: int, small: float, files: Files) -> None:
        self.patch = pytest.MonkeyPatch()
        for owner, name, value in (
            (pack, "TARGET_SIZE", size),
            (repack, "_SMALL", small * size),
            (log, "COMPACT_SIZES", (4, 16)),
            (split, "BELOW", 100),
            (recipe, "MAX_ROWS", 2),
            (recipe, "MAX_PART_ROWS", 2),
        ):
            self.patch.setattr(owner, name, value)
        self.sharing = Sharing(fast_folder())
        self.files: dict[Digest, Files] = {}
        self.deleted: set[Digest] = set()
        """What anybody has ever deleted: others may or may not have it."""
        self.there: set[Digest] = set()
        """What the upstream must have."""
        self.has: dict[str, set[Digest]] = {}
        """What each repository must have."""
        self.own: dict[str, set[Digest]] = {}
        """What was added to it since it last pushed everything: this must be readable, whatever is done upstream."""
        self.begun("first", self.sharing.new("first"))
        self.add_to("first", "one", "dataset", files)
        self.pushed("first")
        self.make_clone(data=True)

    def begun(self, name: str, project: Project) -> None:
        self.has[name], self.own[name] = set(), set()

    def teardown(self) -> None:
        if hasattr(self, "sharing"):
            self.sharing.close()
            self.patch.undo()
            shutil.rmtree(self.sharing.place)

    def project(self, at: int) -> tuple[str, Project]:
        name = list(self.has)[at % len(self.has)]
        return name, self.sharing.projects[name]

    @precondition(lambda self: len(self.has) < 3)
    @rule(data=st.booleans())
    def make_clone(self, data: bool) -> None:
        name = f"clone-{len(self.has)}"
        self.begun(name, self.sharing.clone(name, data=data))
        self.has[name] |= self.there

    # -- what people do where they are ---------------------------------------------------------------------------------

    @rule(at=which, name=names, type_=types, files=folders)
    def add(self, at: int, name: str, type_: str, files: Files) -> None:
        with contextlib.suppress(InvalidInputError):  # it has another type
            self.add_to(self.project(at)[0], name, type_, files)

    @rule(at=which, name=names, old=which)
    def add_again(self, at: int, name: str, old: int) -> None:
        with contextlib.suppress(InvalidInputError):
            self.add_to(self.project(at)[0], name, "dataset", list(self.files.values())[old % len(self.files)])

    def add_to(self, where: str, name: str, type_: str, files: Files) -> None:
        version = sharing.log(self.sharing.projects[where], files, name, type=type_)
        self.files[version.root] = files
        self.has[where].add(version.root)
        self.own[where].add(version.root)

    @rule(at=which, version=which, alias=aliases)
    def move_alias(self, at: int, version: int, alias: str) -> None:
        self.about(at, version, lambda state, name, ref: facts.set_aliases(state, name, ref, [alias]))

    @rule(at=which, version=which, alias=aliases)
    def remove_alias(self, at: int, version: int, alias: str) -> None:
        with contextlib.suppress(NotFoundError):
            self.about(at, version, lambda state, name, ref: facts.remove_aliases(state, name, [alias]))

    @rule(at=which, version=which, tag=aliases)
    def tag(self, at: int, version: int, tag: str) -> None:
        self.about(at, version, lambda state, name, ref: facts.set_tags(state, name, ref, add=[tag]))

    @rule(at=which, version=which, text=aliases)
    def describe(self, at: int, version: int, text: str) -> None:
        self.about(at, version, lambda state, name, ref: facts.describe(state, name, ref, text))

    @rule(at=which, version=which, name=names)
    def rename(self, at: int, version: int, name: str) -> None:
        with contextlib.suppress(ConflictError):
            self.about(at, version, lambda state, old, ref: facts.rename(state, old, name))

    @rule(at=which, version=which)
    def delete(self, at: int, version: int) -> None:
        self.about(at, version, lambda state, name, ref: delete_version(state, name, ref, delete_aliases=True), deletes=True)

    @rule(at=which, version=which)
    def restore(self, at: int, version: int) -> None:
        _, project = self.project(at)
        deleted = [(item.name, v) for item in project.state.collections.values() for v in item.versions if v.deleted]
        if deleted:
            name, found = deleted[version % len(deleted)]
            with contextlib.suppress(ConflictError):
                restore(project, name, found.name)

    def about(self, at: int, version: int, decide: Callable[[State, str, str], object], *, deletes: bool = False) -> None:
        """A change of one of the versions that are live in a repository."""
        _, project = self.project(at)
        live = [(item.name, v) for item in project.state.collections.values() for v in item.live()]
        if live:
            name, found = live[version % len(live)]
            if deletes:
                self.deleted.add(found.root)
            change(project, lambda state: decide(state, name, found.name))

    # -- what they do together -----------------------------------------------------------------------------------------

    @rule(at=which)
    def push(self, at: int) -> None:
        name, project = self.project(at)
        try:
            self.pushed(name)
        except ConflictError as error:
            assert "decides" in str(error)
            bring(project, side="theirs")
            self.pushed(name)
        before = self.sharing.blobs_there("")
        again = send(project)
        assert (again.records, again.sent.bytes, again.versions) == (0, 0, [])
        assert self.sharing.blobs_there("") == before

    def pushed(self, name: str) -> None:
        send(self.sharing.projects[name])
        self.there |= self.has[name]
        self.own[name].clear()
        self.has[name] |= self.there

    @rule(at=which, name=names)
    def push_one(self, at: int, name: str) -> None:
        where, project = self.project(at)
        found = project.state.find_collection(name)
        if found is not None:
            with contextlib.suppress(ConflictError):
                send(project, name)
                self.there |= {version.root for version in found.live()} & self.has[where]
                self.has[where] |= self.there

    @rule(at=which)
    def fetch(self, at: int) -> None:
        name, project = self.project(at)
        look(project)
        self.has[name] |= self.there

    @rule(at=which, side=st.one_of(st.none(), sides))
    def pull(self, at: int, side: Side | None) -> None:
        name, project = self.project(at)
        conflicts = bring(project, side).fetched.conflicts
        assert side is None or not conflicts
        self.has[name] |= self.there

    @rule(at=which, name=names)
    def pull_one(self, at: int, name: str) -> None:
        where, project = self.project(at)
        with contextlib.suppress(NotFoundError):  # no such collection, or none that is the latest
            pull(project, Silent(), lambda state: named(state, [name]))
        self.has[where] |= self.there

    @rule(at=which, step=steps, after=st.booleans(), what=st.sampled_from(["push", "pull", "fetch"]))
    def cut_off_together(self, at: int, step: int, after: bool, what: str) -> None:
        _, project = self.project(at)
        with cut_off(step, after=after), contextlib.suppress(ConflictError):
            {"push": send, "pull": bring, "fetch": look}[what](project)
        self.come_back(at)

    @rule(side=sides)
    def all_agree(self, side: Side) -> None:
        """Everybody syncs; then all have the same, under the same numbers."""
        for at in range(len(self.has)):
            self.pull(at, side)
            self.push(at)
        with self.sharing.upstream_project() as upstream:
            expected = shown(upstream)
        for at in range(len(self.has)):
            self.pull(at, None)
            name, project = self.project(at)
            assert shown(project) == expected, name

    # -- upkeep --------------------------------------------------------------------------------------------------------

    @rule(at=which)
    def collect(self, at: int) -> None:
        collect(self.project(at)[1], Silent())

    @rule(at=which)
    def prune(self, at: int) -> None:
        name, project = self.project(at)
        prune(project, Silent())
        self.has[name] |= self.there

    @rule()
    def collect_upstream(self) -> None:
        with self.sharing.upstream_project() as upstream:
            collect(upstream, Silent())

    @rule(name=names, files=folders)
    def add_upstream(self, name: str, files: Files) -> None:
        """The upstream is a project like any other, so its owner may log right there."""
        with self.sharing.upstream_project() as upstream, contextlib.suppress(InvalidInputError):
            root = sharing.log(upstream, files, name, source=self.sharing.place / "owner").root
            self.files[root] = files
            self.there.add(root)

    @rule(version=which)
    def delete_upstream(self, version: int) -> None:
        with self.sharing.upstream_project() as upstream:
            live = [(item.name, v) for item in upstream.state.collections.values() for v in item.live()]
            if live:
                name, found = live[version % len(live)]
                self.deleted.add(found.root)
                change(upstream, lambda state: delete_version(state, name, found.name, delete_aliases=True))

    @rule(at=which)
    def come_back(self, at: int) -> None:
        """In another process."""
        self.sharing.open(self.project(at)[0])

    @rule(at=which, what=st.sampled_from(["cache", "remotes/origin"]))
    def forget(self, at: int, what: str) -> None:
        """What a machine remembers is lost: of the repository, or of its upstream."""
        name, project = self.project(at)
        project.close()
        sharing.forget_tables(self.sharing.place / name)
        shutil.rmtree(project.local / what, ignore_errors=True)
        self.sharing.open(name)

    @rule(at=which)
    def repair_what_is_whole(self, at: int) -> None:
        assert check(self.project(at)[1].folder, Silent(), repair=True).problems == []

    # -- what always holds ---------------------------------------------------------------------------------------------

    @invariant()
    def everybody_has_what_they_must(self) -> None:
        if not hasattr(self, "sharing"):
            return
        for name, project in self.sharing.projects.items():
            project.refresh()
            live = {version.root for item in project.state.collections.values() for version in item.live()}
            assert self.has[name] - self.deleted <= live
            unheard = {root for root in live if not self.is_readable(name, project, root)}
            assert unheard <= self.deleted - self.own[name]
            if not unheard:
                assert_sound(project)

    def is_readable(self, name: str, project: Project, root: Digest) -> bool:
        """What was deleted and collected upstream isn't, in a clone that hasn't heard of it."""
        try:
            assert content_of(project, root) == self.files[root]
        except (NotFoundError, CorruptionError):
            return False
        return True

    @invariant()
    def the_upstream_is_sound_and_has_what_it_must(self) -> None:
        if hasattr(self, "sharing"):
            held = self.sharing.check_upstream()
            assert self.there - self.deleted <= held.keys()
            assert all(self.files[root] == content for root, content in held.items())


TestClones = Clones.TestCase
# The same examples each time. To look for others: OBJSTORE_MACHINE_EXAMPLES=1000 pytest tests/repository/test_sharing_machine.py
LONG = os.environ.get("OBJSTORE_MACHINE_EXAMPLES")
TestClones.settings = settings(max_examples=int(LONG or 25), stateful_step_count=25, derandomize=not LONG)
