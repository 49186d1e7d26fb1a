"""Marking below what is merely listed: a writer may rely on it, needed or not (spec/gc.md)."""

from collections.abc import Collection, Iterable, Mapping

from objstore.graph.reachability import mark_below
from objstore.odb.database import Database
from objstore.odb.keyset import KeySet
from objstore.odb.segment import Location
from objstore.values.key import Key

Rows = Mapping[Key, Location]


def mark_listed(database: Database, listed: Iterable[Rows], condemned: Collection[str], live: KeySet) -> None:
    """Adds to `live` what is listed outside condemned packs, and all that it reaches. `listed`: rows of nodes, recipes and parts.

    Cost: reads those that weren't live. CorruptionError when something below them isn't there or can't be read.
    """
    for rows in listed:
        outside = [key for key, place in rows.items() if place.pack not in condemned]
        mark_below(database, sorted(live.missing(outside)), live)
