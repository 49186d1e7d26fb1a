"""A place elsewhere, of which much is here too."""

from collections.abc import Iterator, Sequence

from objstore.blobs.protocol import BlobStore
from objstore.errors import CorruptionError, NotFoundError
from objstore.odb.cache import Cache
from objstore.odb.database import Database, Span
from objstore.odb.keptsegments import KeptSegments
from objstore.odb.record import decode
from objstore.odb.remotedatabase import RemoteDatabase
from objstore.values.key import Key


class NearDatabase(RemoteDatabase):
    """As a RemoteDatabase: the index is that of the place. But what `here` has too is read from here; an object is the same everywhere.

    So it may give an object that the place has lost.
    """

    def __init__(self, blobs: BlobStore, cache: Cache, kept: KeptSegments | None, here: Database | None) -> None:
        super().__init__(blobs, cache, kept=kept)
        self._here = here

    def read_many(self, keys: Sequence[Key]) -> Iterator[tuple[Key, bytes | memoryview]]:
        near = self._read_here(keys)
        yield from near.items()
        yield from super().read_many([key for key in keys if key not in near])

    def read_moved(self, span: Span) -> list[tuple[Key, bytes | memoryview]]:
        """As there; and what is lost or damaged is read from here."""
        try:
            return super().read_moved(span)
        except (CorruptionError, NotFoundError):
            near = self._records_here([key for key, _, _ in span.records])
            if len(near) < len(span.records):
                raise
            return near

    def _read_here(self, keys: Sequence[Key]) -> dict[Key, bytes | memoryview]:
        if self._here is None:
            return {}
        try:
            return dict(self._here.read_many(sorted(self._here.known(keys))))
        except CorruptionError:  # that is for whoever looks after what is here
            return {}

    def _records_here(self, keys: Sequence[Key]) -> list[tuple[Key, bytes | memoryview]]:
        """As they are stored; but none if one is damaged."""
        if self._here is None:
            return []
        try:
            found = list(self._here.read_records(self._here.locate(keys)))
            for key, record in found:
                decode(key, record)
        except (CorruptionError, NotFoundError):
            return []
        return found
