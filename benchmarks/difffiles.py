"""Compares two versions of many files that differ in a hundred; prints the seconds that it takes as JSON.

    python benchmarks/difffiles.py make REPOSITORY FILES       versions `files:v0` and `files:v1`
    python benchmarks/difffiles.py compare REPOSITORY FILES    first in a process, and once more

The files have no content, only entries: a diff doesn't look at it.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from manifests import entry_path, log_edit

import objstore
from objstore.manifest.entry import Entry, EntryKind
from objstore.repository.project import Project
from objstore.values.digest import plain

_EACH = {"modified": 60, "added": 20, "removed": 20}


def make(repository: Path, files: int) -> None:
    repository.mkdir(parents=True)
    project = Project.create(repository)
    log_edit(project, None, ((entry_path(number), _entry(b"%d" % number)) for number in range(files)), "files")
    log_edit(project, project.state.version("files").root, list(_changes(files)), "files")


def compare(repository: Path) -> None:
    with objstore.open(repository) as repo:
        seconds = []
        for _ in range(2):
            start = time.perf_counter()
            found = repo.diff("files:v0", "files:v1")
            seconds.append(time.perf_counter() - start)
            counts = {name: total.files for name, total in found.totals.items() if total.files}
            if counts != _EACH:
                raise SystemExit(f"found {counts}, not {_EACH}")
    print(json.dumps(dict(zip(("cold", "warm"), seconds, strict=True))))


def _changes(files: int) -> Iterator[tuple[bytes, Entry | None]]:
    """In every hundredth of the files one differs."""
    kinds = [kind for kind, count in _EACH.items() for _ in range(count)]
    for number, kind in enumerate(kinds):
        path = entry_path(number * (files // len(kinds)))
        yield path + b".new" * (kind == "added"), None if kind == "removed" else _entry(b"new %d" % number)


def _entry(content: bytes) -> Entry:
    return Entry(EntryKind.FILE, plain(content), 4096)


if __name__ == "__main__":
    operation, folder, count = sys.argv[1:]
    if operation == "make":
        make(Path(folder), int(count))
    else:
        compare(Path(folder))
