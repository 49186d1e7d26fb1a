"""What a pull of one version moves for somebody who has another."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from objstore.comparison.files.diff import FileDiff
from objstore.errors import NotFoundError, RemoteError
from objstore.graph.children import contents
from objstore.graph.reachability import walk
from objstore.host.batches import batches
from objstore.manifest.entry import Entry, EntryKind
from objstore.manifest.newnodes import new_nodes
from objstore.odb.database import Database
from objstore.odb.keyset import KeySet
from objstore.odb.record import FRAME
from objstore.values.digest import Digest
from objstore.values.key import Key, Kind, describe, node_key

_BATCH = 4096


class Held(NamedTuple):
    """A version (None: nothing), and where it is stored."""

    database: Database
    root: Digest | None


class Transfer(NamedTuple):
    """Objects that one version needs and the other hasn't got: at most these are moved."""

    objects: int
    file_bytes: int
    """Of files: the distinct chunks."""
    stored_bytes: int
    """Of chunks, recipes, their parts and manifest nodes, as they lie in packs, which is mostly compressed."""

    def to_dict(self) -> dict[str, int]:
        return self._asdict()


def transfer(files: FileDiff, old: Held, new: Held, scratch: Path) -> Transfer:
    """What has to be brought to hold the new version, and these files of it, where the old one is held.

    At most: what both a new and an unchanged file have is counted though it is there. Nothing else that has to come is left out. Beside
    objects a pull moves the log and the index, some 100 bytes an object, and whatever lies between two objects that it reads at once.

    Reads manifest nodes, recipes and parts of what differs, and no data. Memory: bounded. NotFoundError when the new version isn't
    there, or not all of it; RemoteError when that can't be told.
    """
    tally = _Tally(new.database)
    with KeySet(scratch) as seen:
        with contextlib.suppress(NotFoundError, RemoteError):  # what isn't there is no help
            for _ in _reached(old.database, _old_files(files), seen):
                pass
        for keys in _reached(new.database, _new_files(files), seen):
            tally.add(keys)
    if new.root is not None:
        nodes = [node_key(digest) for digest in new_nodes(old.database, old.root, new.database, new.root)]
        for keys in batches(nodes, _BATCH):
            tally.add(keys)
    return Transfer(tally.objects, tally.file_bytes, tally.stored_bytes)


def _old_files(files: FileDiff) -> Iterator[Entry]:
    yield from (item.entry for item in files.removed)
    yield from (item.old for item in files.renamed)
    yield from (item.old for item in (*files.modified, *files.type_changed))


def _new_files(files: FileDiff) -> Iterator[Entry]:
    yield from (item.entry for item in files.added)
    yield from (item.entry for item in files.renamed)
    yield from (item.new for item in (*files.modified, *files.type_changed))


def _reached(database: Database, entries: Iterable[Entry], seen: KeySet) -> Iterator[list[Key]]:
    """The keys of all that files are stored as, and that weren't seen before, some at a time."""
    digests = (entry.digest for entry in entries if entry.kind != EntryKind.REFERENCE and entry.size)
    for batch in batches(digests, _BATCH):
        stored = contents(database, batch)
        for digest, keys in stored.items():
            if not keys:
                raise NotFoundError(f"the content of file {Digest(digest).short} is not in this store")
        tops = [key for keys in stored.values() for key in keys]
        yield seen.add_new([key for key in tops if key[0] == Kind.CHUNK])
        for key, _, chunks in walk(database, [key for key in tops if key[0] != Kind.CHUNK], seen.add_new):
            yield [key, *chunks]


class _Tally:
    """Counts stored objects."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.objects = self.file_bytes = self.stored_bytes = 0

    def add(self, keys: list[Key]) -> None:
        located = self._database.locate(keys)
        for key in keys:
            if key not in located:
                raise NotFoundError(f"{describe(key)} is not in this store")
            place = located[key]
            self.objects += 1
            self.file_bytes += place.raw if key[0] == Kind.CHUNK else 0
            self.stored_bytes += FRAME.size + place.stored
