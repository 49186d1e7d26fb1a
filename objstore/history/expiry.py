"""Which versions have expired (spec/log.md). Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from objstore.history.collection import Collection, Version
from objstore.history.records import DeleteRecord
from objstore.history.state import State
from objstore.host.clock import text_of, time_of

_GAP = timedelta(days=365)
_RECENT = timedelta(days=1)


@dataclass(frozen=True)
class Overdue:
    """A live version whose ttl has passed."""

    collection: Collection
    version: Version
    aliases: tuple[str, ...]
    since: datetime

    def __str__(self) -> str:
        return f"{self.collection.name}:{self.version.name}"


@dataclass(frozen=True)
class Expiry:
    """What is to be deleted because its time has passed."""

    overdue: tuple[Overdue, ...]
    now: datetime
    doubt: str = ""
    """Why the clock that says so isn't to be trusted, as part of a sentence."""

    @property
    def records(self) -> list[DeleteRecord]:
        """The deletions, aliases and all; none while the clock is in doubt. They are dated by that clock."""
        return [] if self.doubt else list(map(self._deletion, self.overdue))

    @property
    def deleted(self) -> list[str]:
        """The names of what the records delete."""
        return [] if self.doubt else list(map(str, self.overdue))

    def _deletion(self, item: Overdue) -> DeleteRecord:
        return DeleteRecord(collection=item.collection.id, root=item.version.root.hex(), time=text_of(self.now))


def plan_expiry(state: State, now: datetime, *, trust_clock: bool = False) -> Expiry:
    """What has expired by a clock that says `now` (which knows its zone). Unless told to trust it, the clock is compared with the log."""
    overdue = tuple(_overdue(state, now))
    return Expiry(overdue, now, _doubt(state, now) if overdue and not trust_clock else "")


def may_expire(state: State) -> bool:
    """Whether any version that is there expires at all."""
    return any(state.ttl(version) is not None for collection in state.collections.values() for version in collection.live())


def expires_at(state: State, collection: Collection, version: Version, now: datetime) -> datetime | None:
    """When a version expires, or has expired, judged at `now`; None for never."""
    begun = next(begin for at, begin in _begins(collection, now) if at.number == version.number)
    return _end(state, version, begun)


def _overdue(state: State, now: datetime) -> Iterator[Overdue]:
    for collection in state.collections.values():
        for version, begun in _begins(collection, now):
            end = None if version.deleted else _end(state, version, begun)
            if end is not None and end <= now:
                yield Overdue(collection, version, tuple(collection.aliases_of(version.number)), end)


def _begins(collection: Collection, now: datetime) -> Iterator[tuple[Version, str]]:
    """Each version with the time from which its ttl counts.

    That is when it was created, by the clock of whoever did it. Clocks that start in 1970 exist, and by such a one a version would have
    expired before it was logged; so none is taken for older than those logged before it. A time that is still to come says nothing
    about others: one record from the year 2099 must not keep all that follow.
    """
    present, newest = text_of(now), ""
    for version in collection.versions:
        if version.created > present:
            yield version, version.created
        else:
            newest = max(newest, version.created)
            yield version, newest


def _end(state: State, version: Version, begun: str) -> datetime | None:
    ttl = state.ttl(version)
    if ttl is None:
        return None
    try:
        return time_of(begun) + timedelta(seconds=ttl)
    except (ValueError, OverflowError):  # the 31st of February, the year 10000
        return None


def _doubt(state: State, now: datetime) -> str:
    """Why a clock seems to be far ahead; empty when it doesn't.

    One that is years ahead would expire everything, and gc would free it. All that there is to compare it with is the log; but what was
    logged within the last day may be by that very clock, so a jump of a year before that is what gives it away. A project that was left
    alone for so long looks the same, and somebody has to say which it is.
    """
    before = text_of(now - _RECENT)
    versions = (version for collection in state.collections.values() for version in collection.versions)
    newest = max((time for version in versions for time in (version.created, version.deleted_at) if time <= before), default="")
    try:
        if not newest or now - time_of(newest) <= _GAP:
            return ""
    except ValueError:
        return ""
    return f"the clock says {text_of(now)}, and nothing was logged for more than a year after {newest}"
