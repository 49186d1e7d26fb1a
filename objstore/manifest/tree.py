"""A tree of nodes in some store, opened for reading."""

from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import NamedTuple, Protocol

from objstore.errors import CorruptionError
from objstore.manifest.entry import Entry
from objstore.manifest.node import Inner, Leaf, Node, decode
from objstore.values.digest import Digest

KEPT_NODES = 32


class NodeReader(Protocol):
    """What walking a manifest needs, and nothing more."""

    def read_node(self, digest: Digest, /) -> bytes:
        """The bytes of the node; they are trusted to have that digest."""
        ...


class Place(NamedTuple):
    """A node found at some level, and whether it is the last of its level."""

    digest: bytes
    node: Node
    is_last: bool


def after(key: bytes) -> bytes:
    """The least key greater than `key`."""
    return key + b"\0"


def read_child(reader: NodeReader, parent: Inner, at: int) -> Node:
    """The child in row `at`. CorruptionError if its level or last key isn't what the parent says; so no walk can go round for ever."""
    child = decode(reader.read_node(Digest(parent.digests[at])))
    if child.level != parent.level - 1 or child.keys[-1:] != parent.keys[at : at + 1]:
        raise CorruptionError(f"manifest node {parent.digests[at].hex()[:12]} isn't the child its parent describes; run `objstore fsck`")
    return child


class Tree:
    """Finds keys by descending from the root; a few inner nodes on the way stay decoded, so that ascending finds read each node once."""

    def __init__(self, reader: NodeReader, root: Digest) -> None:
        self.digest: bytes = root
        self.top = decode(reader.read_node(root))
        self._child = lru_cache(KEPT_NODES)(partial(read_child, reader))

    def find(self, key: bytes, level: int = 0) -> Place:
        """The node of `level` whose range holds `key`; beyond all keys, the last one. Reads at most one node a level."""
        node, digest, is_last = self.top, self.digest, True
        while isinstance(node, Inner) and node.level > level:
            end = len(node.keys) - 1
            at = min(bisect_left(node.keys, key), end)
            is_last = is_last and at == end
            digest, node = node.digests[at], self._child(node, at)
        return Place(digest, node, is_last)

    def leaf(self, key: bytes) -> tuple[Leaf, int]:
        """The leaf whose range holds `key`, and the first row not before it: past its end only if all of the map lies before `key`."""
        leaf = self.find(key).node
        assert isinstance(leaf, Leaf)
        return leaf, bisect_left(leaf.keys, key)

    def get(self, path: bytes) -> Entry | None:
        leaf, at = self.leaf(path)
        return leaf.entry(at) if leaf.keys[at : at + 1] == [path] else None

    def items(self, start: bytes, stop: bytes | None) -> Iterator[tuple[bytes, Entry]]:
        """What lies from `start` to before `stop`, ascending, a leaf in memory at a time."""
        for leaf, at, end in self._leaves(start, stop):
            yield from zip(leaf.keys[at:end], leaf.values()[at:end], strict=True)

    def paths(self) -> Iterator[bytes]:
        """All paths, ascending; cheaper than with their entries."""
        for leaf, _, _ in self._leaves(b"", None):
            yield from leaf.keys

    def _leaves(self, start: bytes, stop: bytes | None) -> Iterator[tuple[Leaf, int, int]]:
        """Each leaf with something from `start` to before `stop`, and which rows these are."""
        while True:
            leaf, at = self.leaf(start)
            if at == len(leaf.keys):
                return
            end = len(leaf.keys) if stop is None else bisect_left(leaf.keys, stop)
            yield leaf, at, end
            if end < len(leaf.keys):
                return
            start = after(leaf.keys[-1])

    def before(self, key: bytes | None) -> tuple[int, int]:
        """How many files lie before `key` (None: all of them), and their bytes, from the counts in the nodes on the way to it."""
        files = size = 0
        node = self.top
        while True:
            at = len(node.keys) if key is None else bisect_left(node.keys, key)
            below = node.totals(0, at)
            files, size = files + below[0], size + below[1]
            if isinstance(node, Leaf) or at == len(node.keys):
                return files, size
            node = self._child(node, at)
