"""Comparing and editing manifests of a million entries, in a process of its own; prints what it took as JSON.

python manifests.py make|compare|edit FOLDER ENTRIES
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIFFERENCES = 10


@dataclass(frozen=True, slots=True)
class MillionEntries:
    """Two manifests that differ in ten entries, in the store of a repository on disk, and what we measure about them."""

    compare: Callable[[], int]  # walks the whole difference of the two; gives how many entries differ
    edit_one: Callable[[], int]  # changes one entry of the first and stores the result durably; gives the bytes of the nodes written


def million_entry_repo(path: Path, entries: int) -> MillionEntries:
    """Opens the repository at `path`; makes it first, with two manifests of `entries` entries, when `path` doesn't exist."""
    raise SystemExit(f"million_entry_repo in benchmarks/manifests.py isn't written yet, so nothing makes {entries:,} entries in {path}")


def compare(path: Path, entries: int) -> dict[str, Any]:
    """The time of the first comparison in this process, and of one after it."""
    repository = million_entry_repo(path, entries)
    cold, found = _timed(repository.compare)
    if found != DIFFERENCES:
        raise SystemExit(f"the manifests differ in {found} entries, not in {DIFFERENCES}")
    warm, _ = _timed(repository.compare)
    return {"cold": cold, "warm": warm}


def edit(path: Path, entries: int) -> dict[str, Any]:
    """The time of one edit, and the bytes that it wrote."""
    seconds, written = _timed(million_entry_repo(path, entries).edit_one)
    return {"seconds": seconds, "written": written}


def make(path: Path, entries: int) -> dict[str, Any]:
    million_entry_repo(path, entries)
    return {}


def _timed(work: Callable[[], int]) -> tuple[float, int]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


if __name__ == "__main__":
    operation, folder, count = sys.argv[1:]
    print(json.dumps({"make": make, "compare": compare, "edit": edit}[operation](Path(folder), int(count))))
