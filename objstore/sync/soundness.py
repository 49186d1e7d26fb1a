"""Whether another place really has what its index lists."""

import contextlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from objstore.blobs.protocol import BlobStore
from objstore.errors import CorruptionError, NotFoundError
from objstore.host.ahead import ahead
from objstore.host.batches import batches
from objstore.host.progress import Progress
from objstore.odb.database import Database
from objstore.values.key import Key

_AT_ONCE = 8
_BATCH = 4096


def whole_packs(database: Database, blobs: BlobStore, packs: Iterable[str], progress: Progress) -> set[str]:
    """Those packs that are there, complete, under the names that their trailers have. Their records aren't read.

    Cost: a listing, and a request or two for each.
    """
    sizes = {name.rpartition("/")[2]: size for name, size in blobs.list("packs/")}
    wanted = sorted(sizes.keys() & set(packs))
    progress.start("checking packs", files=len(wanted))

    def check(pack: str) -> str | None:
        progress.advance(files=1)
        with contextlib.suppress(CorruptionError, NotFoundError):
            database.read_trailer(pack, sizes[pack])
            return pack
        return None

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="objstore-check") as pool:
        return {pack for pack in ahead(pool, check, wanted, _AT_ONCE) if pack is not None}


def listed_in(database: Database, packs: set[str]) -> Iterator[list[Key]]:
    """The keys that the index says are in these packs, some at a time. Reads the whole index."""
    return batches((key for key, place in database.cache.locate_from(b"") if place.pack in packs), _BATCH)
