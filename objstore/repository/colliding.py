"""Warning of paths, new in a version, that some disks can't hold side by side."""

from collections.abc import Callable

from objstore.errors import CorruptionError, NotFoundError, PathCollisionWarning
from objstore.history.state import State
from objstore.manifest.collisions import new_collisions
from objstore.manifest.tree import NodeReader
from objstore.values.digest import Digest

Warn = Callable[[PathCollisionWarning], None]


def warn_of_collisions(reader: NodeReader, state: State, name: str, root: Digest, warn: Warn) -> None:
    """Calls `warn`, once at most, before `root` becomes a version of the collection `name`.

    Told are only paths that its latest version hasn't got, so each is told of when it comes in and not again; and nothing of a root
    that is a version already. Cost: see `new_collisions`.
    """
    collection = state.find_collection(name)
    known = collection.find_root(root) if collection else None
    if known is not None and not known.deleted:
        return
    latest = collection.latest if collection else None
    try:
        found = new_collisions(reader, latest.root if latest else None, root)
        first = next(found, None)
        more = sum(1 for _ in found)
    except (CorruptionError, NotFoundError):
        return  # an older version is damaged, and that mustn't keep a new one from being stored
    if first is not None:
        warn(PathCollisionWarning(first.first.decode(), first.second.decode(), more))
