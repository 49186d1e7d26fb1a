"""A project as the objects of the SDK share it."""

import contextlib
import os
import shutil
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from objstore.history.records import Record
from objstore.history.runs import Runs
from objstore.history.state import State
from objstore.odb.database import Database
from objstore.repository.project import Project

if TYPE_CHECKING:
    from objstore.sdk.logqueue import LogQueue
    from objstore.sdk.workspace import Workspace


class Session:
    """An open project that any thread may read and whose changes take turns; closed once nothing refers to it.

    Locks are taken in one order: the session's, then the project's file lock. Whatever runs under the file lock alone (long work in
    `writing`) never asks for the session's, or it would wait for a gc that waits for it. In a process that is forked off, the project is
    opened anew when it is first used: of the parent's, any other thread may have held any lock at that moment.
    """

    def __init__(self, project: Project, is_private: bool = False) -> None:
        self._project = project
        self._owner = os.getpid()
        self._of_parents: list[Project] = []
        self.is_private = is_private
        """Whether this is a temporary project, only for drafts that have no other."""
        self.workspace: Workspace | None = None
        """The projects beside it, once somebody has asked for them."""
        self._queue: LogQueue | None = None
        self.make_locks()
        _sessions.add(self)
        weakref.finalize(self, _let_go, project, is_private, os.getpid())

    def make_locks(self) -> None:
        """Also in a process that was forked off, which has the parent's, held or not."""
        self._lock = threading.RLock()
        self._making_queue = threading.Lock()

    @property
    def project(self) -> Project:
        if self._owner != os.getpid():
            self._open_anew()
        return self._project

    def _open_anew(self) -> None:
        with self._lock:
            if self._owner == os.getpid():
                return
            project = self._project.reopened()
            self._of_parents.append(self._project)  # kept, lest it close what is the parent's
            self._project, self._owner = project, os.getpid()
            weakref.finalize(self, _let_go, project, False, os.getpid())

    @property
    def database(self) -> Database:
        return self.project.database

    @property
    def entity(self) -> str:
        return self.project.name.split("/")[0]

    @property
    def name(self) -> str:
        return self.project.name.split("/")[1]

    @property
    def queue(self) -> "LogQueue":
        """The work that is done in the background; of this process, also where it was forked off."""
        from objstore.sdk.logqueue import LogQueue

        with self._making_queue:  # not the session's lock: the queue's thread has that for as long as it writes
            if self._queue is None or self._queue.owner != os.getpid():
                self._queue = LogQueue(self)
            return self._queue

    def is_same(self, other: "Session") -> bool:
        """Whether both are one project in one place."""
        here, there = self.project, other.project
        return here is there or (here.settings == there.settings and here.folder.resolve() == there.folder.resolve())

    @contextlib.contextmanager
    def state(self) -> Iterator[State]:
        """The state as of now; what is taken from it must be values."""
        with self._lock:
            self.project.refresh()
            yield self.project.state

    @contextlib.contextmanager
    def runs(self, *, fresh: bool = True) -> Iterator[Runs]:
        """The runs as of now, or unless `fresh` as they were last seen; what is taken from them must be values."""
        with self._lock:
            if fresh:
                self.project.refresh()  # it may have become a clone
                self.project.runbook.refresh()
            yield self.project.runbook.runs

    @contextlib.contextmanager
    def writing(self) -> Iterator[Project]:
        """While inside, gc isn't at work, so objects may be written; other threads may do the same."""
        with contextlib.ExitStack() as stack:
            with self._lock:
                stack.enter_context(self.project.writing())
            yield self.project

    @contextlib.contextmanager
    def committing(self) -> Iterator[Project]:
        """While inside, gc isn't at work, and no other thread changes the project through it."""
        with self._lock, self.project.writing():
            yield self.project

    @contextlib.contextmanager
    def alone(self) -> Iterator[Project]:
        """While inside, no other thread changes the project through it; file locks are the caller's matter."""
        with self._lock:
            yield self.project

    def commit(self, decide: Callable[[State], Sequence[Record]]) -> list[Record]:
        with self.committing() as project:
            return project.commit(decide)


_sessions: "weakref.WeakSet[Session]" = weakref.WeakSet()


def _after_fork() -> None:
    for session in list(_sessions):
        session.make_locks()
        if session.workspace is not None:
            session.workspace.make_lock()


os.register_at_fork(after_in_child=_after_fork)


def temporary(name: str) -> Session:
    """A new project `entity/project` in a folder of its own, both gone when the session is."""
    import tempfile  # only here: it is slow to load

    folder = Path(tempfile.mkdtemp(prefix="objstore-draft-"))
    return Session(Project.create_at(folder / name), is_private=True)


def _let_go(project: Project, is_private: bool, owner: int) -> None:
    if os.getpid() != owner:  # a forked child has no say in what its parent still uses
        return
    project.close()
    if is_private:
        shutil.rmtree(project.folder.parent.parent, ignore_errors=True)
