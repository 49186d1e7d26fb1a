"""The commands beside which objstore is measured."""

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from measure import Sample, run

# Compiled by the process that runs it, as `python -c` does. Prints the seconds of the walk alone, without start-up.
_WALK = """
import os, sys, time
def walk(folder):
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            walk(entry.path)
        else:
            entry.stat(follow_symlinks=False)
start = time.perf_counter()
walk(sys.argv[1])
print(time.perf_counter() - start)
"""


def copy(source: Path, target: Path) -> Sample:
    return run(["cp", source, target])


def copy_and_sync(source: Path, target: Path) -> Sample:
    """`cp`, and then fsync of the copy."""
    sample = copy(source, target)
    start = time.perf_counter()
    fd = os.open(target, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    return replace(sample, seconds=sample.seconds + time.perf_counter() - start)


def copy_tree(source: Path, target: Path) -> Sample:
    return run(["cp", "-r", source, target])


def walk(folder: Path) -> Sample:
    """scandir and stat of everything below `folder` by a fresh process of this interpreter."""
    return run([sys.executable, "-c", _WALK, folder])


def walk_alone(sample: Sample) -> float:
    """The seconds that the walk itself took within a `walk`."""
    return float(sample.output)


def git_repository(source: Path, folder: Path) -> Path:
    """A Git repository that holds a copy of `source`, committed."""
    copy_tree(source, folder)
    run(["git", "init", "-q"], cwd=folder)
    run(["git", "add", "-A"], cwd=folder)
    run(["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "all"], cwd=folder)
    return folder


def git_status(folder: Path) -> Sample:
    return run(["git", "status", "--porcelain"], cwd=folder)


def start_python() -> Sample:
    return run([sys.executable, "-c", "pass"], watch=False, settle=False)
