"""Collecting garbage in a project: here, in a bucket, or in a remote."""

from typing import TYPE_CHECKING

from objstore.errors import InvalidInputError
from objstore.host.progress import Progress
from objstore.repository.project import Project

if TYPE_CHECKING:
    from objstore.repository.fetching import Waiting
    from objstore.repository.localgc import Freed


def collect(
    project: Project,
    progress: Progress,
    *,
    remote: str | None = None,
    min_age: float | None = None,
    dry_run: bool = False,
    waiting: "Waiting" = None,
) -> "Freed":
    """Frees what no version needs: in a remote, where one is named, else where the project is (see localgc and remotegc)."""
    if remote is None and project.bucket is None:
        from objstore.repository import localgc

        if min_age is not None:
            raise InvalidInputError("min_age (--min-age) is about what is freed in a remote or a bucket: name it with remote= (--remote)")
        return localgc.collect(project, progress, dry_run=dry_run, waiting=waiting)
    from objstore.repository.remotegc import MIN_AGE, collect_bucket, collect_remote

    age = MIN_AGE if min_age is None else min_age
    if remote is None:
        return collect_bucket(project, progress, min_age=age, dry_run=dry_run)
    return collect_remote(project, progress, remote, min_age=age, dry_run=dry_run, waiting=waiting)
