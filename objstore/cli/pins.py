"""How pins, and what is done about them, are shown."""

import os
import shlex
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from objstore.cli.output import print_line
from objstore.cli.sizes import counted, size
from objstore.manifest.cursor import children
from objstore.repository.project import Project
from objstore.repository.status import CHANGES, Condition, Status
from objstore.values.key import node_key
from objstore.worktree.pin import Pin

_SHOWN = 200
LETTERS = {"added": "A", "removed": "D", "modified": "M"}

NOTHING_PINNED = "nothing is pinned here; `objstore add PATH`, or `objstore checkout NAME:V PATH`, pins a version to a path"


def print_to_commit(files: Sequence[Path]) -> None:
    """Says which files Git should be told about."""
    from objstore.host.git import Git

    own = [file for file in dict.fromkeys(files) if Git.of(file.parent) is not None]
    if own:
        words = [os.path.relpath(file) for file in own]
        marked = ["--", *words] if any(word.startswith("-") for word in words) else words
        print_line(f"to commit: git add {shlex.join(marked)}")


def status_row(status: Status) -> tuple[str, str, str, str]:
    path = os.path.relpath(status.path)
    return path, status.name, status.condition.value, _told(status, path)


def status_as_dict(status: Status, files: bool) -> dict[str, Any]:
    pin = status.pin
    told: dict[str, Any] = {
        "path": os.path.relpath(status.path),
        "name": status.name or None,
        "digest": pin.root.hex() if pin else None,
        "status": status.condition.name.lower(),
        "why": status.why or None,
        "holds": status.holds,
        **{name: status.counts[name] for name in CHANGES},
    }
    return told | {"files": [{"change": change, "path": path} for change, path in status.files]} if files else told


def _told(status: Status, path: str) -> str:
    match status.condition:
        case Condition.UNCHANGED:
            assert status.pin is not None
            return counted(status.pin.files, "file")
        case Condition.MODIFIED:
            counts = ", ".join(f"{status.counts[name]:,} {name}" for name in CHANGES if status.counts[name])
            held = f"; it holds {status.holds}{' with local changes' * status.is_edited}" if status.holds else ""
            return counts + held + (f", `objstore checkout {path}` writes {status.name}" if held and not status.is_edited else "")
        case Condition.MISSING:
            return f"`objstore checkout {path}` writes it"
        case _:
            return status.why


def print_summary(pin: Pin, project: Project | None) -> None:
    """What a pin pins, a line each, so that two of them can be compared; of the version's files as far as the store has it."""
    print_line(f"{pin}  {pin.root.short}")
    print_line(f"{counted(pin.files, 'file')}, {size(pin.size)} ({pin.size:,} bytes)")
    if project is None or node_key(pin.root) not in project.database:
        return
    found = iter(children(project.database, pin.root))
    for child in islice(found, _SHOWN):
        name = child.name.decode()
        content = counted(child.files, "file") if child.entry is None else child.entry.digest.hex()[:12]
        print_line(f"  {name}{'/' * child.is_folder}  {size(child.bytes)}  {content}")
    if next(found, None) is not None:
        print_line("  …")
