"""What one helper process of a crew runs."""

import signal
import sys

from objstore.worktree.crew import serve


def main() -> None:
    """Serves until the pipe closes; an interrupt is for the process that started it to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin.buffer, sys.stdout.buffer)
