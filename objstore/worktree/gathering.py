"""Making folders' listings of single files with their facts, for the stat cache to remember."""

from dataclasses import dataclass, field

from objstore.worktree.listing import FACTS, UNKNOWN
from objstore.worktree.scancache import Notes


@dataclass(slots=True)
class _Open:
    folder: bytes
    rows: list[bytes] = field(default_factory=list)
    newest: int = 0


class Listings:
    """Gathers each folder's rows, from paths in order, and notes a folder once it is complete."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._open = [_Open(b"")]

    def add(self, folder: bytes, name: bytes, facts: bytes) -> None:
        """A file, of a folder whose path ends in `/` unless empty."""
        if self._open[-1].folder != folder:
            self._go_to(folder)
        listing = self._open[-1]
        listing.rows.append(name + b"\0" + facts)
        listing.newest = max(listing.newest, FACTS.unpack(facts)[2])

    def finish(self) -> None:
        while self._open:
            self._close()
        self._notes.folders_gone = True

    def _go_to(self, folder: bytes) -> None:
        while not folder.startswith(self._open[-1].folder):
            self._close()
        while (above := self._open[-1]).folder != folder:
            name = folder[len(above.folder) :].partition(b"/")[0] + b"/"
            above.rows.append(name + b"\0" + UNKNOWN)
            self._open.append(_Open(above.folder + name))

    def _close(self) -> None:
        listing = self._open.pop()
        self._notes.add_rows(listing.folder, listing.rows, listing.newest)
