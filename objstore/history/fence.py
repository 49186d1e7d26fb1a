"""Whether a writer may still append what it has prepared, or a gc has come in between (spec/gc.md)."""

from collections.abc import Collection

from objstore.errors import ConflictError
from objstore.history.state import State


class OvertakenError(ConflictError):
    """A gc has begun since the writer looked at the index: look again at what is there, store what isn't, then append."""

    def __init__(self) -> None:
        super().__init__("a gc has begun since this was prepared; try again")


def check_not_overtaken(state: State, generation: int, segments: Collection[str], packs: Collection[str]) -> None:
    """OvertakenError unless an entry that follows `state` may rely on an index view of this generation.

    `segments` and `packs`: what the entry names, and what was written for it. They are looked at all the same, since a name that was put
    away would have no effect, and somebody who has just put it away may have used another program.
    """
    if state.generation != generation:
        raise OvertakenError
    check_not_put_away(state, segments, packs)


def check_not_put_away(state: State, segments: Collection[str], packs: Collection[str]) -> None:
    """OvertakenError if one of these would have no effect if an entry that follows `state` named it."""
    if state.has_put_away(segments, packs):
        raise OvertakenError
