"""What of an index leads to nowhere, so that the index isn't closed (spec/layout.md)."""

import contextlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from objstore.errors import ObjstoreError, UnsupportedFormatError
from objstore.graph.children import PARENTS, children, contents
from objstore.odb.database import Database
from objstore.odb.keyset import KeySet
from objstore.values.digest import Digest
from objstore.values.key import Key, Kind, describe, node_key


class Gap(NamedTuple):
    """A listed object with a child that isn't listed."""

    key: Key
    missing: str
    """Says so: `chunk 0f3a… is not in this store`."""


def gaps(database: Database, scratch: Path) -> Iterator[Gap]:
    """Every gap of the index. Objects that can't be read are left to those who check packs.

    Reads every node, recipe and part once. Memory: two sets of keys (see KeySet), and the objects on one way down.
    """
    with contextlib.closing(_Visit(database, scratch)) as visit:
        for key in _parents(database):
            yield from visit.below(key)


@contextlib.contextmanager
def beyond_use(database: Database, roots: Iterable[Digest], scratch: Path) -> Iterator[KeySet]:
    """The listed objects that lead to something that isn't listed or can't be read. Cost: that of `gaps`.

    What `roots` reach isn't among them: the rest of a damaged version can still be read.
    """
    with contextlib.closing(_Visit(database, scratch)) as visit, KeySet(scratch) as found:
        for root in roots:
            _finish(visit.below(node_key(root)))
        visit.newly_open = found
        for key in _parents(database):
            _finish(visit.below(key))
        yield found


class _Visit:
    """Goes down from objects, into each once."""

    def __init__(self, database: Database, scratch: Path) -> None:
        self._database = database
        self._closed = KeySet(scratch)
        self._open = KeySet(scratch)
        self.newly_open: KeySet | None = None
        """Gets what is found open from now on."""

    def below(self, start: Key) -> Iterator[Gap]:
        """The gaps at and below an object, but those found before."""
        # Not by recursion: damaged or hostile objects may lie deeper than Python can call.
        looks = [self._look(start)]
        while looks:
            step = next(looks[-1], None)
            if step is None:
                looks.pop()
            elif isinstance(step, Gap):
                yield step
            else:
                looks.append(self._look(step))

    def close(self) -> None:
        self._closed.close()
        self._open.close()

    def _look(self, key: Key) -> Iterator[Gap | Key]:
        """Finds whether an object is closed; yields its gaps, and what has to be looked at before this goes on."""
        if key in self._closed or key in self._open:
            return
        try:
            found = children(key, self._database.read(key))
        except ObjstoreError as error:
            self._note(key, isinstance(error, UnsupportedFormatError))  # a newer program's objects aren't ours to judge
            return
        missing = set(self._database.missing(found.keys))
        stored = contents(self._database, found.files)
        absent = [describe(child) for child in sorted(missing)]
        absent += [f"the content of file {Digest(file).short}" for file, keys in stored.items() if not keys]
        yield from (Gap(key, f"{child} is not in this store") for child in absent)
        parents = [child for child in found.keys if child[0] != Kind.CHUNK and child not in missing]
        recipes = [keys for keys in stored.values() if keys and keys[0][0] == Kind.RECIPE]
        yield from chain(parents, *recipes)
        has_files = all(len(self._closed.missing(keys)) < len(keys) for keys in recipes)
        self._note(key, not absent and not self._closed.missing(parents) and has_files)

    def _note(self, key: Key, is_closed: bool) -> None:
        (self._closed if is_closed else self._open).add_new([key])
        if not is_closed and self.newly_open is not None:
            self.newly_open.add_new([key])


def _parents(database: Database) -> Iterator[Key]:
    for kind in PARENTS:  # in their order, so that the way down from each is short
        for key, _ in database.cache.locate_from(bytes([kind])):
            yield key


def _finish(visit: Iterator[Gap]) -> None:
    for _ in visit:
        pass
