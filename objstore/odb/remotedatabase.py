"""Reading objects of a project that is somewhere else: over a line that may fail, and where every request costs."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from mmap import ACCESS_READ, mmap
from tempfile import TemporaryFile
from typing import TypeVar

from objstore.blobs.protocol import BlobStore
from objstore.errors import CorruptionError, NotFoundError
from objstore.host.ahead import ahead
from objstore.host.publish import translated
from objstore.odb.blocks import Blocks
from objstore.odb.cache import Cache
from objstore.odb.database import Database, SegmentMissingError, Span, spans
from objstore.odb.keptsegments import KeptSegments
from objstore.odb.pack import pack_name
from objstore.odb.record import decode
from objstore.odb.segment import Location, Segment, segment_id, segment_name
from objstore.values.key import Key, Kind

T = TypeVar("T")

_READS = 3
_AT_ONCE = 8
_GAP = 256 * 1024
_PART = 8 << 20


class RemoteDatabase(Database):
    """As a Database; what arrives damaged is read again, twice at most, before it is CorruptionError."""

    def __init__(
        self,
        blobs: BlobStore,
        cache: Cache,
        catch_up: Callable[[], None] = lambda: None,
        blocks: Blocks | None = None,
        kept: KeptSegments | None = None,
    ) -> None:
        """`blocks`, `kept`: where metadata and segments are kept once they were read."""
        super().__init__(blobs, cache, catch_up=catch_up)
        self._blocks = blocks
        self._kept = kept

    def read_span(self, span: Span) -> memoryview:
        if self._blocks is None or span.records[0][0][0] == Kind.CHUNK:
            return super().read_span(span)
        return memoryview(self._blocks.read(pack_name(span.pack), span.start, span.size))

    def load(self, segments: Sequence[str], dead: Collection[str] = (), read: Callable[[str], Segment] | None = None) -> None:
        """Makes the index reflect exactly these segments, less `dead` packs. `read`: gives one, if it needn't come from there."""
        for _ in self.loading(segments, dead, read):
            pass

    def loading(
        self, segments: Sequence[str], dead: Collection[str] = (), read: Callable[[str], Segment] | None = None
    ) -> Iterator[Segment]:
        """The same; gives each segment that the index hasn't reflected until now. Reads eight at once."""
        new = self.begin_load(segments)
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="objstore-index") as pool:
            for name, segment in zip(new, ahead(pool, read or self.read_segment, new, _AT_ONCE), strict=True):
                self._cache.add_segment(name, segment, dead)
                yield segment
        if new and self._kept is not None:
            self._kept.forget_others(set(segments))

    def read_segment(self, name: str) -> Segment:
        """A segment, verified. Memory: 8 MiB; a larger one is in a file that goes with it.

        Cost: one request, or one for each 8 MiB, unless it is kept here.
        """
        kept = self._kept.read(name) if self._kept is not None else None
        if kept is not None and _is_segment(kept, name):
            return Segment.of(kept)

        def read() -> bytes | mmap:
            data = self._received(segment_name(name))
            if not _is_segment(data, name):
                raise CorruptionError(
                    f"index segment {name[:12]} in {self._blobs.location} is damaged; `objstore fsck` there tells what is hit"
                )
            return data

        try:
            data = again(read)
        except NotFoundError as error:
            raise SegmentMissingError(
                f"index segment {name[:12]} is missing in {self._blobs.location}; `objstore fsck` there tells what is hit"
            ) from error
        if self._kept is not None:
            self._kept.keep(name, data)
        return Segment.of(data)

    def _received(self, blob: str) -> bytes | mmap:
        first = self._blobs.read_part(blob, 0, _PART)
        if len(first) < _PART:
            return first
        size = self._blobs.size(blob)
        with translated(self._blobs.scratch), TemporaryFile(dir=self._blobs.scratch) as file:
            file.write(first)
            for at in range(_PART, size, _PART):
                file.write(self._blobs.read_part(blob, at, _PART))
            file.truncate(size)
            return mmap(file.fileno(), size, access=ACCESS_READ)

    def read_records(self, located: Mapping[Key, Location]) -> Iterator[tuple[Key, bytes | memoryview]]:
        """As there, but verified already."""
        for span in spans(located, gap=_GAP):
            try:
                yield from self.read_verified(span)
            except NotFoundError:
                self._catch_up()
                yield from self._read_all_anew(span)

    def read_moved(self, span: Span) -> list[tuple[Key, bytes | memoryview]]:
        """As `read_verified`, but where the pack has gone, the records are looked up again, once. NotFoundError when the pack is lost."""
        try:
            return list(self.read_verified(span))
        except NotFoundError as error:
            self._catch_up()
            located = self._cache.locate_many([key for key, _, _ in span.records])
            if span.pack in {place.pack for place in located.values()}:
                raise error
            return list(self._read_all_anew(span))

    def _read_all_anew(self, span: Span) -> Iterator[tuple[Key, bytes | memoryview]]:
        for key, _, _ in span.records:
            yield key, self._read_anew(key)

    def read_verified(self, span: Span) -> list[tuple[Key, memoryview]]:
        """The records of a span; each is what its key says. NotFoundError when the pack has gone."""

        def read() -> list[tuple[Key, memoryview]]:
            block = self.read_span(span)
            records = [(key, block[at : at + size]) for key, at, size in span.records]
            try:
                for key, record in records:
                    decode(key, record)
            except CorruptionError:
                if self._blocks is not None:
                    self._blocks.forget(pack_name(span.pack))
                raise
            return records

        try:
            return again(read)
        except CorruptionError as error:
            raise CorruptionError(f"{self._blobs.location}: {error}") from error

    def _read_one(self, span: Span) -> memoryview:
        return self.read_verified(span)[0][1]


def _is_segment(data: bytes | mmap, name: str) -> bool:
    return segment_id(data[at : at + _PART] for at in range(0, len(data), _PART)).hex() == name


def again(read: Callable[[], T]) -> T:
    """What is read; when it has arrived damaged, it is read again, twice at most."""
    for _ in range(_READS - 1):
        try:
            return read()
        except CorruptionError:
            continue
    return read()
