"""From files to a logged version."""

import contextlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from objstore.errors import InvalidInputError
from objstore.history.fence import OvertakenError
from objstore.host.progress import Progress
from objstore.repository.colliding import Warn
from objstore.repository.logging import Labels, Logged, check_type_matches, log_draft, log_stored
from objstore.repository.project import Project
from objstore.worktree.ignore import Patterns
from objstore.worktree.scan import source_of


def add(
    project: Project,
    paths: Sequence[Path],
    labels: Labels,
    patterns: Patterns,
    progress: Progress,
    waiting: Callable[[], None] | None = None,
    warn: Warn | None = None,
) -> Logged:
    """Takes files in and logs them as a version; the one that is there when the content is a live version's already.

    One folder stands for its contents; several paths keep their names. Interrupted, it leaves the store as it was; running it again
    doesn't write the same chunks again. Calls `waiting` when it has to wait for gc, and `warn` before it logs colliding paths.
    """
    with project.writing(waiting):
        check_type_matches(project.state, labels)
        intake = project.intake(source_of(paths), patterns, progress, stores=True)
        with intake.plan(project.scratch, project.clock_for(paths)) as plan:
            if plan.is_unchanged and plan.base is not None and project.bucket is None:
                with contextlib.suppress(OvertakenError):
                    logged = log_stored(project, plan.base, labels, warn)
                    intake.remember(plan, plan.base)
                    return logged
            draft = project.open_draft()
            try:
                root = intake.execute(plan, draft)
                logged = log_draft(project, draft, root, labels, warn)
            finally:
                draft.close()
            intake.remember(plan, root)
            return logged


def suggested_name(paths: Sequence[Path]) -> str:
    """The collection's name when the user gives none: the base name of the one path."""
    if len(paths) != 1:
        raise InvalidInputError("several paths need a name for what they make together: give one with name= (-n NAME)")
    name = paths[0].absolute().name
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", name):
        raise InvalidInputError(f"{name!r} can't be a name (letters, digits, '_', '.', '-'; up to 128): give one with name= (-n NAME)")
    return name
