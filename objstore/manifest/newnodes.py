"""The nodes of one manifest that another hasn't got."""

from objstore.manifest.compare import compare
from objstore.manifest.tree import NodeReader, Tree
from objstore.values.digest import Digest


def new_nodes(old_reader: NodeReader, old: Digest | None, new_reader: NodeReader, new: Digest) -> list[Digest]:
    """Those of the tree at `new` that the one at `old` (None: an empty one) hasn't got, in no order.

    Cost and memory: those of the nodes that differ. A comparison reads just these on the new side: what it passes on one side it passes
    on the other as well, since a node's keys say where in a tree it is.
    """
    before, after = _Noted(old_reader), _Noted(new_reader)
    if old is None:
        for _ in Tree(after, new).paths():
            pass
    else:
        for _ in compare(before, old, after, new):
            pass
    return [digest for digest in after.read if digest not in before.read]


class _Noted:
    """A reader that knows what was read."""

    def __init__(self, reader: NodeReader) -> None:
        self._reader = reader
        self.read: dict[Digest, None] = {}

    def read_node(self, digest: Digest, /) -> bytes:
        self.read[digest] = None
        return self._reader.read_node(digest)
