"""Which versions have expired, and which parts nobody will finish (spec/log.md). Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from objstore.history.collection import Collection, Version
from objstore.history.pending import Pending
from objstore.history.records import DeleteRecord, PartAbandonRecord, Record
from objstore.history.state import State
from objstore.host.clock import text_of, time_of

_GAP = timedelta(days=365)
_RECENT = timedelta(days=1)

PARTS_WAIT = timedelta(days=7)
"""How long after the last one was added parts of a pending version are kept."""


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
    stale: tuple[Pending, ...] = ()
    """Parts to which nothing was added for a week."""

    @property
    def deletions(self) -> list[DeleteRecord]:
        """Of versions, aliases and all; none while the clock is in doubt. They are dated by that clock."""
        return [] if self.doubt else list(map(self._deletion, self.overdue))

    @property
    def records(self) -> list[Record]:
        """The same, and the word that parts are given up."""
        given_up = () if self.doubt else self.stale
        return [*self.deletions, *(PartAbandonRecord(pending=pending.id, time=text_of(self.now)) for pending in given_up)]

    @property
    def deleted(self) -> list[str]:
        """The names of the versions that the records delete."""
        return [] if self.doubt else list(map(str, self.overdue))

    @property
    def given_up(self) -> list[str]:
        """What the parts belong to that the records give up, and how many writers have added any."""
        return [] if self.doubt else list(map(str, self.stale))

    def _deletion(self, item: Overdue) -> DeleteRecord:
        return DeleteRecord(collection=item.collection.id, root=item.version.root.hex(), time=text_of(self.now))


def plan_expiry(state: State, now: datetime, *, trust_clock: bool = False) -> Expiry:
    """What has expired by a clock that says `now` (which knows its zone). Unless told to trust it, the clock is compared with the log."""
    overdue = tuple(_overdue(state, now))
    stale = tuple(pending for pending in state.pendings.values() if _is_stale(pending, now))
    return Expiry(overdue, now, _doubt(state, now) if (overdue or stale) and not trust_clock else "", stale)


def may_expire(state: State) -> bool:
    """Whether anything that is there expires at all."""
    versions = (version for collection in state.collections.values() for version in collection.live())
    return bool(state.pendings) or any(state.ttl(version) is not None for version in versions)


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


def _is_stale(pending: Pending, now: datetime) -> bool:
    try:
        return time_of(pending.last_added(text_of(now))) + PARTS_WAIT <= now
    except (ValueError, OverflowError):
        return False


def _doubt(state: State, now: datetime) -> str:
    """Why a clock seems to be far ahead; empty when it doesn't.

    One that is years ahead would expire everything, and gc would free it. All that there is to compare it with is the log; but what was
    logged within the last day may be by that very clock, so a jump of a year before that is what gives it away. A project that was left
    alone for so long looks the same, and somebody has to say which it is.
    """
    before = text_of(now - _RECENT)
    versions = (version for collection in state.collections.values() for version in collection.versions)
    times = [time for version in versions for time in (version.created, version.deleted_at)]
    times += [part.created for pending in state.pendings.values() for part in pending.parts.values()]
    newest = max((time for time in times if time <= before), default="")
    try:
        if not newest or now - time_of(newest) <= _GAP:
            return ""
    except ValueError:
        return ""
    return f"the clock says {text_of(now)}, and nothing was logged for more than a year after {newest}"
