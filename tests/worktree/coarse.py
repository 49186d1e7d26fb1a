"""A file system whose clock ticks once an hour, so that any two edits of a test fall into one tick."""

from pathlib import Path

import pytest

from objstore.host.clock import file_clock
from objstore.repository.project import Project
from objstore.worktree import listing
from objstore.worktree.listing import FACTS

TICK = 3600 * 10**9


class _CoarseFacts:
    """The facts' layout, with all times rounded down to the tick."""

    size = FACTS.size
    unpack = FACTS.unpack

    @staticmethod
    def pack(size: int, modified: int, changed: int, inode: int, mode: int) -> bytes:
        return FACTS.pack(size, modified // TICK * TICK, changed // TICK * TICK, inode, mode)


class Clock:
    """Says how late it is there."""

    ticks = 0

    def of(self, folder: Path) -> int:
        return file_clock(folder) // TICK * TICK + self.ticks * TICK


@pytest.fixture
def coarse_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(listing, "FACTS", _CoarseFacts)
    monkeypatch.setattr(Project, "clock", property(lambda project: clock.of(project.scratch)))
    monkeypatch.setattr("objstore.worktree.checkout.file_clock", clock.of, raising=False)
    return clock
