"""Having an index reflect what a log says."""

from collections.abc import Callable

from objstore.history.state import State
from objstore.odb.database import Database, SegmentMissingError


def load_following(database: Database, state: State, read_on: Callable[[], object]) -> None:
    """Makes an index reflect what a log says.

    Where a segment isn't there any more, gc may have replaced it: then reads on, and tries again as long as the log has gone on.
    """
    while True:
        try:
            database.load(state.segments, state.dead_packs)
            return
        except SegmentMissingError:
            before = state.position
            read_on()
            if state.position == before:
                raise
