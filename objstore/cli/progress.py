"""Progress on a terminal: nothing for the first half second, then a bar on the standard error, gone at the end."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from objstore.cli.sizes import size
from objstore.host.progress import Progress, Silent

_PATIENCE = 0.5
_INTERVAL = 0.1


@contextlib.contextmanager
def progress() -> Iterator[Progress]:
    """What to pass to long work."""
    if not sys.stderr.isatty():
        yield Silent()
        return
    bar = Bar()
    try:
        yield bar
    finally:
        bar.stop()


class Bar:
    """The bar. Thread-safe; costs next to nothing between its ten updates a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = time.monotonic() + _PATIENCE
        self._shown: Any = None
        self._stage = _Stage("", None, None)

    def start(self, what: str, /, *, files: int | None = None, bytes_: int | None = None) -> None:
        with self._lock:
            self._stage = _Stage(what, files, bytes_)

    def advance(self, *, files: int = 0, bytes_: int = 0) -> None:
        with self._lock:
            self._stage.done_files += files
            self._stage.done_bytes += bytes_
            if time.monotonic() >= self._next:
                self._show()
                self._next = time.monotonic() + _INTERVAL

    def stop(self) -> None:
        """Takes the bar away."""
        with self._lock:
            self._next = float("inf")
            if self._shown is not None:
                self._shown.stop()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        if self._shown is None:
            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"), TimeRemainingColumn())
            self._shown = Progress(*columns, console=Console(stderr=True), transient=True)
            self._shown.start()
        stage = self._stage
        if stage.task is None:
            for task in self._shown.task_ids:
                self._shown.remove_task(task)
            stage.task = self._shown.add_task(stage.what, total=stage.total, told="")
        self._shown.update(stage.task, completed=stage.done)
        (task,) = self._shown.tasks
        self._shown.update(stage.task, told=stage.told(task.speed))


class _Stage:
    """One stage of the work and how far it is."""

    def __init__(self, what: str, files: int | None, bytes_: int | None) -> None:
        self.what = what
        self.files = files
        self.bytes = bytes_
        self.done_files = 0
        self.done_bytes = 0
        self.task: Any = None

    @property
    def total(self) -> int | None:
        return self.bytes or self.files

    @property
    def done(self) -> int:
        return self.done_bytes if self.bytes else self.done_files

    def told(self, speed: float | None) -> str:
        """How far it is, and the bytes a second of late."""
        parts = []
        if self.done_files or self.files:
            parts.append(f"{self.done_files:,}" + (f"/{self.files:,}" if self.files else "") + " files")
        if self.done_bytes or self.bytes:
            parts.append(size(self.done_bytes) + (f" of {size(self.bytes)}" if self.bytes else ""))
        if self.bytes and speed:
            parts.append(f"{size(int(speed))}/s")
        return "  ".join(parts)
