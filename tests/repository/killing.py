"""A program that pushes or pulls and kills itself at a chosen step; run by test_sharing_processes.py.

    python -m tests.repository.killing push|pull CLONE before|after STEP…

For each STEP: forks a child that is killed at its n-th blob operation or durable step, then another that does it to the end. A push is of a
version logged before in CLONE, a pull one into a copy of it. Prints a line for each: the first child's exit code, and how many versions
there are in the end.
"""

import contextlib
import importlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import objstore.blobs.local
import objstore.odb.pack
from objstore.blobs.remote import RemoteBlobs
from objstore.history.log import Log
from objstore.host.progress import Silent
from objstore.odb.draftfile import DraftFile
from objstore.repository.project import Project
from objstore.repository.pulling import everything, pull
from objstore.repository.pushing import push
from tests.odb.stores import noise
from tests.repository.crashing import Killer
from tests.repository.sharing import log

PACK = 64 * 1024
STEPS = {
    os: ["link", "rename", "unlink", "writev"],
    objstore.blobs.local: ["publish", "publish_all"],
    RemoteBlobs: ["create", "adopt", "read", "read_ranges", "size", "list"],
    Log: ["append_bytes"],
    DraftFile: ["add"],
}


def act(what: str, clone: Path) -> int:
    with Project.find(clone) as project:
        if what == "push":
            push(project, Silent())
        else:
            pull(project, Silent(), everything)
        return sum(1 for item in project.state.collections.values() for _ in item.live())


def add(clone: Path, step: int, when: str) -> None:
    with Project.find(clone) as project:
        log(project, {"own": noise(step, 150_000), "when": when.encode()}, f"killed-{when}-{step}")


def in_a_child(work: Callable[..., int | None], *arguments: object) -> tuple[int, int]:
    """Its exit code, and the number that the function returned."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        try:
            os.write(writing, b"%d" % (work(*arguments) or 0))
        except BaseException as error:
            sys.stderr.write(f"{error!r}\n")
            os._exit(1)
        os._exit(0)
    os.close(writing)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with os.fdopen(reading, "rb") as pipe:
        return code, int(pipe.read() or 0)


def killed(what: str, clone: Path, when: str, step: int) -> int:
    killer = Killer(step, when)
    for owner, names in STEPS.items():
        for name in names:
            killer.watch(owner, name)
    return act(what, clone)


def main(what: str, clone: Path, when: str, steps: list[int]) -> None:
    objstore.odb.pack.TARGET_SIZE = PACK
    with contextlib.suppress(ImportError):
        importlib.import_module("objstore.blobs.s3")  # once, and not in each child
    for step in steps:
        place = clone
        if what == "push":
            in_a_child(add, place, step, when)
        else:
            place = clone.with_name(f"{clone.name}-{when}-{step}")
            shutil.copytree(clone, place)
        code, _ = in_a_child(killed, what, place, when, step)
        failed, versions = in_a_child(act, what, place)
        print(code, versions, flush=True)
        if failed:
            sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], [int(step) for step in sys.argv[4:]])
