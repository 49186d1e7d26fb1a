"""Bringing deleted versions back."""

from collections.abc import Callable

from objstore.errors import ConflictError
from objstore.graph.reachability import mark
from objstore.history.records import Record
from objstore.history.state import State
from objstore.history.versions import restore_version
from objstore.odb.keyset import KeySet
from objstore.repository.project import Project

_BATCH = 4096


def restore(project: Project, collection: str, ref: str, waiting: Callable[[], None] | None = None) -> None:
    """Undoes the deletion of a version. ConflictError when that isn't possible, or not any more."""

    def decide(state: State) -> list[Record]:
        records = restore_version(state, collection, ref)
        if project.holdings.condemned:
            _check_not_condemned(project, state, collection, ref)
        return records

    with project.writing(waiting):
        project.commit(decide)


def _check_not_condemned(project: Project, state: State, collection: str, ref: str) -> None:
    """A gc that hasn't come to its verdict yet has marked without this version, and may delete what it reaches."""
    root = state.version(collection, ref, deleted=True).root
    condemned = project.holdings.condemned
    with KeySet(project.scratch) as keys:
        mark(project.database, [root], keys)
        for batch in keys.batches(_BATCH):
            if any(place.pack in condemned for place in project.database.locate(batch).values()):
                raise ConflictError(f"a gc is about to free the content of {collection}:{ref}; log it again from its source")
