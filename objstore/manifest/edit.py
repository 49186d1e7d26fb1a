"""Applying changes to a tree; building one is an edit of nothing.

Level by level. Where a node ends depends only on the keys since the last end, so changes inside one old node can't reach
past the next place where a new end falls on an old one. From the node that holds the next change on, old rows and changes are
merged and split anew until that happens; the nodes in between are kept unread. Each level's outcome (the last keys of old nodes
removed, links to new nodes put) is a list of changes for the level above, about 1/128 as long.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, Protocol

from objstore.errors import InvalidInputError
from objstore.host.batches import batches
from objstore.manifest.entry import Entry
from objstore.manifest.keys import problem_with_keys
from objstore.manifest.node import Inner, Leaf, Link, decode, encode
from objstore.manifest.split import Splitter, boundaries
from objstore.manifest.tree import NodeReader, Place, Tree, after
from objstore.values import paths
from objstore.values.digest import Digest

BATCH = 4096

# A row's new value, or None where it is removed. Values are entries at level 0 and links above.
_Change = tuple[bytes, Any]
_path_of = itemgetter(0)


class NodeStore(NodeReader, Protocol):
    """Where an edit finds the old nodes and leaves the new ones."""

    def write_node(self, data: bytes, /) -> Digest:
        """Keeps a node (one that is there already may come again) and returns its digest; `read_node` finds it from then on."""
        ...


def edit(store: NodeStore, root: Digest | None, changes: Iterable[tuple[bytes, Entry | None]]) -> Digest:
    """The root of the map at `root` (None: the empty map) after putting each entry at its path, or removing the path for None.

    `changes` is a stream in strictly ascending order of paths; memory is bounded by the links to the rewritten leaves, about
    one for 128 entries. Removing what is absent is fine; changes that change nothing return `root`. Reads and writes the nodes on
    the way to what changed, and little else. InvalidInputError if a path or an entry isn't allowed or not in order; nodes
    already written then are unreachable. That no path is a file and a folder at once is for the caller to see to (`cursor.conflict`).
    """
    tree = None if root is None else Tree(store, root)
    if tree is not None and not tree.top.keys:
        tree = None
    rewrite = _Rewrite(store)
    above = rewrite.level(0, tree, _Feed(_checked(changes)))
    level = 1
    while tree is not None and level <= tree.top.level and above:
        above = rewrite.level(level, tree, _Feed(iter([above])))
        level += 1
    if tree is not None and root is not None:
        if not above:
            return root
        above = _put_over({tree.top.keys[-1]: Link(*tree.top.totals(), root)}, above)
    while len(above) > 1:
        above = rewrite.level(level, None, _Feed(iter([above])))
        level += 1
    return rewrite.top(above[0][1].digest) if above else store.write_node(encode(Leaf.of([], [])))


class _Feed:
    """The changes of one level in order, taken in lists of at most a batch."""

    def __init__(self, batches: Iterator[list[_Change]]) -> None:
        self._batches = batches
        self._batch: list[_Change] = []
        self._at = 0
        self._refill()

    def _refill(self) -> None:
        if self._at == len(self._batch):
            self._batch, self._at = next(self._batches, []), 0
        self.first: bytes | None = self._batch[self._at][0] if self._batch else None

    def take(self, end: bytes | None) -> tuple[list[_Change], bool]:
        """The next changes with keys up to `end` (None: any), and whether there are more of them."""
        stop = len(self._batch) if end is None else bisect_right(self._batch, end, self._at, key=_path_of)
        taken = self._batch[self._at : stop]
        self._at = stop
        self._refill()
        return taken, self.first is not None and (end is None or self.first <= end)


class _Rewrite:
    """Rewrites the levels of one tree, one after the other."""

    def __init__(self, store: NodeStore) -> None:
        self._store = store
        self._lone: set[bytes] = set()

    def level(self, level: int, tree: Tree | None, feed: _Feed) -> list[_Change]:
        """The changes of one level, made; what they change in the level above."""
        links: dict[bytes, Link | None] = {}
        replaced: dict[bytes, bytes] = {}

        def write(keys: list[bytes], values: list[Any]) -> None:
            links[keys[-1]] = self._write(level, keys, values)

        splitter = Splitter(write)
        key = feed.first
        while key is not None:
            place = tree.find(key, level) if tree is not None else _NOWHERE
            last = place.node.keys[-1:]
            if _merge_node(place, level, feed, splitter) and last:
                links.setdefault(last[0])
                replaced[last[0]] = place.digest
            key = feed.first if place.is_last or splitter.between_nodes else after(last[0])
        splitter.finish()
        return [(key, link) for key, link in sorted(links.items()) if link is None or link.digest != replaced.get(key)]

    def top(self, digest: bytes) -> Digest:
        """The root, if the only node of the topmost level has that digest: the lowest node that is alone in its level."""
        root = Digest(digest)
        if root in self._lone:
            node = decode(self._store.read_node(root))
            while isinstance(node, Inner) and len(node.keys) == 1:
                root = Digest(node.digests[0])
                node = decode(self._store.read_node(root))
        return root

    def _write(self, level: int, keys: list[bytes], values: list[Any]) -> Link:
        node = Inner.of(level, keys, values) if level else Leaf.of(keys, values)
        digest = self._store.write_node(encode(node))
        if level and len(keys) == 1:
            self._lone.add(digest)
        return Link(*node.totals(), digest)


_NOWHERE = Place(b"", Leaf.of([], []), is_last=True)


def _merge_node(place: Place, level: int, feed: _Feed, splitter: Splitter[Any]) -> bool:
    """Passes the rows of an old node on to the splitter, changed; False if the node can stay as it is."""
    old_keys, old_values = place.node.keys, place.node.values()
    end = None if place.is_last else old_keys[-1]
    done, more = 0, True
    while more:
        changes, more = feed.take(end)
        stop = bisect_right(old_keys, changes[-1][0]) if more else len(old_keys)
        keys, values = _merge(old_keys[done:stop], old_values[done:stop], changes)
        if not (done or more) and splitter.between_nodes and keys == old_keys and values == old_values:
            return False
        # Of the old keys only a node's last can be a boundary: else it would have ended before.
        ends = boundaries(chain(map(_path_of, changes), old_keys[-1:]), level)
        splitter.add(keys, values, ends)
        done = stop
    return True


def _merge(keys: list[bytes], values: Sequence[Any], changes: list[_Change]) -> tuple[list[bytes], Sequence[Any]]:
    if not changes:
        return keys, values
    rows = dict(zip(keys, values, strict=True))
    rows.update(changes)
    merged = [key for key in sorted(rows) if rows[key] is not None]
    return merged, [rows[key] for key in merged]


def _put_over(rows: dict[bytes, Any], changes: list[_Change]) -> list[_Change]:
    rows.update(changes)
    return sorted((key, value) for key, value in rows.items() if value is not None)


def _checked(changes: Iterable[_Change]) -> Iterator[list[_Change]]:
    """The changes in batches, their paths checked."""
    last = b""
    for batch in batches(changes, BATCH):
        keys = [key for key, _ in batch]
        joined = b"\0".join(keys)
        if keys[0] <= last or joined.count(b"\0") != len(keys) - 1 or problem_with_keys(keys, joined):
            _refuse(last, keys)
        last = keys[-1]
        yield batch


def _refuse(last: bytes, keys: list[bytes]) -> None:
    for key in keys:
        paths.check(key)
        if key <= last:
            raise InvalidInputError(f"path {key.decode()!r} comes after {last.decode()!r}; changes must ascend, each path once")
        last = key
