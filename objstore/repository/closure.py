"""Whether a draft may still be published after a gc that came in between."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from objstore.errors import ConflictError, NotFoundError
from objstore.manifest.entry import EntryKind
from objstore.manifest.node import Leaf, decode
from objstore.odb import recipe
from objstore.odb.database import Database
from objstore.values.digest import Digest
from objstore.values.key import Key, Kind, chunk_key, node_key, part_key

if TYPE_CHECKING:
    from objstore.odb.draft import Draft


def check_closed(database: Database, draft: "Draft", root: Digest) -> None:
    """ConflictError unless `root`, and the children of whatever the draft has written, are stored or in the draft.

    The draft left out what the store had when it was written, and gc may have freed that since. All of the draft is checked, not only what
    `root` reaches: its segment will list all of it, and the index must stay closed. Cost: reads the draft's nodes and recipes.
    """
    both = database.with_draft(draft)
    try:
        is_closed = node_key(root) in both and all(_has_children(both, key) for key in _parents(draft))
    except NotFoundError:
        is_closed = False
    if not is_closed:
        raise ConflictError("gc has freed content that this draft was built on, while nobody needed it; make the draft anew")


def _parents(draft: "Draft") -> Iterator[Key]:
    for kind in (Kind.NODE, Kind.RECIPE, Kind.PART):
        yield from draft.keys_from(bytes([kind]))


def _has_children(database: Database, key: Key) -> bool:
    data = database.read(key)
    if key[0] == Kind.NODE:
        return _has_children_of_node(database, bytes(data))
    if key[0] == Kind.RECIPE:
        found = recipe.decode(data)
        height, rows = found.height, found.rows
    else:
        height, rows = recipe.decode_part(data)
    child_key = part_key if height else chunk_key
    return not database.missing([child_key(digest) for digest, _ in rows])


def _has_children_of_node(database: Database, data: bytes) -> bool:
    node = decode(data)
    if not isinstance(node, Leaf):
        return not database.missing([node_key(digest) for digest in node.digests])
    files = zip(node.kinds, node.digests, node.sizes, strict=True)
    return all(database.holds_file(digest, size) for kind, digest, size in files if kind != EntryKind.REFERENCE)
