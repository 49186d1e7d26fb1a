"""Bringing deleted versions back."""

from collections.abc import Callable

from objstore.errors import ConflictError, CorruptionError
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
        if project.clone is not None or project.holdings.condemned:
            _check_stays(project, state, collection, ref)
        return records

    with project.writing(waiting):
        project.know_upstream()
        project.commit(decide)


def _check_stays(project: Project, state: State, collection: str, ref: str) -> None:
    """ConflictError when a gc has freed the content, or is about to.

    One that hasn't come to its verdict yet has marked without this version. One in a clone is no part of its history, so the version
    doesn't tell.
    """
    root = state.version(collection, ref, deleted=True).root
    condemned = project.holdings.condemned
    try:
        with KeySet(project.scratch) as keys:
            mark(project.database, [root], keys)
            gone = any(place.pack in condemned for batch in keys.batches(_BATCH) for place in project.database.locate(batch).values())
    except CorruptionError:
        if project.clone is None:
            raise
        gone = True
    if gone:
        raise ConflictError(f"the content of {collection}:{ref} was freed by a gc, or is about to be; log it again from its source")
