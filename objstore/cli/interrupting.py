"""What Ctrl-C does while a command is loaded, while it works, and when it is done.

Python raises KeyboardInterrupt wherever the program happens to be. That is right while a command works, since it cleans up on its way
out. But while modules are loaded or the interpreter ends, it may come up in places that nobody can guard (an import lock's callback, say,
or an exit function), where Python can only print a traceback; and there is nothing to clean up. So then the process just ends.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from signal import SIGINT, default_int_handler, getsignal, signal
else:  # what `signal` is made of: that itself takes longer to load than all that comes before there is a handler
    from _signal import SIGINT, default_int_handler, getsignal, signal

INTERRUPTED = 130


def begin() -> None:
    """From now on Ctrl-C ends the process, with one line. Where it was ignored before, as in a shell's background jobs, it still is."""
    if getsignal(SIGINT) is default_int_handler:
        signal(SIGINT, _end)


def work() -> None:
    """From now on it is a KeyboardInterrupt. Does nothing without `begin`: within another program, Ctrl-C is that program's matter."""
    if getsignal(SIGINT) is _end:
        signal(SIGINT, _raise)


def finish(code: int) -> None:
    """From now on it ends the process with this exit code: it comes too late to change anything. Does nothing without `begin`."""
    if getsignal(SIGINT) in (_end, _raise):
        exit = os._exit  # not by its module, which may be half taken apart by then
        signal(SIGINT, lambda *_: exit(code))


def _end(*_: object) -> None:
    try:
        os.write(2, b"interrupted\n")
    finally:
        os._exit(INTERRUPTED)


def _raise(*_: object) -> None:
    raise KeyboardInterrupt
