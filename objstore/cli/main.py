"""The way in: `objstore` and `python -m objstore`."""

import io
import sys

from objstore import __version__

_INTERRUPTED = 130


def main() -> None:
    """Runs the command line and exits."""
    # Scripts ask for the version often, and click alone would take twice as long as Python itself.
    if sys.argv[1:] == ["--version"]:
        print(f"objstore {__version__}")
        return
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a path that the terminal's encoding hasn't got must not stop us
    try:
        from objstore.cli.app import app

        app(prog_name="objstore")
    except KeyboardInterrupt:  # so early that click isn't there yet
        sys.exit(_INTERRUPTED)
