"""Deleting the versions, and giving up the parts, whose time has passed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from objstore.errors import ConflictError
from objstore.history.expiry import Expiry, may_expire, plan_expiry
from objstore.history.records import Record
from objstore.history.state import State
from objstore.host import clock
from objstore.host.clock import text_of
from objstore.repository.project import Project


@dataclass(frozen=True, slots=True)
class ExpiredVersion:
    """A version whose ttl had passed."""

    name: str
    """`my-dataset:v3`."""
    aliases: tuple[str, ...]
    """Those that went with it."""
    expired_at: str
    """As `2026-11-21T09:30:00Z`."""


@dataclass(frozen=True, slots=True)
class Expired:
    """What expiring has deleted, or would delete."""

    versions: tuple[ExpiredVersion, ...]
    doubt: str = ""
    """In a plan: why nothing would be deleted, where the clock seems to be wrong."""
    dry_run: bool = False
    given_up: tuple[str, ...] = ()
    """Pending versions, with the number of writers, to which nobody had added anything for a week; they are gone for good."""


def expire(
    project: Project,
    *,
    now: datetime | None = None,
    trust_clock: bool = False,
    dry_run: bool = False,
    waiting: Callable[[], None] | None = None,
) -> Expired:
    """Deletes, aliases and all, every version that has expired at `now`; each can be restored until gc.

    Parts that several writers have added are given up when nobody has added any for a week; not in a clone, which doesn't know whether
    somebody has meanwhile. Without `now` it goes by this machine's clock, in a bucket by that of the bucket. In a clone the deletions wait
    to be pushed. ConflictError when that clock seems to be years ahead (see history.expiry), unless told to trust it; then nothing is
    deleted.
    """
    time = now or _now(project)
    planned = plan_expiry(project.state, time, trust_clock=trust_clock)
    if dry_run:
        return _told(project, planned, dry_run=True)

    def decide(state: State) -> Sequence[Record]:
        nonlocal planned
        planned = plan_expiry(state, time, trust_clock=trust_clock)
        if planned.doubt:
            raise ConflictError(
                f"{planned.doubt}; nothing was deleted: if the clock is right, expire with trust_clock=True (--trust-clock)"
            )
        return planned.records if project.clone is None else planned.deletions

    with project.writing(waiting):
        project.commit(decide)
    return _told(project, planned, dry_run=False)


def _told(project: Project, expiry: Expiry, *, dry_run: bool) -> Expired:
    versions = tuple(ExpiredVersion(str(item), item.aliases, text_of(item.since)) for item in expiry.overdue)
    given_up = tuple(expiry.given_up) if project.clone is None else ()
    return Expired(versions, expiry.doubt, dry_run, given_up)


def _now(project: Project) -> datetime:
    if project.bucket is None or not may_expire(project.state):
        return clock.now()
    from objstore.repository.gcplan import now_there  # loads all that collecting in a bucket takes

    return datetime.fromtimestamp(now_there(project.blobs), UTC)
