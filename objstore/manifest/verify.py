"""Whether a tree has the one shape that its entries give it: what decoding a single node can't tell."""

from collections.abc import Iterator

from objstore.errors import CorruptionError, NotFoundError, UnsupportedFormatError
from objstore.manifest import split
from objstore.manifest.entry import decode_reference
from objstore.manifest.keys import FilesAbove
from objstore.manifest.node import Inner, Leaf, Node, decode
from objstore.manifest.tree import NodeReader, read_child
from objstore.values.digest import Digest


def check_shape(node: Node, is_last: bool) -> Iterator[str]:
    """The problems with where `node` ends. `is_last`: no node of its level comes after it."""
    level, keys = node.level, node.keys
    for key in sorted(split.boundaries(keys[:-1], level)):
        yield f"a node of level {level} should end at {key!r} but goes on"
    if not is_last and len(keys) < split.MAX_KEYS and not split.is_boundary(keys[-1], level):
        yield f"a node of level {level} ends at {keys[-1]!r}, where none should"


def check_tree(reader: NodeReader, root: Digest) -> Iterator[str]:
    """Every problem of the tree; none means that building it anew from its entries would give `root`.

    Reads all of it, with a few nodes in memory. Nodes that can't be read or decoded are reported, and what is below them is left out.
    """
    walk = _Walk(reader)
    yield from walk.root(root)


class _Walk:
    def __init__(self, reader: NodeReader) -> None:
        self._reader = reader
        self._last = b""
        self._files_above = FilesAbove()

    def root(self, digest: Digest) -> Iterator[str]:
        try:
            node = decode(self._reader.read_node(digest))
        except (CorruptionError, NotFoundError, UnsupportedFormatError) as error:
            yield f"root {digest.short}: {error}"
            return
        if isinstance(node, Inner) and len(node.keys) == 1:
            yield f"root {digest.short} has a single child"
        yield from self._visit(node, is_last=True)

    def _visit(self, node: Node, is_last: bool) -> Iterator[str]:
        yield from check_shape(node, is_last)
        if isinstance(node, Leaf):
            yield from self._leaf(node)
            return
        for at in range(len(node.keys)):
            name = Digest(node.digests[at]).short
            try:
                child = read_child(self._reader, node, at)
            except (CorruptionError, NotFoundError, UnsupportedFormatError) as error:
                yield f"node {name}: {error}"
                continue
            if child.totals() != node.totals(at, at + 1):
                yield f"node {name} holds {child.totals()} files and bytes; its parent says {node.totals(at, at + 1)}"
            yield from self._visit(child, is_last and at == len(node.keys) - 1)

    def _leaf(self, leaf: Leaf) -> Iterator[str]:
        if leaf.keys and leaf.keys[0] <= self._last:
            yield f"{leaf.keys[0]!r} comes after {self._last!r}"
        self._last = leaf.keys[-1] if leaf.keys else self._last
        for path, body in zip(leaf.keys, leaf.references, strict=True):
            file = self._files_above.add(path)
            if file is not None:
                yield f"{file!r} is a file, yet {path!r} lies below it"
            try:
                if body is not None:
                    decode_reference(body)
            except CorruptionError as error:
                yield f"{path!r}: {error}"
