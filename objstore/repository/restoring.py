"""Bringing deleted versions back."""

from collections.abc import Callable
from datetime import datetime

from objstore.errors import ConflictError, CorruptionError
from objstore.graph.reachability import mark
from objstore.history.records import Record, TtlRecord
from objstore.history.state import State
from objstore.history.versions import restore_version
from objstore.host import clock
from objstore.odb.keyset import KeySet
from objstore.repository.project import Project


def restore(project: Project, collection: str, ref: str, waiting: Callable[[], None] | None = None, *, now: datetime | None = None) -> bool:
    """Undoes the deletion of a version. ConflictError when that isn't possible, or not any more.

    Whether its ttl had passed: then it never expires any more.
    """
    time = now or clock.now()

    def decide(state: State) -> list[Record]:
        records = restore_version(state, collection, ref, time)
        if project.clone is not None:
            _check_stays(project, state, collection, ref)
        return records

    with project.writing(waiting):
        project.know_upstream()
        return any(isinstance(record, TtlRecord) for record in project.commit(decide))


def _check_stays(project: Project, state: State, collection: str, ref: str) -> None:
    """ConflictError when a gc has freed the content in a clone, which is no part of its history, so the version doesn't tell."""
    root = state.version(collection, ref, deleted=True).root
    try:
        with KeySet(project.scratch) as keys:
            mark(project.database, [root], keys)
    except CorruptionError:
        raise ConflictError(f"the content of {collection}:{ref} was freed by a gc; add it again from its source") from None
