"""An upstream in a folder, and repositories that share it."""

import contextlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from objstore.blobs.address import Address
from objstore.blobs.local import LocalBlobs
from objstore.history.collection import Version
from objstore.history.log import Log
from objstore.history.state import State
from objstore.host.progress import Silent
from objstore.odb import table
from objstore.repository import remotes
from objstore.repository.adding import add
from objstore.repository.checking import check
from objstore.repository.cloning import make_clone
from objstore.repository.fetching import Fetched, fetch
from objstore.repository.logging import Labels
from objstore.repository.project import Project
from objstore.repository.pulling import Pulled, Side, everything, pull
from objstore.repository.pushing import Pushed, push
from objstore.repository.remotes import UPSTREAM, Remote
from objstore.values.digest import Digest
from objstore.worktree.ignore import Patterns
from tests.repository.stores import content_of

Files = Mapping[str, bytes]
Shown = dict[str, tuple[str, list[tuple[int, Digest]], dict[str, int]]]


class Sharing:
    """Repositories below a folder, and the upstream's folder beside them."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.upstream = place / "upstream"
        self.projects: dict[str, Project] = {}

    # -- repositories --------------------------------------------------------------------------------------------------

    def new(self, name: str) -> Project:
        """A repository that names the upstream, but hasn't seen it yet."""
        (self.place / name).mkdir()
        return self._opened(name, Project.create(self.place / name, "vision"), knows_upstream=False)

    def clone(self, name: str, *, data: bool = True) -> Project:
        return self.clone_of(Address.parse(str(self.upstream)), name, data=data)

    def clone_of(self, address: Address, name: str, *, data: bool = True, options: Mapping[str, Any] | None = None) -> Project:
        project = self._opened(name, make_clone(address, self.place / name, options or {}))
        pull(project, Silent(), everything if data else lambda state: [])
        return project

    def copy(self, name: str, to: str) -> Project:
        """As somebody copies a folder."""
        shutil.copytree(self.place / name, self.place / to)
        return self._opened(to, Project.find(self.place / to))

    def open(self, name: str) -> Project:
        """Anew, as another process does after the one that had it open has ended."""
        if name in self.projects:
            self.projects[name].close()
        forget_tables(self.place / name)
        return self._opened(name, Project.find(self.place / name))

    def remove(self, *names: str) -> None:
        """Repositories, or the upstream."""
        for name in names:
            if name in self.projects:
                self.projects.pop(name).close()
            forget_tables(self.place / name)
            shutil.rmtree(self.place / name)

    def close(self) -> None:
        for project in self.projects.values():
            project.close()
        forget_tables(self.place)

    def _opened(self, name: str, project: Project, *, knows_upstream: bool = True) -> Project:
        if not knows_upstream:
            remotes.add(project.remotes_file, Remote(UPSTREAM, Address.parse(str(self.upstream))))
        self.projects[name] = project
        return project

    # -- what the upstream has -----------------------------------------------------------------------------------------

    def upstream_project(self) -> "contextlib.closing[Project]":
        """The upstream, opened as the project that it is."""
        forget_tables(self.upstream)
        return contextlib.closing(Project(self.upstream))

    def check_upstream(self) -> dict[Digest, dict[str, bytes]]:
        """That the upstream is sound by itself; what each of its live versions holds."""
        problems = check(self.upstream, Silent()).problems
        assert problems == []
        self.check_log()
        with self.upstream_project() as project:
            assert project.clone is None
            return contents(project)

    def check_log(self) -> None:
        """That no record is in the upstream's log twice."""
        found = [record.write_id for _, records in Log(LocalBlobs(self.upstream)).read_from(1) for record in records]
        assert len(found) == len(set(found))

    def blobs_there(self, prefix: str = "packs/") -> dict[str, int]:
        """The upstream's packs (or others) with their inodes, which change when one is written again."""
        return {name: (self.upstream / name).stat().st_ino for name, _ in LocalBlobs(self.upstream).list(prefix)}


def forget_tables(folder: Path) -> None:
    """What a process that has ended doesn't have open any more."""
    for path in list(table._open):
        if path.is_relative_to(folder.resolve()):
            table._open.pop(path).env.close()


# -- what people do ----------------------------------------------------------------------------------------------------


def log(project: Project, files: Files, name: str = "data", *, source: Path | None = None, **labels: Any) -> Version:
    """Adds files as a version of a collection, from a folder in the working tree unless `source` is another."""
    source = source or Path(str(project.tree)) / f"source-{name}"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir()
    for path, data in files.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes(data)
    return add(project, [source], Labels(name, **labels), Patterns(), Silent()).version


def send(project: Project, *names: str, dry_run: bool = False) -> Pushed:
    return push(project, Silent(), names=names, dry_run=dry_run)


def look(project: Project) -> Fetched:
    return fetch(project, Silent())


def bring(project: Project, side: Side | None = None) -> Pulled:
    return pull(project, Silent(), everything, side=side)


def change(project: Project, decide: Callable[[State], Any]) -> None:
    """Appends records about what is there."""
    with project.writing():
        project.commit(decide)


# -- what can be seen --------------------------------------------------------------------------------------------------


def shown(project: Project) -> Shown:
    """Each collection's type, its live versions, and its aliases."""
    project.refresh()
    return {
        item.name: (item.type, [(version.number, version.root) for version in item.live()], dict(item.aliases))
        for item in project.state.collections.values()
    }


def contents(project: Project) -> dict[Digest, dict[str, bytes]]:
    """What each live version holds, read and verified."""
    roots = {version.root for item in project.state.collections.values() for version in item.live()}
    return {root: content_of(project, root) for root in roots}


def assert_sound(project: Project) -> None:
    problems = check(project.folder, Silent()).problems
    assert problems == []


@contextlib.contextmanager
def interrupted_by(step: int, action: Callable[[], object], below: Path) -> Iterator[list[bool]]:
    """Has something else happen before the n-th blob, or several at once, are written below a folder.

    Gives a list that isn't empty once it has.
    """
    count, done = 0, []

    def watched(original: Callable[..., Any]) -> Callable[..., Any]:
        def run(self: LocalBlobs, *args: Any) -> Any:
            nonlocal count
            if not done and self.root.is_relative_to(below):
                count += 1
                if count == step:
                    done.append(True)
                    action()
            return original(self, *args)

        return run

    with pytest.MonkeyPatch.context() as patch:
        for name in ("create", "create_all", "adopt"):
            patch.setattr(LocalBlobs, name, watched(getattr(LocalBlobs, name)))
        yield done
