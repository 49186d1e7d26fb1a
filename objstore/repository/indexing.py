"""Having an index reflect what a log says."""

from collections.abc import Callable

from objstore.history.state import State
from objstore.odb.database import Database, SegmentMissingError


def load_following(database: Database, state: State, read_on: Callable[[], object]) -> None:
    """Makes an index reflect what a log says; a segment that isn't there any more may have been replaced by gc, so then reads on, once."""
    try:
        database.load(state.segments, state.dead_packs)
    except SegmentMissingError:
        before = state.position
        read_on()
        if state.position == before:
            raise
        database.load(state.segments, state.dead_packs)
