"""Whether a draft may still be published after a gc that came in between."""

from typing import TYPE_CHECKING

from objstore.errors import ConflictError, NotFoundError
from objstore.graph.children import PARENTS, children, contents
from objstore.odb.database import Database
from objstore.values.digest import Digest
from objstore.values.key import Key, node_key

if TYPE_CHECKING:
    from objstore.odb.draft import Draft


def check_closed(database: Database, draft: "Draft", root: Digest) -> None:
    """ConflictError unless `root`, and the children of whatever the draft has written, are stored or in the draft.

    The draft left out what the store had when it was written. gc spares that (sparing.py), but an older program's gc may have been at work,
    and a version that lacks content would be found out too late. All of the draft is checked, not only what `root` reaches: its segment
    will list all of it, and the index must stay closed. Cost: reads the draft's nodes and recipes.
    """
    both = database.with_draft(draft)
    written = (key for kind in PARENTS for key in draft.keys_from(bytes([kind])))
    try:
        is_closed = node_key(root) in both and all(_has_children(both, key) for key in written)
    except NotFoundError:
        is_closed = False
    if not is_closed:
        raise ConflictError("gc has freed content that this draft was built on, while nobody needed it; make the draft anew")


def _has_children(database: Database, key: Key) -> bool:
    keys, files = children(key, database.read(key))
    return not database.missing(keys) and all(contents(database, files).values())
