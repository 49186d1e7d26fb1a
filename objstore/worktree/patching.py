"""Changing single rows of folders' listings, for the stat cache to remember."""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field

from objstore.worktree.listing import FACTS, UNKNOWN, split_rows
from objstore.worktree.scancache import Notes


@dataclass(slots=True)
class _Open:
    folder: bytes
    rows: list[tuple[bytes, bytes | None]] = field(default_factory=list)


class Patching:
    """Puts facts of single paths, given in order, into the listings that notes have, or that were remembered before.

    `gone`: the folders (ending in `/`) that have been removed; one that gets a file is there again.
    """

    def __init__(self, notes: Notes, remembered: Callable[[bytes], bytes | None], gone: Set[bytes] = frozenset()) -> None:
        self._notes = notes
        self._remembered = remembered
        self._gone = gone
        self._open = [_Open(b"")]

    def add(self, path: bytes, facts: bytes | None) -> None:
        """The facts of a file; None for one that the listing mustn't have."""
        folder = path[: path.rfind(b"/") + 1]
        if self._open[-1].folder != folder:
            self._go_to(folder)
        self._open[-1].rows.append((path[len(folder) :], facts))

    def finish(self) -> None:
        while self._open:
            self._close()

    def _go_to(self, folder: bytes) -> None:
        while not folder.startswith(self._open[-1].folder):
            self._close()
        while (above := self._open[-1]).folder != folder:
            name = folder[len(above.folder) :].partition(b"/")[0] + b"/"
            self._open.append(_Open(above.folder + name))

    def _close(self) -> None:
        patched = self._open.pop()
        # What comes after the removals may need a folder anew.
        is_gone = patched.folder in self._gone and all(facts is None for _, facts in patched.rows)
        if self._open:
            above = self._open[-1].folder
            self._open[-1].rows.append((patched.folder[len(above) :], None if is_gone else UNKNOWN))
        if not patched.rows:
            return
        if is_gone:
            self._notes.add_rows(patched.folder, [], 0)  # should it ever come again
            return
        old = self._notes.rows(patched.folder)
        if old is None:
            old = self._remembered(patched.folder) or b""
        newest = max((FACTS.unpack(facts)[2] for _, facts in patched.rows if facts is not None), default=0)
        self._notes.add_rows(patched.folder, list(_patched(split_rows(old), patched.rows)), newest)


def _patched(rows: Iterator[bytes], patches: list[tuple[bytes, bytes | None]]) -> Iterator[bytes]:
    row = next(rows, None)
    for name, facts in patches:
        while row is not None and row[: -FACTS.size - 1] < name:
            yield row
            row = next(rows, None)
        if row is not None and row[: -FACTS.size - 1] == name:
            row = next(rows, None)
        if facts is not None:
            yield name + b"\0" + facts
    while row is not None:
        yield row
        yield from rows
        return
