"""Choosing where a draft that belongs to no repository keeps its content."""

import os
import weakref
from pathlib import Path

from objstore.errors import NotFoundError
from objstore.repository.project import open_project
from objstore.sdk.session import Session, temporary

_open_repositories: "weakref.WeakSet[Session]" = weakref.WeakSet()


def announce(session: Session) -> None:
    """Makes a session one of those that drafts may go to."""
    _open_repositories.add(session)


def retire(session: Session) -> None:
    _open_repositories.discard(session)


_of_runs: list[tuple[int, Session]] = []
"""Where runs of a process are under way, the newest last."""


def prefer(session: Session) -> None:
    """Has drafts go to a session until it is given up: a run of this process has begun there."""
    _of_runs.append((os.getpid(), session))


def give_up(session: Session) -> None:
    """Undoes the last `prefer` of a session."""
    for at in range(len(_of_runs) - 1, -1, -1):
        if _of_runs[at][1] is session:
            del _of_runs[at]
            return


def session_for_drafts() -> Session:
    """Where a draft that belongs to no repository keeps its content.

    Where the newest run of this process that is under way logs; else the repository that this program has open, if it is one; else the
    nearest one to the current folder; else a private one, removed with the session. One that can't be written to doesn't count.
    """
    for owner, session in reversed(_of_runs):
        if owner == os.getpid():
            return session
    found: list[Session] = []
    for session in filter(_is_writable, list(_open_repositories)):
        if not any(session.is_same(other) for other in found):
            found.append(session)
    if len(found) == 1:
        return found[0]
    return _nearest() or temporary("private/draft")


def session_for_names() -> Session:
    """Where names are looked up that no repository was given for: as for drafts, but it needn't be writable. NotFoundError for none."""
    for owner, session in reversed(_of_runs):
        if owner == os.getpid():
            return session
    known = list(_open_repositories)
    if known and all(known[0].is_same(other) for other in known[1:]):
        return known[0]
    return Session(open_project(Path.cwd()))


def _nearest() -> Session | None:
    try:
        session = Session(open_project(Path.cwd()))
    except NotFoundError:
        return None
    return session if _is_writable(session) else None


def _is_writable(session: Session) -> bool:
    return os.access(session.project.folder, os.W_OK)
