"""How anything comes into a log.

Write in reference order, read in reverse. Whatever a record names must be in place before the record is: data packs, then
metadata packs, then the index segment that lists them, then, by `commit`, the log entry that names the segment. A reader goes
the other way: entry, segment, pack. So a crash at any point leaves files that nothing refers to, never a reference to what
isn't there; and a version exists for everybody from the moment that its entry does, whole.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from objstore.errors import UnsupportedFormatError
from objstore.history.log import EntryTakenError, Log
from objstore.history.records import Record, UnknownRecord


class Fold(Protocol):
    """What a log adds up to: `State` for `main`, `Runs` for `runs`."""

    position: int
    unknown: set[str]

    def apply(self, number: int, records: Iterable[Record | UnknownRecord], /) -> None: ...


F = TypeVar("F", bound=Fold)


def refresh(log: Log, state: Fold) -> bool:
    """Folds in what has been appended since; whether there was anything."""
    before = state.position
    for number, records in log.read_from(before + 1):
        state.apply(number, records)
    return state.position != before


def commit(log: Log, state: F, decide: Callable[[F], Sequence[Record]]) -> list[Record]:
    """Appends what `decide` wants, judged by the very state that it is appended to; returns it.

    `decide` sees the state up to date, and may raise to give up or return nothing when there is nothing to do. It is asked again
    whenever another writer was faster, so it must not change anything itself, and everything that its records name
    must be stored already. Where gc may be at work meanwhile, it checks there that none has begun (history.fence), however it came to
    be asked. Every lost race means that somebody else got on.

    Afterwards `state` includes the new entry. UnsupportedFormatError if the log holds what this program doesn't know;
    errors of the store propagate, and after RemoteError the entry may be there all the same. One call at a time
    may use a state.
    """
    while True:
        refresh(log, state)
        check_writable(state)
        records = list(decide(state))
        if not records:
            return []
        number = state.position + 1
        try:
            log.append(number, records)
        except EntryTakenError:
            continue
        state.apply(number, records)
        return records


def check_writable(state: Fold) -> None:
    """UnsupportedFormatError if a newer program has written what this one doesn't know."""
    if state.unknown:
        kinds = ", ".join(sorted(state.unknown))
        raise UnsupportedFormatError(
            f"the log holds records that this objstore doesn't know ({kinds}): it can read, not write; upgrade objstore"
        )
