"""Which old row goes with which new one, by their keys."""

from typing import Any

from objstore.comparison.rows.equality import equal_hashes
from objstore.comparison.rows.hashing import Hashes
from objstore.comparison.rows.multiset import grouped
from objstore.comparison.rows.pool import Entries, entries
from objstore.host import library

_AT_ONCE = 1_000_000


def partners(old: Hashes, new: Hashes) -> Any:
    """For each new row the number of the old one with the same key, or -1. None when two rows of a side have the same key.

    Takes some 100 MB, and 8 bytes for each row. Equal keys in equal order, as where all rows changed, cost a sort of numbers.
    """
    numpy = library.numpy()
    if len(old[0]) == len(new[0]) and equal_hashes(old, new).all() and _is_distinct(old[0]):
        return numpy.arange(len(new[0]))
    found = numpy.full(len(new[0]), -1, numpy.int64)
    bits = max(0, (len(old[0]) + len(new[0])) // _AT_ONCE).bit_length()
    for number in range(1 << bits):
        groups = grouped(Entries(_share(old, number, bits), _share(new, number, bits)))
        sizes = numpy.diff(groups.starts)
        if sizes.size == 0:
            continue
        firsts = groups.starts[:-1][sizes == 2]
        if sizes.max() > 2 or (groups.is_new[firsts] == groups.is_new[firsts + 1]).any():
            return None
        places = groups.places.astype(numpy.int64)
        swapped = groups.is_new[firsts]
        found[numpy.where(swapped, places[firsts], places[firsts + 1])] = numpy.where(swapped, places[firsts + 1], places[firsts])
    return found


def _is_distinct(lane: Any) -> bool:
    ordered = library.numpy().sort(lane)
    return not (ordered[1:] == ordered[:-1]).any()


def _share(hashes: Hashes, number: int, bits: int) -> Any:
    """The entries whose hashes begin with these bits."""
    numpy = library.numpy()
    first, second = hashes
    rows = numpy.flatnonzero(first >> numpy.uint64(64 - bits) == numpy.uint64(number)) if bits else numpy.arange(len(first))
    return entries((first[rows], second[rows]), rows)
