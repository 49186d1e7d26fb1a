"""Where a script runs: its environment, its standard error, how it ends. Only this and `termination` know of these."""

import functools
import os
import sys
from _sitebuiltins import Quitter  # type of `exit` and `quit`
from collections.abc import Callable
from typing import NoReturn

ROOT = "OBJSTORE_ROOT"
"""The environment variable that names a root, where a program doesn't."""


def root_of_environment() -> str | None:
    """What the environment names as the root; None when it doesn't."""
    return os.environ.get(ROOT) or None


def is_failure(error: BaseException) -> bool:
    """Whether a program that ends with this exception has failed."""
    return not (isinstance(error, SystemExit) and not error.code)


class Ending:
    """Tells whether the program ends in failure. Watches from when it is made.

    An exception that nobody catches leaves its trace in `sys`, but what `sys.exit` was given is gone once the interpreter ends; so that is
    wrapped, and `exit` and `quit` are. An exit that somebody catches counts too, if it is the last. A bare `raise SystemExit(3)` leaves
    nothing to be seen.
    """

    def __init__(self) -> None:
        self._before = getattr(sys, "last_value", None)
        self._status: object = None
        sys.exit = self._noting(sys.exit)
        Quitter.__call__ = self._noting_quit(Quitter.__call__)  # type: ignore[method-assign]

    @property
    def has_failed(self) -> bool:
        return getattr(sys, "last_value", None) is not self._before or bool(self._status)

    def _noting(self, leave: Callable[..., NoReturn]) -> Callable[..., NoReturn]:
        @functools.wraps(leave)
        def noting(status: object = None, /) -> NoReturn:
            self._status = status
            leave(status)

        return noting

    def _noting_quit(self, leave: Callable[..., NoReturn]) -> Callable[..., NoReturn]:
        @functools.wraps(leave)
        def noting(quitter: Quitter, code: object = None) -> NoReturn:
            self._status = code
            leave(quitter, code)

        return noting


def say(text: str) -> None:
    """A line, wherever the standard error goes."""
    print(f"objstore: {text}", file=sys.stderr)


def wait_and_tell(wait: Callable[[float | None], bool], left: Callable[[], str]) -> None:
    """Waits until `wait` (for at most so many seconds) says that all is done; on a terminal, tells each second what is left."""
    if not sys.stderr.isatty():
        wait(None)
        return
    width = 0
    try:
        while not wait(1.0):
            line = f"objstore: {left()}"
            print(f"\r{line.ljust(width)}", end="", file=sys.stderr, flush=True)
            width = max(width, len(line))
    finally:
        if width:
            print(f"\r{' ' * width}\r", end="", file=sys.stderr, flush=True)
