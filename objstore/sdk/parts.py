"""Artifacts of several writers."""

from objstore.errors import InvalidInputError
from objstore.history.parts import pending_id
from objstore.history.records import RunLogRecord, RunRef
from objstore.repository import parts
from objstore.sdk import logging
from objstore.sdk.artifact import Artifact
from objstore.sdk.content import LoggedContent
from objstore.sdk.session import Session


def upsert(session: Session, artifact: Artifact, distributed_id: str, writer: str) -> None:
    """Adds a draft's entries to the version that writers with this id make together. The draft's content can't change any more."""
    _check_draft(artifact)
    content, labels = artifact._prepared(session)
    with content.lock:
        root = content.root()
        with logging.brought(session, content, root) as (project, draft):
            parts.add_part(project, draft, root, pending_id(labels.name, distributed_id), labels, writer)
        artifact._part, artifact._content = LoggedContent(session, root), None


def finish(session: Session, artifact: Artifact, distributed_id: str, run: RunRef, aliases: tuple[str, ...]) -> None:
    """Makes the artifact the version that all parts, and its own entries, make; it is recorded as the run's."""
    _check_draft(artifact)
    content, labels = artifact._prepared(session, aliases, (), run)
    with content.lock:
        root = content.root()
        with logging.brought(session, content, root) as (project, draft):
            merged = parts.finish(project, draft, root, pending_id(labels.name, distributed_id), labels, run.run)
            logged = logging.logged(session, project, labels.name, merged)
        artifact._settle(logged)
    session.queue.record([RunLogRecord(run=run.run, project=run.project, collection=logged.collection_id, root=merged.hex())])


def _check_draft(artifact: Artifact) -> None:
    if not artifact.is_draft():
        raise InvalidInputError(f"{artifact.name} is a version already; make a draft of it with new_draft()")
    artifact._check_changeable()
