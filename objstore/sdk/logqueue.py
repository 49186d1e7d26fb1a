"""Logging in the background: what a program hands over is logged in that order, while it goes on."""

import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from objstore.errors import InvalidInputError, RemoteError, StorageError
from objstore.history.records import Record, RunLogRecord
from objstore.repository.logging import Labels
from objstore.sdk import logging
from objstore.sdk.content import DraftContent
from objstore.sdk.logged import LoggedVersion
from objstore.sdk.session import Session

_TOGETHER = 256
_SMALL = 1 << 20


@dataclass(eq=False)
class Logging:
    """A draft on its way to be a version; `outcome`, once it is done, is that, or why there is none."""

    content: DraftContent
    labels: Labels
    incremental: bool = False
    settle: Callable[[LoggedVersion], None] = lambda _: None
    """Called once it is a version, before anybody who waits goes on."""
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

    @property
    def is_small(self) -> bool:
        return not self.incremental and self.content.stored_bytes < _SMALL


Job = Logging | list[Record]
"""What the queue works on: a draft, or records of a run."""


class LogQueue:
    """The work that waits for one project. A thread does it, from when there is some until there is none.

    Small drafts that wait together share packs and a log entry. What a run logged is appended to the log of runs after the version is
    there. Thread-safe.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._jobs: deque[Job] = deque()
        self._records: list[Record] = []
        """Those of runs that are still to be appended, since that failed before."""
        self._failed: BaseException | None = None
        self._changed = threading.Condition()
        self._is_working = False
        self._thread: threading.Thread | None = None
        self._at_work = threading.RLock()
        with _forking:
            _queues.add(self)

    def log(self, job: Logging) -> None:
        """Hands over a draft, which nobody changes from now on."""
        self._put(job)

    def record(self, records: Iterable[Record]) -> None:
        """Hands over records of a run, which follow what was handed over before."""
        self._put(list(records))

    def __len__(self) -> int:
        """How many drafts aren't logged yet."""
        with self._changed:
            return sum(isinstance(job, Logging) for job in self._jobs) + self._is_working

    def drain(self, timeout: float | None = None) -> bool:
        """Waits until all that was handed over is done, for this many seconds at most; whether it is.

        Drafts say themselves how they fared. An error when records of runs couldn't be appended: they are kept, and tried again with
        the next ones, or when this is called again.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            if self._records and not self._jobs and not self._is_working:
                self._jobs.append([])
                self._start()
            while self._jobs or self._is_working:
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
            self._start()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="objstore-log", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._is_working = False
                jobs = [self._jobs.popleft() for _ in range(min(len(self._jobs), _TOGETHER))]
                if not jobs:
                    self._thread = None
                    self._changed.notify_all()
                    return
                self._is_working = True
            with self._at_work:
                self._do(jobs)

    def _do(self, jobs: Sequence[Job]) -> None:
        """Whatever fails, the rest is done."""
        small: list[Logging] = []
        for job in jobs:
            if isinstance(job, Logging) and job.is_small:
                small.append(job)
            elif isinstance(job, Logging):
                self._log_together(small)
                small = []
                self._log_one(job)
        self._log_together(small)
        self._append([record for job in jobs for record in (_logged_by(job) if isinstance(job, Logging) else job)])
        for job in jobs:
            if isinstance(job, Logging):
                job.finish()

    def _log_together(self, jobs: Sequence[Logging]) -> None:
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
            self._log_one(job)

    def _log_one(self, job: Logging) -> None:
        try:
            job.outcome = logging.log(self._session, job.content, job.labels, incremental=job.incremental)
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


def _logged_by(job: Logging) -> list[Record]:
    """The record of what a run has logged."""
    run, logged = job.labels.run, job.outcome
    if run is None or not isinstance(logged, LoggedVersion):
        return []
    project = logged.session.project.settings.project
    return [RunLogRecord(run=run.run, project=project, collection=logged.collection_id, root=logged.version.root.hex())]
