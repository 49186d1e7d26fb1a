"""What one helper process of a crew runs."""

import signal

from objstore.host.memory import prepare_for_bulk_work
from objstore.worktree.crew import serve


def main() -> None:
    """Serves until the pipe closes; an interrupt is for the process that started it to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare_for_bulk_work()
    with open(0, "rb", closefd=False) as requests, open(1, "wb", closefd=False) as answers:
        serve(requests, answers)
