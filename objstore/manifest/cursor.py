"""Looking into a manifest: lookups, listings and totals.

A `prefix` or `folder` counts by whole parts: `a` covers `a` and `a/b`, never `a-b`; the empty one covers everything. A path
of one node is read for each lookup; whatever streams holds a few nodes in memory.
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from objstore.manifest.entry import Entry
from objstore.manifest.tree import NodeReader, Tree, after
from objstore.values.digest import Digest


class Totals(NamedTuple):
    """How many files, and their bytes as far as sizes are known."""

    files: int
    bytes: int


class Child(NamedTuple):
    """What a folder holds directly: an entry, or a folder with the totals of all below it (`entry` is None)."""

    name: bytes
    is_folder: bool
    files: int
    bytes: int
    entry: Entry | None


def get(reader: NodeReader, root: Digest, path: bytes) -> Entry | None:
    """The entry at `path`, for one node read a level."""
    return Tree(reader, root).get(path)


def entries(reader: NodeReader, root: Digest, prefix: bytes = b"") -> Iterator[tuple[bytes, Entry]]:
    """Every path at or below `prefix` with its entry, ascending; reads only what it yields."""
    tree = Tree(reader, root)
    entry = tree.get(prefix) if prefix else None
    if entry is not None:
        yield prefix, entry
    yield from tree.items(*_range(prefix))


def totals(reader: NodeReader, root: Digest, prefix: bytes = b"") -> Totals:
    """The totals of what is at or below `prefix`, for a few node reads however much that is."""
    tree = Tree(reader, root)
    if not prefix:
        return Totals(*tree.before(None))
    start, stop = _range(prefix)
    spans = ((prefix, after(prefix)), (start, stop))
    counts = [(tree.before(begin), tree.before(end)) for begin, end in spans]
    return Totals(sum(end[0] - begin[0] for begin, end in counts), sum(end[1] - begin[1] for begin, end in counts))


def children(reader: NodeReader, root: Digest, folder: bytes = b"") -> Iterator[Child]:
    """What `folder` holds directly, in the order of the paths below it. Of a file, or of nothing, there are none.

    A subfolder costs a few node reads, not a walk through it.
    """
    tree = Tree(reader, root)
    start = _range(folder)[0]
    key = start
    while True:
        leaf, at = tree.leaf(key)
        keys = leaf.keys
        if at == len(keys):
            return
        key = after(keys[-1])
        while at < len(keys):
            path = keys[at]
            if not path.startswith(start):
                return
            slash = path.find(b"/", len(start))
            if slash < 0:
                yield Child(path[len(start) :], False, *leaf.totals(at, at + 1), leaf.entry(at))
                at += 1
                continue
            name, stop = path[len(start) : slash], path[:slash] + b"0"
            end = bisect_left(keys, stop, at)
            if end < len(keys):
                yield Child(name, True, *leaf.totals(at, end), None)
            else:
                (files, size), (files_before, size_before) = tree.before(stop), tree.before(path)
                yield Child(name, True, files - files_before, size - size_before, None)
                key = stop
            at = end


def names(reader: NodeReader, root: Digest, folder: bytes = b"") -> Iterator[bytes]:
    """The names of what `folder` holds directly, in the order of `children`, and for less."""
    tree = Tree(reader, root)
    start = key = _range(folder)[0]
    while True:
        leaf, at = tree.leaf(key)
        if at == len(leaf.keys):
            return
        for path in leaf.keys[at:]:
            if not path.startswith(start):
                return
            if path < key:
                continue  # in the subfolder that was named last
            slash = path.find(b"/", len(start))
            yield path[len(start) : slash if slash >= 0 else None]
            key = path[:slash] + b"0" if slash >= 0 else after(path)


def conflict(reader: NodeReader, root: Digest, path: bytes) -> bytes | None:
    """The entry that would make something both a file and a folder if `path` were added, or None: a file above it, or the first below."""
    tree = Tree(reader, root)
    slash = path.find(b"/")
    while slash >= 0:
        if tree.get(path[:slash]) is not None:
            return path[:slash]
        slash = path.find(b"/", slash + 1)
    below = path + b"/"
    leaf, at = tree.leaf(below)
    return next((key for key in leaf.keys[at : at + 1] if key.startswith(below)), None)


def _range(folder: bytes) -> tuple[bytes, bytes | None]:
    """From where to before where the keys below a folder lie; `0` is the byte after `/`."""
    return (folder + b"/", folder + b"0") if folder else (b"", None)
