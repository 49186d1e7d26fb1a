"""What one helper process of a crew runs."""

import signal

from objstore.worktree.crew import serve


def main() -> None:
    """Serves until the pipe closes; an interrupt is for the process that started it to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open(0, "rb", closefd=False) as requests, open(1, "wb", closefd=False) as answers:
        serve(requests, answers)
