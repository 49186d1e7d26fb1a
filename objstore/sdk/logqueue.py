"""Logging in the background: what a program hands over is logged in that order, while it goes on."""

import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from objstore.errors import InvalidInputError, RemoteError, StorageError
from objstore.history.encoding import encode_entry
from objstore.history.records import Record, RunLogRecord
from objstore.repository.logging import Labels
from objstore.sdk import logging
from objstore.sdk.content import DraftContent
from objstore.sdk.logged import LoggedVersion
from objstore.sdk.session import Session

_TOGETHER = 256
_SMALL = 1 << 20


@dataclass(eq=False)
class Handover:
    """A draft on its way to be a version; `outcome`, once it is done, is that, or why there is none."""

    content: DraftContent
    labels: Labels
    settle: Callable[[LoggedVersion], None] = lambda _: None
    """Called once it is a version, before anybody who waits goes on."""
    after: "Sequence[Handover]" = ()
    """What is to be done before, in other queues."""
    outcome: LoggedVersion | BaseException | None = None
    _done: threading.Event = field(default_factory=threading.Event)
    _is_told: bool = False
    _owner: int = field(default_factory=os.getpid)

    @property
    def is_done(self) -> bool:
        return self._done.is_set()

    @property
    def is_untold(self) -> bool:
        """Whether it failed and nobody knows."""
        return self.is_done and isinstance(self.outcome, BaseException) and not self._is_told

    @property
    def is_small(self) -> bool:
        return self.content.stored_bytes < _SMALL

    @property
    def is_its_turn(self) -> bool:
        return all(other.is_done for other in self.after)

    def finish(self) -> None:
        """Tells how it went."""
        if isinstance(self.outcome, LoggedVersion):
            self.settle(self.outcome)
        self._done.set()

    def settled(self) -> None:
        """Waits until it is clear how it went."""
        self._await(None)

    def wait(self, timeout: float | None = None) -> None:
        """Waits until it is a version; TimeoutError after that many seconds, the error if there is none."""
        if not self._await(timeout):
            raise TimeoutError(f"{self.labels.name} isn't logged yet")
        if isinstance(self.outcome, BaseException):
            self._is_told = True
            raise self.outcome

    def _await(self, timeout: float | None) -> bool:
        if not self.is_done and self._owner != os.getpid():
            raise InvalidInputError(
                f"{self.labels.name} is being logged by the process that this one was forked off; wait() there, before forking"
            )
        return self._done.wait(timeout)


Job = Handover | list[Record]
"""What the queue works on: a draft, or records of a run."""


class LogQueue:
    """The work that waits for one session. A thread does it, from when there is some until there is none.

    Small drafts that wait together share packs and a log entry. What a run logged is appended to the log of runs after the version is
    there. A draft waits for those of its name that were handed over before to other queues of the project, so that of one name all are
    logged in the order of the calls. Thread-safe.
    """

    def __init__(self, session: Session) -> None:
        self.owner = os.getpid()
        self._session = session
        self._jobs: deque[Job] = deque()
        self._now: list[Job] = []
        """Those that are being done."""
        self._records: list[Record] = []
        """Those of runs that are still to be appended, since that failed before."""
        self._failed: BaseException | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._at_work = threading.RLock()
        with _forking:
            _queues.add(self)

    def log(self, job: Handover) -> None:
        """Hands over a draft, which nobody changes from now on."""
        job.after = _under_way(self._session, job.labels.name, apart_from=self)
        self._put(job)

    def record(self, records: Iterable[Record]) -> None:
        """Hands over records of a run, which follow what was handed over before. InvalidInputError for what no log can hold."""
        job = list(records)
        if job:
            encode_entry(job)
            self._put(job)

    def last(self, session: Session, name: str) -> Handover | None:
        """The last draft of that name that is still to be logged, if this is the queue of the session's project."""
        with self._changed:
            found = [job for job in _drafts([*self._now, *self._jobs]) if job.labels.name == name]
        return found[-1] if found and self._session.is_same(session) else None

    def __len__(self) -> int:
        """How many drafts aren't logged yet."""
        with self._changed:
            return sum(not draft.is_done for draft in _drafts([*self._now, *self._jobs]))

    def drain(self, timeout: float | None = None) -> bool:
        """Waits until all that was handed over is done, for this many seconds at most; whether it is.

        Drafts say themselves how they fared. An error when records of runs couldn't be appended: they are kept, and tried again with
        the next ones, or when this is called again.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            if self._records and not self._jobs and not self._now:
                self._jobs.append([])
                self._start()
            while self._jobs or self._now:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return False
                self._changed.wait(left)
            if self._records and self._failed is not None:
                raise self._failed
            return True

    def _put(self, job: Job) -> None:
        with self._changed:
            self._jobs.append(job)
            try:
                self._start()
            except RuntimeError as error:
                refused = StorageError(f"what is logged has to be stored by a thread, and none can be started: {error}")
                self._jobs.pop()
                if isinstance(job, Handover):
                    job.outcome, job._is_told = refused, True
                    job.finish()
                raise refused from error

    def _start(self) -> None:
        if self._thread is None:
            thread = threading.Thread(target=self._work, name="objstore-log", daemon=True)
            thread.start()
            self._thread = thread

    def _work(self) -> None:
        while True:
            with self._changed:
                self._now = []
                if not self._jobs:
                    self._thread = None
                    self._changed.notify_all()
                    return
                first = self._jobs[0]
            # Not while at work, for which a fork waits. What it waits for was handed over before it, so two never wait for each other.
            for other in first.after if isinstance(first, Handover) else ():
                other.settled()
            with self._changed:
                self._now = self._taken()
            with self._at_work:
                self._do(self._now)

    def _taken(self) -> list[Job]:
        """What is done together: a large draft alone, else small ones and records as they follow each other."""
        first = self._jobs.popleft()
        taken = [first]
        if not isinstance(first, Handover) or first.is_small:
            while self._jobs and len(taken) < _TOGETHER:
                job = self._jobs[0]
                if isinstance(job, Handover) and not (job.is_small and job.is_its_turn):
                    break
                taken.append(self._jobs.popleft())
        return taken

    def _do(self, jobs: Sequence[Job]) -> None:
        """Whatever fails, the rest is done."""
        drafts = _drafts(jobs)
        self._log(drafts)
        self._append([record for job in jobs for record in (_logged_by(job) if isinstance(job, Handover) else job)])
        for draft in drafts:
            draft.after = ()
            draft.finish()

    def _log(self, jobs: Sequence[Handover]) -> None:
        if len(jobs) > 1:
            try:
                outcomes = logging.log_together(self._session, [(job.content, job.labels) for job in jobs])
            except (RemoteError, StorageError) as error:
                for job in jobs:
                    job.outcome = error
                return
            except Exception:  # one by one it shows whose fault it is
                pass
            else:
                for job, outcome in zip(jobs, outcomes, strict=True):
                    job.outcome = outcome
                return
        for job in jobs:
            try:
                job.outcome = logging.log(self._session, job.content, job.labels)
            except BaseException as error:  # nobody in this thread can be told of it
                job.outcome = error

    def _append(self, records: Sequence[Record]) -> None:
        self._records += records
        if not self._records:
            return
        try:
            with self._session.committing() as project:
                project.runbook.commit(lambda _: self._records)
        except BaseException as error:  # whatever it is, whoever waits must be told
            self._failed = error
        else:
            self._records, self._failed = [], None


# A fork copies locks as they are, and of the threads only the one that forks: what a queue's thread holds then, of ours or LMDB's, the
# child would wait for in vain. So a fork waits until no queue is at work, which can take as long as one batch does.

_forking = threading.Lock()
_queues: "weakref.WeakSet[LogQueue]" = weakref.WeakSet()
_stopped: list[LogQueue] = []


def _before_fork() -> None:
    _forking.acquire()
    for queue in list(_queues):
        queue._at_work.acquire()
        _stopped.append(queue)


def _after_fork() -> None:
    while _stopped:
        _stopped.pop()._at_work.release()
    _forking.release()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)


def settle(session: Session, name: str) -> None:
    """Waits until no draft of that name that this process has handed over before is still to be logged in the session's project."""
    for job in _under_way(session, name):
        job.settled()


def _under_way(session: Session, name: str, apart_from: LogQueue | None = None) -> list[Handover]:
    """The last draft of that name in each queue of the session's project."""
    with _forking:
        queues = [queue for queue in _queues if queue is not apart_from and queue.owner == os.getpid()]
    return [job for queue in queues if (job := queue.last(session, name)) is not None]


def _drafts(jobs: Iterable[Job]) -> list[Handover]:
    return [job for job in jobs if isinstance(job, Handover)]


def _logged_by(job: Handover) -> list[Record]:
    """The record of what a run has logged."""
    run, logged = job.labels.run, job.outcome
    if run is None or not isinstance(logged, LoggedVersion):
        return []
    project = logged.session.project.settings.project
    return [RunLogRecord(run=run.run, project=project, collection=logged.collection_id, root=logged.version.root.hex())]
