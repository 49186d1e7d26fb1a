"""Logging a draft's content in a project."""

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from objstore.errors import ConflictError, InvalidInputError
from objstore.graph.transfer import transfer
from objstore.history.versions import logged_version
from objstore.repository.colliding import warn_of_collisions
from objstore.repository.logging import Labels, check_type_matches, log_draft, log_drafts
from objstore.repository.project import Project
from objstore.sdk.content import DraftContent
from objstore.sdk.logged import LoggedVersion
from objstore.sdk.session import Session
from objstore.sdk.warning import warn
from objstore.values.digest import Digest


def log(session: Session, content: DraftContent, labels: Labels) -> LoggedVersion:
    """A version with this content: published, named in the log, with its aliases and tags. Whatever fails, nothing of it is there."""
    with content.lock, brought(session, content, labels) as (project, there):
        root = there.root()
        log_draft(project, there.open(project), root, labels, warn)
        return logged(session, project, labels.name, root)


def log_together(session: Session, items: Sequence[tuple[DraftContent, Labels]]) -> list[LoggedVersion | InvalidInputError]:
    """Logs several small drafts in their order, in common packs and by one log entry; of each the version, or why there is none.

    An error, and nothing is logged, when they can't be logged together.
    """
    with ExitStack() as held:
        for content, _ in items:
            held.enter_context(content.lock)
            if not content.session.is_same(session):
                raise ConflictError("a draft is kept in another project")
        roots = [content.root() for content, _ in items]
        with session.writing() as project:
            draft = project.open_draft()
            held.callback(draft.close)
            for (content, labels), root in zip(items, roots, strict=True):
                own = content.open(project)
                if own.generation != draft.generation:
                    raise ConflictError("a gc has begun since a draft was made")
                own.copy_to(draft)
                warn_of_collisions(project.database.with_draft(draft), project.state, labels.name, root, warn)
            refused = log_drafts(project, draft, [(root, labels) for root, (_, labels) in zip(roots, items, strict=True)])
            outcomes = [
                problem or logged(session, project, labels.name, root)
                for problem, root, (_, labels) in zip(refused, roots, items, strict=True)
            ]
        for problem, (content, _) in zip(refused, items, strict=True):
            if problem is None:
                content.logged()
        return outcomes


@contextmanager
def brought(session: Session, content: DraftContent, labels: Labels) -> Iterator[tuple[Project, DraftContent]]:
    """While inside, a project, in which the content is to be logged, and the content there: a copy of what is kept elsewhere.

    Afterwards `content` has been let go of, unless it failed.
    """
    root = content.root()
    if content.session.is_same(session):
        with session.writing() as project, content.storing():
            check_type_matches(project.state, labels)
            yield project, content
        content.logged()
        return
    with session.committing() as project:
        check_type_matches(project.state, labels)
        base = latest(project, labels.name) if content.is_incremental else None
        with contextlib.closing(DraftContent(session, base)) as copy:
            transfer(content.database, root, copy.open(project))
            copy.merge(project, root, b"", replace=True)
            yield project, copy
    content.close()


def latest(project: Project, name: str) -> Digest | None:
    """The root that an incremental draft starts from; None if there is none."""
    collection = project.state.find_collection(name)
    version = collection.latest if collection else None
    return version.root if version else None


def logged(session: Session, project: Project, name: str, root: Digest) -> LoggedVersion:
    """The version that has just been logged. ConflictError when it is gone already."""
    with project.looking() as state:
        return LoggedVersion(session, *logged_version(state, name, root))
