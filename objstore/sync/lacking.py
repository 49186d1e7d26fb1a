"""What of some versions isn't held here."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from objstore.graph.children import contents
from objstore.graph.reachability import walk
from objstore.host.batches import batches
from objstore.manifest.cursor import entries
from objstore.manifest.entry import EntryKind
from objstore.odb.database import Database
from objstore.odb.draft import Draft
from objstore.odb.keyset import KeySet
from objstore.odb.remotedatabase import RemoteDatabase
from objstore.sync.receiving import Wanted
from objstore.values.digest import Digest
from objstore.values.key import Key, Kind, node_key

_BATCH = 4096


def want_data(database: Database, source: RemoteDatabase, roots: Iterable[tuple[Digest, bytes]], draft: Draft, scratch: Path) -> Wanted:
    """What has to be brought from `source` to hold each root, or what is at or below a path in it; the draft has claimed it.

    `database` sees what is here together with the source. Reads all metadata of the roots: that there is metadata here says
    nothing of the data below it. NotFoundError for an object that is in neither. To be closed by the caller.
    """
    wanted = Wanted(source, scratch)
    try:
        with KeySet(scratch) as seen:
            for root, prefix in roots:
                for keys in _reached(database, root, prefix, seen):
                    wanted.add(draft.claim(keys))
    except BaseException:
        wanted.close()
        raise
    return wanted


def _reached(database: Database, root: Digest, prefix: bytes, seen: KeySet) -> Iterator[list[Key]]:
    """The keys of all that is needed, some at a time."""
    if not prefix:
        yield from _below(database, [node_key(root)], seen)
        return
    files = (entry.digest for _, entry in entries(database, root, prefix) if entry.kind != EntryKind.REFERENCE and entry.size)
    for batch in batches(files, _BATCH):
        keys = [key for stored in contents(database, batch).values() for key in stored]
        yield seen.add_new([key for key in keys if key[0] == Kind.CHUNK])
        yield from _below(database, [key for key in keys if key[0] != Kind.CHUNK], seen)


def _below(database: Database, starts: list[Key], seen: KeySet) -> Iterator[list[Key]]:
    for key, _, chunks in walk(database, starts, seen.add_new):
        yield [key, *chunks]
