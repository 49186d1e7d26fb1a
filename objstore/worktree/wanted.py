"""A file that is to be read, and what comes of it."""

from typing import NamedTuple

from objstore.manifest.entry import Entry, EntryKind
from objstore.worktree.listing import FACTS, is_executable

_FILE, _EXECUTABLE = EntryKind.FILE, EntryKind.EXECUTABLE  # an enumeration is slow to look into


class Wanted(NamedTuple):
    """A file to read, or a path that has gone (no facts)."""

    path: bytes
    disk: bytes
    facts: bytes | None

    @property
    def size(self) -> int:
        """In bytes, as the facts have it; 0 without."""
        return FACTS.unpack(self.facts)[0] if self.facts else 0


Change = tuple[bytes, Entry | None]
"""A path and its entry now, or None when it has gone."""


def entry_of(file: Wanted, digest: bytes, size: int, keep_mode: bool) -> Entry:
    """The entry of a file that was read. `keep_mode`: whether executable bits mean something here."""
    assert file.facts is not None
    return Entry(_EXECUTABLE if keep_mode and is_executable(file.facts) else _FILE, digest, size)
