"""A folder against a manifest, walked together in path order: what is right, what must be written, what is foreign.

Only the folders that the manifest has are looked into.
"""

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import NamedTuple

from objstore.manifest.entry import Entry
from objstore.worktree.listing import FACTS, split_rows
from objstore.worktree.target import Folder


class Found(Enum):
    """How the folder has a path."""

    SAME = "same"
    """The facts are those that were remembered of this very content."""
    PRESENT = "present"
    """A regular file that must be read to know."""
    ABSENT = "absent"
    """Not there, or not a file of that size."""


class Place(NamedTuple):
    """A path of the manifest and how the target has it."""

    folder: Folder
    name: bytes
    found: Found
    entry: Entry
    facts: bytes | None


class Foreign(NamedTuple):
    """What the manifest hasn't got (a folder's name ends in `/`)."""

    folder: Folder
    name: bytes


class _Level:
    """A folder on the way down, with how far its rows have been compared."""

    def __init__(self, folder: Folder, remembered: bytes) -> None:
        self.folder = folder
        self.remembered = set(split_rows(remembered))
        self.rows = folder.rows()
        self.at = 0

    def until(self, name: bytes) -> Iterator[Foreign]:
        """What is foreign before `name`; afterwards the row at `name`, if there is one, is next."""
        while self.at < len(self.rows) and (own := self.rows[self.at][: -FACTS.size - 1]) < name:
            yield Foreign(self.folder, own)
            self.at += 1

    def take(self, name: bytes) -> bytes | None:
        """The row of `name`, if it is there."""
        if self.at < len(self.rows) and self.rows[self.at][: -FACTS.size - 1] == name:
            self.at += 1
            return self.rows[self.at - 1]
        return None

    def rest(self) -> Iterator[Foreign]:
        for row in self.rows[self.at :]:
            yield Foreign(self.folder, row[: -FACTS.size - 1])


def compare(
    top: Folder,
    wanted: Iterable[tuple[bytes, Entry, bool]],
    remembered: Callable[[bytes], bytes | None],
    *,
    replace_links: bool = False,
) -> Iterator[Place | Foreign]:
    """Every path of `wanted` (path, entry, whether the remembered root has this very entry there; ascending), and what is foreign.

    Folders that are missing are made. Memory: the rows of one path of folders.
    """
    levels = [_Level(top, remembered(b"") or b"")]
    for path, entry, known in wanted:
        parent = path[: path.rfind(b"/") + 1]
        while not parent.startswith(levels[-1].folder.path):
            yield from levels.pop().rest()
        while levels[-1].folder.path != parent:
            above = levels[-1]
            name = parent[len(above.folder.path) :].partition(b"/")[0]
            yield from above.until(name + b"/")
            above.take(name + b"/")
            folder = above.folder.enter(name, replace_links=replace_links)
            levels.append(_Level(folder, remembered(folder.path) or b""))
        level, name = levels[-1], path[len(parent) :]
        yield from level.until(name)
        yield _judged(level, name, entry, known)
    while levels:
        yield from levels.pop().rest()


def _judged(level: _Level, name: bytes, entry: Entry, known: bool) -> Place:
    row = level.take(name)
    if row is None:
        return Place(level.folder, name, Found.ABSENT, entry, None)
    facts = row[-FACTS.size :]
    size, _, _, _, mode = FACTS.unpack(facts)
    # A link has unknown facts, and so has, in the memory, a file that may have changed unseen: they are never the same.
    if mode == 0 or size != entry.size:
        return Place(level.folder, name, Found.ABSENT, entry, None)
    if known and row in level.remembered:
        return Place(level.folder, name, Found.SAME, entry, facts)
    return Place(level.folder, name, Found.PRESENT, entry, facts)
