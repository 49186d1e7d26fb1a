"""Deleting the versions of a collection beyond the last few."""

from collections.abc import Callable
from dataclasses import dataclass

from objstore.history.records import DeleteRecord
from objstore.history.retention import Retention, plan_retention
from objstore.history.state import State
from objstore.repository.project import Project
from objstore.repository.workingtree import WorkingTree
from objstore.values.digest import Digest


@dataclass(frozen=True, slots=True)
class SparedVersion:
    """A version that stays although it is beyond the last few."""

    name: str
    """`my-dataset:v3`."""
    why: str
    """Its aliases, and whether it is pinned in this working tree."""


@dataclass(frozen=True, slots=True)
class PrunedVersions:
    """What pruning a collection has deleted, or would delete."""

    deleted: tuple[str, ...]
    """As `my-dataset:v3`, the oldest first."""
    spared: tuple[SparedVersion, ...]
    dry_run: bool = False


def prune_versions(
    project: Project,
    collection: str,
    keep_last: int,
    *,
    keep_aliased: bool = False,
    dry_run: bool = False,
    waiting: Callable[[], None] | None = None,
) -> PrunedVersions:
    """Deletes the versions of a collection but for the last `keep_last`; each can be restored until gc.

    The version that is `latest`, and those that pins of this working tree name, stay. ConflictError, and nothing is deleted, when another
    alias is on one of the others, unless `keep_aliased`. InvalidInputError when a pin can't be read: it may name any version.
    """
    pinned = _pinned(project)

    def plan(state: State) -> Retention:
        return plan_retention(state, collection, keep_last, keep_aliased=keep_aliased, pinned=pinned)

    if dry_run:
        return _told(plan(project.state), dry_run=True)
    planned: Retention

    def decide(state: State) -> list[DeleteRecord]:
        nonlocal planned
        planned = plan(state)
        return planned.records

    with project.writing(waiting):
        project.commit(decide)
    return _told(planned, dry_run=False)


def _pinned(project: Project) -> set[Digest]:
    """The roots that pins of the working tree name."""
    if project.tree is None:
        return set()
    tree = WorkingTree.of(project)
    return {tree.read(path).root for path in tree.pinned()}


def _told(plan: Retention, *, dry_run: bool) -> PrunedVersions:
    spared = tuple(SparedVersion(plan.name(version), why) for version, why in plan.spared)
    return PrunedVersions(tuple(map(plan.name, plan.surplus)), spared, dry_run)
