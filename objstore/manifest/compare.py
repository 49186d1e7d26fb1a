"""What differs between two manifests."""

import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from objstore.errors import CorruptionError
from objstore.manifest.entry import Entry
from objstore.manifest.node import Inner, Node, decode
from objstore.manifest.tree import NodeReader, read_child
from objstore.values.digest import Digest


class Change(NamedTuple):
    """A path whose entries differ; None on the side that has none."""

    path: bytes
    old: Entry | None
    new: Entry | None


def compare(old_reader: NodeReader, old: Digest, new_reader: NodeReader, new: Digest) -> Iterator[Change]:
    """Every path that was added, removed or modified from `old` to `new`, ascending.

    Subtrees that both have aren't read, even when the trees are of different heights: the cost is that of the nodes which differ.
    """
    if old == new:
        return
    left, right = _Side(old_reader, old), _Side(new_reader, new)
    while True:
        if left.keys or right.keys:
            # A side at the end of its leaf needs the next one, so that neither runs ahead of the other.
            if (not left.keys and left.open()) or (not right.keys and right.open()):
                continue
            end = min(side.keys[-1] for side in (left, right) if side.keys)
            yield from _differences(left.take(end), right.take(end))
            continue
        a, b = left.head(), right.head()
        if a is None and b is None:
            return
        if a is not None and a == b:
            count = _alike(left.siblings(), right.siblings())
            left.pass_by(count)
            right.pass_by(count)
            continue
        # Open the higher one, which may hold the other; both, if they are of one level.
        if a is not None and (b is None or a[0] >= b[0]):
            left.open()
        if b is not None and (a is None or b[0] >= a[0]):
            right.open()


class _Side:
    """One tree, read from left to right: what remains of an opened leaf, then subtrees not opened yet."""

    def __init__(self, reader: NodeReader, root: Digest) -> None:
        self._reader = reader
        self._open: list[tuple[Inner, int]] = []  # inner nodes above, each with the row that comes next
        self.keys: list[bytes] = []
        self._values: list[Entry] = []
        self._passed = b""  # the last key of what was taken or passed
        self._enter(decode(reader.read_node(root)))

    def head(self) -> tuple[int, bytes] | None:
        """The level and digest of the next subtree; None after the last."""
        while self._open and self._open[-1][1] == len(self._open[-1][0].keys):
            self._open.pop()
        if not self._open:
            return None
        parent, at = self._open[-1]
        return parent.level - 1, parent.digests[at]

    def siblings(self) -> Sequence[bytes]:
        """The digests of the next subtree, which there must be, and of those after it below the same node."""
        parent, at = self._open[-1]
        return parent.digests[at:]

    def skip(self, count: int = 1) -> tuple[Inner, int]:
        """Goes on behind the next subtree, or several below one node, which there must be, and says where it stood."""
        parent, at = self._open[-1]
        self._open[-1] = parent, at + count
        return parent, at

    def pass_by(self, count: int) -> None:
        """Passes subtrees that are never opened."""
        parent, at = self.skip(count)
        self._passed = parent.keys[at + count - 1]

    def open(self) -> bool:
        """Opens the next subtree by one level; False if there is none."""
        if self.head() is None:
            return False
        self._enter(read_child(self._reader, *self.skip()))
        return True

    def _enter(self, node: Node) -> None:
        if isinstance(node, Inner):
            self._open.append((node, 0))
        else:
            if node.keys and node.keys[0] <= self._passed:
                raise CorruptionError(f"a manifest has {os.fsdecode(node.keys[0])} in the wrong place; run `objstore fsck`")
            self.keys, self._values = node.keys, node.values()

    def take(self, end: bytes) -> tuple[list[bytes], list[Entry]]:
        """The entries of the opened leaf up to `end`, which are then passed."""
        stop = bisect_right(self.keys, end)
        taken = self.keys[:stop], self._values[:stop]
        self.keys, self._values = self.keys[stop:], self._values[stop:]
        self._passed = end
        return taken


def _alike(old: Sequence[bytes], new: Sequence[bytes]) -> int:
    """With how many equal digests both begin."""
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False))
    return sum(1 for _ in alike)


def _differences(old: tuple[list[bytes], list[Entry]], new: tuple[list[bytes], list[Entry]]) -> Iterator[Change]:
    if old == new:
        return
    if old[0] == new[0]:
        yield from (Change(path, was, now) for path, was, now in zip(old[0], old[1], new[1], strict=True) if was != now)
        return
    before, after = dict(zip(*old, strict=True)), dict(zip(*new, strict=True))
    for path in sorted(before.keys() | after.keys()):
        was, now = before.get(path), after.get(path)
        if was != now:
            yield Change(path, was, now)
