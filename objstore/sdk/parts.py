"""Artifacts of several writers."""

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import replace

from objstore.errors import InvalidInputError, ObjstoreError
from objstore.history.parts import pending_id
from objstore.history.records import RunLogRecord, RunRef
from objstore.repository import parts
from objstore.sdk import logging
from objstore.sdk.artifact import Artifact
from objstore.sdk.content import LoggedContent
from objstore.sdk.logqueue import settle
from objstore.sdk.session import Session
from objstore.values.digest import Digest

_aliases: dict[tuple[str, str, Digest | None], list[str]] = {}
"""Those that versions in the making are to have: by project, pending version and the part that they were given with. Of this process."""


class Writer:
    """A run, as one of those that make a version together. What it adds adds up; what a run of its id had added before is replaced.

    Thread-safe: additions take turns.
    """

    def __init__(self, session: Session, run: RunRef) -> None:
        self._session = session
        self._run = run
        self._added: dict[str, Digest] = {}
        """By pending version, all that it has added."""
        self._lock = threading.Lock()

    def add(self, artifact: Artifact, distributed_id: str, aliases: Sequence[str]) -> None:
        """Adds a draft's entries to the version that writers with this id make together. The draft's content can't change any more."""
        _check_draft(artifact)
        content, labels = artifact._prepared(self._session)
        pending = pending_id(labels.name, distributed_id)
        with self._lock, content.lock:
            earlier = self._added.get(pending)
            with logging.brought(self._session, content, labels) as (project, there):
                root, joined = there.root(), dict[Digest | None, Digest]()
                if earlier is not None and parts.part_of(project.state, pending, self._run.run) == earlier:
                    joined[earlier] = there.over(project, earlier)
                before = parts.add_part(project, there.open(project), root, pending, labels, self._run.run, joined)
            self._added[pending] = added = joined.get(before, root)
            said = [*(_aliases.get((self._run.project, pending, before), []) if before in joined else []), *aliases]
            if said:
                _aliases[self._run.project, pending, added] = said
            artifact._part, artifact._content = LoggedContent(self._session, root), None

    def finish(self, artifact: Artifact, distributed_id: str, aliases: Sequence[str]) -> None:
        """Makes the artifact the version that all parts, and its own entries, make; it is recorded as the run's.

        It gets these aliases, and those given to whoever has added in this process.
        """
        _check_draft(artifact)
        run = self._run
        content, labels = artifact._prepared(self._session, tuple(aliases), (), run)
        pending = pending_id(labels.name, distributed_id)
        settle(self._session, labels.name)
        with content.lock:
            with logging.brought(self._session, content, labels) as (project, there):
                said = [(run.project, pending, root) for root in parts.roots_of(project.state, pending).values()]
                all_aliases = [*aliases, *(alias for key in said for alias in _aliases.get(key, ()))]
                labels = replace(labels, aliases=tuple(dict.fromkeys(all_aliases)))
                merged = parts.finish(project, there.open(project), there.root(), pending, labels, run.run)
                logged = logging.logged(self._session, project, labels.name, merged)
            for key in said:
                _aliases.pop(key, None)
            artifact._settle(logged)
        self._session.queue.record([RunLogRecord(run=run.run, project=run.project, collection=logged.collection_id, root=merged.hex())])
        with contextlib.suppress(ObjstoreError):  # it is tried again, at the latest by the run's `finish`, which tells of it
            self._session.queue.drain()


def _check_draft(artifact: Artifact) -> None:
    if not artifact.is_draft():
        raise InvalidInputError(f"{artifact.name} is a version already; make a draft of it with new_draft()")
    artifact._check_changeable()
