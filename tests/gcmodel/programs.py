"""What the programs of a model do, and what must be true when they have done it.

They write to the place directly. Pushes from clones, filling of holes, ages of what is deleted, and drafts that are taken over, aren't
among them: tests/repository sees to those.
"""

import contextlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from objstore.errors import ConflictError, NotFoundError, ObjstoreError
from objstore.graph.gaps import gaps
from objstore.history.facts import set_ttl
from objstore.history.fence import OvertakenError, check_not_overtaken
from objstore.history.parts import add_part
from objstore.history.records import PartAbandonRecord, Record
from objstore.history.state import State
from objstore.history.versions import delete_version, restore_version
from objstore.host import clock
from objstore.host.progress import Silent
from objstore.manifest.edit import edit
from objstore.manifest.entry import Entry, EntryKind
from objstore.repository.collector import Collector, Place
from objstore.repository.logging import Labels, log_draft
from objstore.repository.project import Project
from objstore.values.digest import Digest, plain
from objstore.values.key import chunk_key
from objstore.worktree.intake import DraftNodes
from tests.gcmodel.world import World, open_place
from tests.repository.stores import content_of

Files = Mapping[str, bytes]
Work = Callable[[Project], None]


def add(name: str, files: Files) -> Work:
    """Logs a version of a collection. It may be refused for a gc that has come meanwhile, and for nothing else."""

    def work(project: Project) -> None:
        with project.writing():
            draft = project.open_draft()
            try:
                log_draft(project, draft, store(project, draft, files), Labels(name))
            except ConflictError:
                if project.state.generation == draft.generation:
                    raise
            finally:
                draft.close()

    return work


def store(project: Project, draft: object, files: Files) -> Digest:
    for data in files.values():
        draft.add(chunk_key(plain(data)), data)  # type: ignore[attr-defined]
    entries = ((path.encode(), Entry(EntryKind.FILE, plain(data), len(data))) for path, data in sorted(files.items()))
    return edit(DraftNodes(project.database.with_draft(draft), draft), None, entries)  # type: ignore[arg-type]


def add_and_abandon_part(name: str, files: Files) -> Work:
    """Stores content for a version that never comes to be."""

    def work(project: Project) -> None:
        with project.writing():
            draft = project.open_draft()
            try:
                root = store(project, draft, files)
                segments = draft.publish()

                def decide(state: State) -> list[Record]:
                    check_not_overtaken(state, draft.generation, segments, draft.packs)
                    return add_part(state, "p", name, "dataset", writer="w", root=root, files=2, bytes=4000, segments=segments)

                project.commit(decide)
            except OvertakenError:
                return
            finally:
                draft.close()
            project.commit(
                lambda state: [PartAbandonRecord(pending="p")] if "p" in state.pendings else []
            )  # else somebody has, all of them

    return work


def delete(name: str, ref: str = "v0") -> Work:
    """Deletes a version, unless somebody else has."""

    def work(project: Project) -> None:
        with project.writing(), contextlib.suppress(NotFoundError):
            project.commit(lambda state: delete_version(state, name, ref, delete_aliases=True))

    return work


def let_live(name: str, seconds: int | None) -> Work:
    """Says how long a version lives, unless it is gone."""

    def work(project: Project) -> None:
        with project.writing(), contextlib.suppress(NotFoundError):
            project.commit(lambda state: set_ttl(state, name, "v0", seconds))

    return work


def restore(name: str) -> Work:
    """Restores a version, unless somebody else has, or a gc has put it beyond recall."""

    def work(project: Project) -> None:
        with project.writing(), contextlib.suppress(NotFoundError, ConflictError):
            project.commit(lambda state: restore_version(state, name, "v0"))

    return work


def collect(project: Project) -> None:
    """Frees what isn't needed. Whatever has a ttl has expired."""
    place = Place(project.blobs, project.settings.project, project.local, project.scratch, project.database)
    with Collector(place, project.state.copy(), Silent(), 0, now=clock.now() + timedelta(days=9)) as collector:
        collector.run()


def read(project: Project) -> None:
    """Reads whatever is there; what isn't any more when it comes to be read needn't be."""
    for item in list(project.state.collections.values()):
        for version in list(item.live()):
            try:
                content_of(project, version.root)
            except ObjstoreError:
                project.refresh()
                if any(found.root == version.root for other in project.state.collections.values() for found in other.live()):
                    raise


def one_after_the_other(*works: Work) -> Work:
    def work(project: Project) -> None:
        for each in works:
            each(project)

    return work


def check(world: World, folder: Path, expected: Mapping[str, Files]) -> None:
    """That all that is live is there, whole; that the index is closed; and that no program has failed.

    `expected`: what a collection's versions hold.
    """
    with open_place(world.blobs, folder) as project:
        for item in project.state.collections.values():
            for version in item.live():
                try:
                    found = content_of(project, version.root)
                except ObjstoreError as error:
                    raise AssertionError(f"{item.name} is lost: {error}") from error
                assert found == expected[item.name], (item.name, {path: data[:8].hex() for path, data in found.items()})
        assert list(gaps(project.database, project.scratch)) == []
    for program in world.programs:
        assert program.error is None or program.is_dead, program.error
