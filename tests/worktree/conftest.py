"""Fixtures of these tests."""

from tests.worktree.coarse import coarse_clock

__all__ = ["coarse_clock"]
