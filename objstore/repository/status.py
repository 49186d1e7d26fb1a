"""How each pinned path is, against its pin."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from objstore.errors import ConflictError, InvalidInputError, NotFoundError, SourceFileError, UnsupportedFormatError
from objstore.host.progress import Progress
from objstore.manifest.sides import differences
from objstore.repository.surveying import side_of, surveyed
from objstore.repository.workingtree import WorkingTree
from objstore.worktree import pinfiles
from objstore.worktree.pin import Pin


class Condition(Enum):
    UNCHANGED = "unchanged"
    MODIFIED = "modified"
    MISSING = "missing"
    """Nothing is at the path."""
    NOT_HERE = "not here"
    """The store hasn't got the pinned version."""
    UNUSABLE = "unusable"
    """The pin, or what is at its path, can't be read."""


CHANGES = ("added", "modified", "removed")


@dataclass
class Status:
    """One pinned path. Of a modified one `counts` has how many files were added, modified, removed; `files` names them, if asked for."""

    path: Path
    pin: Pin | None
    name: str
    """What its version is called here."""
    condition: Condition
    why: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    files: list[tuple[str, str]] = field(default_factory=list)
    """What was done, and the path from the pinned one."""
    holds: str | None = None
    """Another version, that was last added or checked out at the path; what differs may be only that."""
    is_edited: bool = False
    """Whether files have changed since."""
    warning: str = ""


def statuses(tree: WorkingTree, paths: list[Path], progress: Progress, *, files: bool = False) -> Iterator[Status]:
    """One after the other. Cost of one that is unchanged: a scan; else also reading what may have changed without showing in its size."""
    for path in paths:
        yield _status(tree, path, progress, files)


def _status(tree: WorkingTree, path: Path, progress: Progress, files: bool) -> Status:
    try:
        pin = tree.read(path)
    except (InvalidInputError, UnsupportedFormatError) as error:
        return Status(path, None, "", Condition.UNUSABLE, str(error))
    try:
        pinned = tree.version(pin)
    except NotFoundError as error:
        return Status(path, pin, str(pin), Condition.NOT_HERE, str(error))
    except InvalidInputError as error:
        return Status(path, pin, str(pin), Condition.UNUSABLE, str(error))
    status = Status(path, pin, str(pinned), Condition.UNCHANGED)
    if pinned.version.number != pin.number and pinned.collection.name == pin.collection:
        shown = tree.shown(pinfiles.pin_file(path))
        counts = f"{pinned}, which counts; `objstore checkout {pinned}` corrects it"
        status.warning = f"{shown} says v{pin.number}, but its root is that of {counts}"
    if not path.is_symlink() and not path.exists():
        status.condition = Condition.MISSING
        return status
    try:
        _compare(tree, status, pin, progress, files)
    except (SourceFileError, ConflictError) as error:
        status.condition, status.why = Condition.UNUSABLE, str(error)
    return status


def _compare(tree: WorkingTree, status: Status, pin: Pin, progress: Progress, files: bool) -> None:
    clock = tree.project.clock_for([status.path])
    with surveyed(tree, status.path, pin, progress, clock) as survey:
        survey.remember()
        if survey.plan.base not in (None, pin.root):
            status.holds = tree.name_of(survey.plan.base)
            status.is_edited = bool(survey.edited)
        for path, old, new in differences(side_of(tree.project.database, pin, status.path), survey.side):
            change = "added" if old is None else "removed" if new is None else "modified"
            status.counts[change] += 1
            if files:
                status.files.append((change, path.decode(errors="backslashreplace")))
            if change == "added" and path.endswith(pinfiles.SUFFIX.encode()):
                _check_no_pin(tree, status.path / path.decode(errors="surrogateescape"))
    if status.counts:
        status.condition = Condition.MODIFIED


def _check_no_pin(tree: WorkingTree, file: Path) -> None:
    if pinfiles.is_pin_file(file) and pinfiles.is_pin(pinfiles.pinned_path(file)):
        raise ConflictError(f"{tree.shown(file)} is a pin inside a pinned folder; remove one of the two")
