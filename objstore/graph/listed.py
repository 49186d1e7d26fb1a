"""Marking below what is merely listed: a writer may rely on it, needed or not (spec/gc.md)."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from objstore.graph.children import PARENTS
from objstore.graph.reachability import mark_below
from objstore.host.batches import batches
from objstore.odb.database import Database
from objstore.odb.keyset import KeySet
from objstore.odb.segment import Location
from objstore.values.key import Key, Kind

_BATCH = 4096
Rows = Mapping[Key, Location]


def mark_listed(database: Database, listed: Iterable[Rows], condemned: Collection[str], live: KeySet) -> None:
    """Adds to `live` every node, recipe and part that is listed outside condemned packs, and all that they reach.

    Cost: reads those that weren't live. CorruptionError when something below them isn't there or can't be read.
    """
    for rows in listed:
        outside = [key for key, place in rows.items() if key[0] != Kind.CHUNK and place.pack not in condemned]
        mark_below(database, sorted(live.missing(outside)), live)


def all_metadata(database: Database) -> Iterator[Rows]:
    """Every node, recipe and part of an index, with one of the places where it is; some at a time."""
    for kind in PARENTS:
        yield from map(dict, batches(database.cache.locate_from(bytes([kind])), _BATCH))
