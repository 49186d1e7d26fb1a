"""How long versions live."""

from datetime import timedelta
from enum import Enum

from objstore.errors import InvalidInputError, InvalidTypeError

_SECOND = timedelta(seconds=1)


class ArtifactTTL(Enum):
    """A ttl that isn't a time span."""

    INHERIT = 0
    """The project's default."""


def to_seconds(ttl: "timedelta | ArtifactTTL | None") -> int | None:
    """As the log has it: None for never, 0 for the project's default. Parts of a second count as a whole one."""
    if ttl is None or ttl is ArtifactTTL.INHERIT:
        return None if ttl is None else 0
    if not isinstance(ttl, timedelta):
        raise InvalidTypeError(f"a ttl is a timedelta, None (never) or ArtifactTTL.INHERIT, not {type(ttl).__name__}")
    if ttl <= timedelta(0):
        raise InvalidInputError(f"a ttl is longer than nothing, not {ttl}")
    seconds, rest = divmod(ttl, _SECOND)
    return seconds + bool(rest)


def to_timedelta(seconds: int | None) -> timedelta | None:
    """What the log says; the longest time span there is for a longer one."""
    return None if seconds is None else timedelta(seconds=seconds) if seconds <= timedelta.max // _SECOND else timedelta.max
