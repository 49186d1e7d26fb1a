"""The way in: `objstore` and `python -m objstore`."""

import io
import os
import sys

from objstore import __version__
from objstore.cli import interrupting


def main() -> None:
    """Runs the command line and exits."""
    interrupting.begin()  # first of all: until then Ctrl-C prints a traceback
    try:
        _run()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    except KeyboardInterrupt:  # between two phases, where nobody else is there to catch it
        code = interrupting.INTERRUPTED
        interrupting.finish(code)
        print("interrupted", file=sys.stderr)
    interrupting.finish(code)
    sys.exit(code)


def _run() -> None:
    _open_closed_streams()
    # Scripts ask for the version often, and click alone would take twice as long as Python itself.
    if sys.argv[1:] == ["--version"]:
        print(f"objstore {__version__}")
        return
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a path that the terminal's encoding hasn't got must not stop us
    from objstore.cli.app import app
    from objstore.host.memory import prepare_for_bulk_work

    prepare_for_bulk_work()
    app(prog_name="objstore")


def _open_closed_streams() -> None:
    """Gives the standard streams something to be: otherwise the next file opened would get their number, and our output."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
