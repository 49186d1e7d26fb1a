"""What a script's user is told on the standard error while it waits. Nothing where that isn't a terminal, but for what is lost."""

import sys
from collections.abc import Callable


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
