"""What SIGTERM does to a program in which runs are under way."""

import os
import signal
import sys
import threading
from collections.abc import Callable

# A handler written in Python only runs once the main thread is back from what it waits for. A SIGTERM that comes just before a wait begins
# is noticed after it: a pool that ends its idle workers that way would wait for them for ever. So there is a handler no longer than needed,
# and none where a parent may end the process like that.

_SOON = 0.1  # seconds
_reasons: set[object] = set()
"""For what reasons SIGTERM is heeded."""


def heed(reason: object) -> None:
    """Has SIGTERM, by which schedulers end a program, end this one as `sys.exit` does until the reason is gone; a second one, at once.

    Not where the program has arranged for something else, nor in daemonic workers of `multiprocessing`; and only from the main thread.
    """
    if not _is_daemonic():
        _reasons.add(reason)
        _change(signal.SIG_DFL, _leave)


def heed_no_longer(reason: object) -> None:
    """The reason is gone. Harmless when repeated."""
    _reasons.discard(reason)
    if not _reasons:
        _change(_leave, signal.SIG_DFL)


def _change(before: object, now: "Callable[[int, object], None] | signal.Handlers") -> None:
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is before:
        signal.signal(signal.SIGTERM, now)


def _leave(number: int, _frame: object) -> None:
    if getattr(_fork, "is_under_way", False):  # an exception would be lost
        threading.Timer(_SOON, signal.pthread_kill, [threading.get_ident(), number]).start()
        return
    signal.signal(number, signal.SIG_DFL)
    sys.exit(128 + number)


def _is_daemonic() -> bool:
    processes = sys.modules.get("multiprocessing.process")
    return processes is not None and bool(processes.current_process().daemon)


# Python forgets in a child what has come since the fork. So what comes then has to wait, until the child has no handler any more.

_fork = threading.local()
"""Of the thread that forks: which signals were blocked before, and whether it is still at it."""


def _before_fork() -> None:
    _fork.is_under_way = True
    _fork.mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def _after_fork_in_parent() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _fork.mask)
    _fork.is_under_way = False


def _after_fork_in_child() -> None:
    _reasons.clear()
    _change(_leave, signal.SIG_DFL)
    _after_fork_in_parent()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
