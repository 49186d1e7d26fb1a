"""What a root reaches."""

from collections.abc import Iterator

from objstore.errors import ConflictError
from objstore.manifest.cursor import nodes
from objstore.manifest.entry import EntryKind
from objstore.manifest.node import Leaf
from objstore.odb.database import Database
from objstore.values.digest import Digest


def check_closed(database: Database, root: Digest) -> None:
    """ConflictError unless everything below `root` is stored. Cost: a walk of the whole manifest."""
    for digest, size in files_below(database, root):
        if not database.holds_file(digest, size):
            raise ConflictError("gc has freed content that this draft was built on, while nobody needed it; add it again")


def files_below(database: Database, root: Digest) -> Iterator[tuple[bytes, int]]:
    """The digest and size of every file below a root, in path order."""
    for _, node in nodes(database, root, lambda _: False):
        if isinstance(node, Leaf):
            yield from ((digest, size) for kind, digest, size in zip(node.kinds, node.digests, node.sizes, strict=True) if kind != EntryKind.REFERENCE)
