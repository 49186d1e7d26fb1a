"""A program that adds two versions and kills itself at a chosen step; run by test_crash.py.

    python -m tests.repository.crashing FOLDER before|after

For n = 1, 2, …: makes FOLDER/n with a project and a source, and forks a child that adds, edits and adds again, and is killed at its
n-th durable step. Stops with the first child that gets through. Prints the number of children.
"""

import itertools
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import objstore.blobs.local
import objstore.odb.pack
from objstore.history.log import Log
from objstore.host.progress import Silent
from objstore.odb.draftfile import DraftFile
from objstore.repository.adding import add
from objstore.repository.logging import Labels
from objstore.repository.project import Project
from objstore.worktree.ignore import Patterns
from tests.odb.stores import noise

PACK = 96 * 1024
"""So small that several packs are published while an add still reads."""

VERSIONS: list[dict[str, bytes]] = [
    {"large": noise(1, 500_000), "small": b"small", "folder/empty": b"", "folder/b": b"b" * 5000},
    {"large": noise(1, 300_000) + b"edit" + noise(2, 200_000), "small": b"other", "folder/c": b"c"},
]


def write(source: Path, files: dict[str, bytes]) -> None:
    """Makes `source` hold these files and no others."""
    shutil.rmtree(source, ignore_errors=True)
    for name, data in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(data)


def add_source(project: Project, source: Path) -> str:
    return add(project, [source], Labels("data"), Patterns(), Silent()).version.root.hex()


class Killer:
    """Kills this process at a step."""

    def __init__(self, step: int, when: str) -> None:
        self._left = step
        self._before = when == "before"
        self._lock = threading.Lock()
        self._process = os.getpid()

    def watch(self, owner: Any, name: str) -> None:
        original: Callable[..., Any] = getattr(owner, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            if os.getpid() != self._process:
                return original(*args, **kwargs)
            with self._lock:
                self._left -= 1
                hit = self._left == 0
            if hit and self._before:
                self._tear(name, args)
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return original(*args, **kwargs)
            finally:
                if hit:
                    os.kill(os.getpid(), signal.SIGKILL)

        setattr(owner, name, watched)

    def _tear(self, name: str, args: tuple[Any, ...]) -> None:
        """Of a write, half gets through."""
        if name == "writev":
            os.write(args[0], bytes(args[1][0])[: len(args[1][0]) // 2])


def run(place: Path, step: int, when: str) -> None:
    source = place / "source"
    objstore.odb.pack.TARGET_SIZE = PACK
    killer = Killer(step, when)
    for owner, names in {
        os: ["fsync", "link", "rename", "unlink", "mkdir", "writev"],
        objstore.blobs.local: ["publish", "publish_all"],
        Log: ["append"],
        DraftFile: ["add"],
    }.items():
        for name in names:
            killer.watch(owner, name)
    with Project(place / "project") as project, open(place / "acknowledged", "a", buffering=1) as acknowledged:
        for files in VERSIONS:
            write_quietly(source, files)
            acknowledged.write(add_source(project, source) + "\n")


def write_quietly(source: Path, files: dict[str, bytes]) -> None:
    """As `write`, by a process that isn't watched."""
    if not (pid := os.fork()):
        write(source, files)
        os._exit(0)
    os.waitpid(pid, 0)


def main(folder: Path, when: str) -> None:
    for step in itertools.count(1):
        place = folder / str(step)
        place.mkdir()
        if not (maker := os.fork()):
            Project.create_at(place / "project").close()
            os._exit(0)
        os.waitpid(maker, 0)
        if not (child := os.fork()):
            try:
                run(place, step, when)
            except BaseException as error:
                sys.stderr.write(f"step {step}: {error!r}\n")
                os._exit(1)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            print(step)
            sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
