"""Comparing and editing manifests of a million entries, in a process of its own; prints what it took as JSON.

python manifests.py make|compare|edit FOLDER ENTRIES
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from objstore.manifest.compare import compare as compare_manifests
from objstore.manifest.edit import edit as edit_manifest
from objstore.manifest.entry import Entry, EntryKind
from objstore.repository.adding import Labels, log_draft
from objstore.repository.project import Project
from objstore.values.digest import Digest, plain
from objstore.worktree.intake import DraftNodes

DIFFERENCES = 10


@dataclass(frozen=True, slots=True)
class MillionEntries:
    """Two manifests that differ in ten entries, in the store of a repository on disk, and what we measure about them."""

    compare: Callable[[], int]  # walks the whole difference of the two; gives how many entries differ
    edit_one: Callable[[], int]  # changes one entry of the first and stores the result durably; gives the bytes of the nodes written


def million_entry_repo(path: Path, entries: int) -> MillionEntries:
    """Opens the repository at `path`; makes it first, with two manifests of `entries` entries, when `path` doesn't exist."""
    project = Project.find(path) if path.exists() else _made(path, entries)
    old, new = project.state.version("manifests", "v0").root, project.state.version("manifests", "v1").root

    def count_differences() -> int:
        return sum(1 for _ in compare_manifests(project.database, old, project.database, new))

    def edit_one() -> int:
        return log_edit(project, old, [(entry_path(entries // 2), Entry(EntryKind.FILE, plain(os.urandom(16)), 4096))])

    return MillionEntries(count_differences, edit_one)


def _made(path: Path, entries: int) -> Project:
    path.mkdir(parents=True)
    project = Project.create(path)
    log_edit(project, None, ((entry_path(i), Entry(EntryKind.FILE, plain(b"%d" % i), i)) for i in range(entries)))
    changed = range(entries // 20, entries, entries // DIFFERENCES)
    old = project.state.version("manifests").root
    log_edit(project, old, ((entry_path(i), Entry(EntryKind.FILE, plain(b"new %d" % i), i)) for i in changed))
    return project


def log_edit(project: Project, root: Digest | None, changes: Iterable[tuple[bytes, Entry | None]], name: str = "manifests") -> int:
    """Edits a manifest and logs the result as a version; the bytes of the records written."""
    with project.writing():
        draft = project.open_draft()
        try:
            edited = edit_manifest(DraftNodes(project.database.with_draft(draft), draft), root, changes)
            log_draft(project, draft, edited, Labels(name))
        finally:
            draft.close()
        return draft.stored_bytes


def entry_path(number: int) -> bytes:
    return b"images/class_%04d/image_%07d.jpg" % (number // 1000, number)


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
