"""Has a fork wait until no other thread is inside something that a child couldn't use otherwise."""

import threading
import time

_LONGEST_STAY = 10.0  # seconds


class ForkGate:
    """Passed by whoever goes to where no other thread may be when a process forks. Each stay is short.

    No lock is held by who enters: a garbage collection, which may enter too, may come at any moment.
    """

    def __init__(self) -> None:
        self._inside: set[int] = set()
        self._open = threading.Event()
        self._open.set()

    def enter(self) -> bool:
        """Whether this thread wasn't inside already; if so, it has to leave."""
        thread = threading.get_ident()
        if thread in self._inside:
            return False
        self._inside.add(thread)
        while not self._open.is_set():
            self._inside.discard(thread)
            self._open.wait()
            self._inside.add(thread)
        return True

    def leave(self) -> None:
        self._inside.discard(threading.get_ident())

    def shut(self) -> None:
        """Waits until nobody else is inside; none enters until it is opened again."""
        self._open.clear()
        deadline = time.monotonic() + _LONGEST_STAY  # one that was interrupted while it left never will
        while self._inside - {threading.get_ident()} and time.monotonic() < deadline:
            time.sleep(0.0001)

    def reopen(self) -> None:
        self._open.set()

    def reopen_in_child(self) -> None:
        self._inside &= {threading.get_ident()}
        self._open = threading.Event()
        self._open.set()
