"""From stored content to logged versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from objstore.errors import InvalidInputError
from objstore.history.collection import Version
from objstore.history.metadata import check_metadata
from objstore.history.names import check_alias, check_collection_name, check_tag, check_ttl, check_type, check_type_of
from objstore.history.records import Record, RunRef, Source, VersionRecord
from objstore.history.state import State
from objstore.history.versions import log_version, logged_version
from objstore.host import clock
from objstore.manifest.cursor import Totals
from objstore.repository.colliding import Warn, warn_of_collisions
from objstore.repository.committing import Counted, commit_draft, commit_stored
from objstore.repository.project import Project
from objstore.values.digest import Digest

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
    run: RunRef | None = None
    """The run that makes it, if it is new."""

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


def log_draft(project: Project, draft: "Draft", root: Digest, labels: Labels, warn: Warn | None = None) -> Logged:
    """Publishes a draft and logs `root`, which it (or the store) holds; inside `writing`.

    `warn` is told of colliding paths before anything is logged; if it raises, nothing is.
    """
    draft.flush()
    if warn is not None:
        warn_of_collisions(project.database.with_draft(draft), project.state, labels.name, root, warn)
    new = _News()
    new_bytes = commit_draft(
        project, draft, [root], lambda state, segments, counted: new.of(log_root(state, root, labels, segments, counted[root]))
    )
    return _logged(project, root, labels, new.is_new, new_bytes)


def log_stored(project: Project, root: Digest, labels: Labels, warn: Warn | None = None) -> Logged:
    """The same for what is stored already. OvertakenError when a gc may be about to take it."""
    if warn is not None:
        warn_of_collisions(project.database, project.state, labels.name, root, warn)
    new = _News()
    commit_stored(project, root, lambda state, segments, counted: new.of(log_root(state, root, labels, segments, counted[root])))
    return _logged(project, root, labels, new.is_new, 0)


def log_drafts(project: Project, draft: "Draft", items: Sequence[tuple[Digest, Labels]]) -> list[InvalidInputError | None]:
    """Logs several versions whose content one draft holds, in their order, by one log entry; inside `writing`.

    Why one isn't logged, or None; that doesn't keep the others from being.
    """
    refused: list[InvalidInputError | None] = []

    def build(state: State, segments: Sequence[str], counted: Counted) -> list[Record]:
        refused.clear()
        state, records = state.copy(), list[Record]()
        for root, labels in items:
            try:
                made = log_root(state, root, labels, () if records else segments, counted[root])
            except InvalidInputError as error:
                refused.append(error)
                continue
            refused.append(None)
            if made:
                state.apply(state.position + 1, made)
            records += made
        return records

    commit_draft(project, draft, [root for root, _ in items], build)
    return refused


def log_root(state: State, root: Digest, labels: Labels, segments: Sequence[str], counted: Totals) -> list[Record]:
    """The records that make a root a version, or say more of the one that it is."""
    known = state.find_collection(labels.name)
    return log_version(
        state,
        labels.name,
        labels.type or (known.type if known else DEFAULT_TYPE),
        root=root,
        files=counted.files,
        bytes=counted.bytes,
        description=labels.description,
        metadata=labels.metadata,
        aliases=labels.aliases,
        tags=labels.tags,
        segments=segments,
        source=labels.source,
        run=labels.run,
        ttl=labels.ttl,
        now=clock.now(),
    )


def check_type_matches(state: State, labels: Labels) -> None:
    """InvalidInputError when the collection exists with another type; so that no work is done for nothing."""
    known = state.find_collection(labels.name)
    if known is not None:
        check_type_of(labels.name, known.type, labels.type)


class _News:
    """Whether the records that were appended make a version."""

    is_new = False

    def of(self, records: list[Record]) -> list[Record]:
        self.is_new = any(isinstance(record, VersionRecord) for record in records)
        return records


def _logged(project: Project, root: Digest, labels: Labels, is_new: bool, new_bytes: int) -> Logged:
    collection, version = logged_version(project.state, labels.name, root)
    return Logged(collection.name, version, is_new, new_bytes)
