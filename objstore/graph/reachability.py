"""What roots reach."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from objstore.errors import CorruptionError, NotFoundError
from objstore.graph.children import children, contents
from objstore.odb.database import Database
from objstore.odb.keyset import KeySet
from objstore.values.digest import Digest
from objstore.values.key import Key, Kind, node_key

_BATCH = 32
_MANY = 4096


def walk(
    database: Database, roots: Iterable[Key], enter: Callable[[list[Key]], list[Key]]
) -> Iterator[tuple[Key, bytes | memoryview, list[Key]]]:
    """Every node, recipe and part that the roots lead to, parents first: its key, its bytes, and the chunks that it leads to.

    `enter` is given keys, one as often as anything leads to it, and returns those to go on with; what it keeps back is neither read nor
    yielded. So it is also what remembers where the walk has been. Memory: some 32 objects a level, and the keys of their children.
    NotFoundError when something isn't stored, CorruptionError when it isn't what it was.
    """
    for root in roots:
        waiting = enter([root])
        while waiting:
            batch = waiting[-_BATCH:]
            del waiting[-_BATCH:]
            for key, data in database.read_many(batch):
                fresh = enter(_children(database, key, data))
                waiting += [child for child in fresh if child[0] != Kind.CHUNK]
                yield key, data, [child for child in fresh if child[0] == Kind.CHUNK]


def mark(database: Database, roots: Iterable[Digest], live: KeySet) -> None:
    """Adds to `live` the keys of all that the roots of manifests reach. Each object is visited once, however many roots share it.

    CorruptionError when a manifest, a recipe or a file's content isn't there or can't be read: then nothing may be collected.
    """
    mark_below(database, map(node_key, roots), live)


def mark_below(database: Database, keys: Iterable[Key], live: KeySet) -> None:
    """The same for all that these nodes, recipes and parts lead to, and themselves."""
    try:
        for _ in walk(database, keys, live.add_new):
            pass
    except NotFoundError as error:
        raise CorruptionError(f"{error}; run `objstore fsck`") from error


def mark_whole(database: Database, roots: Iterable[Digest], live: KeySet, scratch: Path) -> None:
    """Adds to `live` what those roots reach of which nothing is lost."""
    wanted = list(dict.fromkeys(roots))
    if _mark_all(database, wanted, live, scratch):
        return
    for root in wanted:  # in a set of its own: what was gone into in vain would be taken for done where another leads there
        _mark_all(database, [root], live, scratch)


def _mark_all(database: Database, roots: Iterable[Digest], live: KeySet, scratch: Path) -> bool:
    with KeySet(scratch) as found:
        try:
            mark(database, roots, found)
        except CorruptionError:
            return False
        for keys in found.batches(_MANY):
            live.add_new(keys)
    return True


def _children(database: Database, key: Key, data: bytes | memoryview) -> list[Key]:
    keys, files = children(key, data)
    for file, stored in contents(database, files).items():
        if not stored:
            raise NotFoundError(f"the content of file {Digest(file).short} is not in this store")
        keys += stored
    return keys
