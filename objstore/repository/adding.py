"""From files to a logged version."""

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from objstore.errors import ConflictError, InvalidInputError, NotFoundError
from objstore.graph.closure import check_closed
from objstore.history.collection import Version
from objstore.history.fence import OvertakenError, check_not_overtaken
from objstore.history.metadata import check_metadata
from objstore.history.names import check_alias, check_collection_name, check_tag, check_ttl, check_type
from objstore.history.records import Record, Source
from objstore.history.state import State
from objstore.history.versions import log_version
from objstore.host import clock
from objstore.host.progress import Progress
from objstore.manifest.cursor import totals
from objstore.repository.colliding import Warn, warn_of_collisions
from objstore.repository.project import Project
from objstore.repository.renewing import renewed
from objstore.values.digest import Digest
from objstore.worktree.ignore import Patterns
from objstore.worktree.intake import Intake
from objstore.worktree.scan import source_of

if TYPE_CHECKING:
    from objstore.odb.draft import Draft

DEFAULT_TYPE = "dataset"


@dataclass(frozen=True)
class Labels:
    """What is said about a version, beside its content."""

    name: str
    type: str | None = None
    """None: the collection's, or `dataset` for a new one."""
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    description: str = ""
    metadata: Mapping[str, Any] | None = None
    source: Source | None = None
    ttl: int | None = 0
    """Seconds after which a new version expires; None for never, 0 for the project's default."""

    def __post_init__(self) -> None:
        check_collection_name(self.name)
        if self.type is not None:
            check_type(self.type)
        for alias in self.aliases:
            check_alias(alias)
        for tag in self.tags:
            check_tag(tag)
        check_metadata(self.metadata or {})
        check_ttl(self.ttl)


@dataclass(frozen=True)
class Logged:
    """A version, and what logging it changed."""

    collection: str
    version: Version
    is_new: bool
    new_bytes: int
    """Bytes that the store grew by, index and log apart."""

    @property
    def name(self) -> str:
        return f"{self.collection}:v{self.version.number}"


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
        intake = Intake(
            project.database, source_of(paths), patterns, progress, project.keep_mode_for(paths), may_build_on=project.may_build_on
        )
        with intake.plan(project.scratch, project.clock_for(paths)) as plan:
            if plan.is_unchanged and plan.base is not None and project.bucket is None:
                if warn is not None:
                    warn_of_collisions(project.database, project.state, labels.name, plan.base, warn)
                with contextlib.suppress(OvertakenError):
                    logged = _log(project, plan.base, labels, [], 0)
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


def log_draft(project: Project, draft: "Draft", root: Digest, labels: Labels, warn: Warn | None = None) -> Logged:
    """Publishes a draft and logs `root`, which it (or the store) holds; inside `writing`.

    `warn` is told of colliding paths before anything is logged; if it raises, nothing is.
    """
    draft.flush()  # the disk may work meanwhile
    if warn is not None:
        warn_of_collisions(project.database.with_draft(draft), project.state, labels.name, root, warn)
    if project.clone is None:
        return _log_behind_fence(project, draft, root, labels)
    if draft.generation != project.holdings.generation:
        check_closed(project.database, draft, root)
    # What the draft holds is published even when the root is there already: if it was needed, something below the root is missing.
    segments = [] if draft.is_empty else draft.publish()
    if project.holdings.has_put_away(segments, draft.packs):
        return _log_anew(project, draft, root, labels)
    logged = _log(project, root, labels, segments, draft.stored_bytes, draft)
    draft.finish()
    return logged


def _log_anew(project: Project, draft: "Draft", root: Digest, labels: Labels) -> Logged:
    """Publishes and logs a copy of a draft.

    The names of packs and segments follow from what is in them. So a draft from before a gc may have what others have logged too and gc
    has put away since, and that is dead for ever under its name. In packs of the present generation it has other names.
    """
    copy = project.open_draft()
    try:
        draft.copy_to(copy)
        logged = _log(project, root, labels, [] if copy.is_empty else copy.publish(), copy.stored_bytes, copy)
        copy.finish()
    finally:
        copy.close()
    draft.finish()
    return logged


def _log_behind_fence(project: Project, draft: "Draft", root: Digest, labels: Labels) -> Logged:
    """The same where a gc of others may come at any moment: then what it is about to take is stored again, the rest relied on anew."""
    with contextlib.ExitStack() as renewals:
        while True:
            try:
                if draft.is_shaky:
                    raise OvertakenError
                logged = _log(project, root, labels, [] if draft.is_empty else draft.publish(), draft.stored_bytes, draft)
            except OvertakenError:
                pass
            except NotFoundError:  # perhaps of what was relied on
                project.refresh()
                if project.state.generation == draft.generation:
                    raise
            else:
                draft.finish()
                return logged
            draft = renewals.enter_context(contextlib.closing(renewed(project, draft, root)))


def check_type_matches(state: State, labels: Labels) -> None:
    """InvalidInputError when the collection exists with another type; so that no work is done for nothing."""
    known = state.find_collection(labels.name)
    if known is not None and labels.type not in (None, known.type):
        raise InvalidInputError(f"{labels.name} has type {known.type}, not {labels.type}; leave the type out or choose another name")


def suggested_name(paths: Sequence[Path]) -> str:
    """The collection's name when the user gives none: the base name of the one path."""
    if len(paths) != 1:
        raise InvalidInputError("several paths need a name for what they make together: give one with -n NAME")
    name = paths[0].absolute().name
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", name):
        raise InvalidInputError(f"{name!r} can't be a name (letters, digits, '_', '.', '-'; up to 128): give one with -n NAME")
    return name


def _log(project: Project, root: Digest, labels: Labels, segments: Sequence[str], new_bytes: int, draft: "Draft | None" = None) -> Logged:
    database = project.database.with_draft(draft) if draft else project.database
    counted = totals(database, root)

    def decide(state: State) -> list[Record]:
        if project.clone is None:
            if draft is not None:
                check_not_overtaken(state, draft.generation, segments, draft.packs)
            elif not state.is_live(root):
                raise OvertakenError  # a gc may be about to take what was looked at
        known = state.find_collection(labels.name)
        type_ = labels.type or (known.type if known else DEFAULT_TYPE)
        return log_version(
            state,
            labels.name,
            type_,
            root=root,
            files=counted.files,
            bytes=counted.bytes,
            description=labels.description,
            metadata=labels.metadata,
            aliases=labels.aliases,
            tags=labels.tags,
            segments=segments,
            source=labels.source,
            ttl=labels.ttl,
            now=clock.now(),
        )

    records = project.commit(decide)
    collection = project.state.collection(labels.name)
    version = collection.find_root(root)
    if version is None:
        raise ConflictError(f"{labels.name} was changed by somebody else at the same moment; try again")
    return Logged(collection.name, version, any(hasattr(record, "files") for record in records), new_bytes)
