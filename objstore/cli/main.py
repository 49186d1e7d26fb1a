"""The way in: `objstore` and `python -m objstore`."""

import io
import os
import sys

from objstore import __version__

_INTERRUPTED = 130


def main() -> None:
    """Runs the command line and exits."""
    _open_closed_streams()
    # Scripts ask for the version often, and click alone would take twice as long as Python itself.
    if sys.argv[1:] == ["--version"]:
        print(f"objstore {__version__}")
        return
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a path that the terminal's encoding hasn't got must not stop us
    try:
        from objstore.cli.app import app
        from objstore.host.memory import prepare_for_bulk_work

        prepare_for_bulk_work()
        app(prog_name="objstore")
    except KeyboardInterrupt:  # so early that click isn't there yet
        print("interrupted", file=sys.stderr)
        sys.exit(_INTERRUPTED)


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
