"""Diffs of versions and folders."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from objstore.comparison.files import FileDiff, diff
from objstore.history.collection import Version
from objstore.host.progress import Progress
from objstore.manifest.sides import Side
from objstore.repository.project import Project
from objstore.worktree.ignore import Patterns
from objstore.worktree.scan import source_of


def diff_files(project: Project, old: Version | Path, new: Version | Path, progress: Progress) -> FileDiff:
    """What differs between two versions, or a version and a folder (or file) as it would be added.

    Of a folder that was added before only what has changed since is read. Nothing is stored or remembered.
    """
    with _side(project, old, progress) as old_side, _side(project, new, progress) as new_side:
        return diff(old_side, new_side)


@contextlib.contextmanager
def _side(project: Project, what: Version | Path, progress: Progress) -> Iterator[Side]:
    if isinstance(what, Version):
        yield Side(project.database, what.root)
        return
    intake = project.intake(source_of([what]), Patterns(), progress)
    with intake.plan(project.scratch, project.clock) as plan:
        yield Side(project.database, plan.base, intake.hashed(plan))
