"""Reading objects of a project that is somewhere else: over a line that may fail, and where every request costs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from mmap import ACCESS_READ, mmap
from tempfile import TemporaryFile
from typing import TypeVar

from objstore.blobs.protocol import BlobStore
from objstore.errors import CorruptionError, NotFoundError
from objstore.host.ahead import ahead
from objstore.host.publish import translated
from objstore.odb.blocks import Blocks
from objstore.odb.cache import Cache, Location
from objstore.odb.database import Database, Span, spans
from objstore.odb.pack import pack_name
from objstore.odb.record import decode
from objstore.odb.segment import Segment, segment_id, segment_name
from objstore.values.key import Key, Kind

T = TypeVar("T")

_READS = 3
_AT_ONCE = 8
_GAP = 256 * 1024
_PART = 8 << 20


class RemoteDatabase(Database):
    """As a Database; what arrives damaged is read again, twice at most, before it is CorruptionError."""

    def __init__(self, blobs: BlobStore, cache: Cache, catch_up: Callable[[], None] = lambda: None, blocks: Blocks | None = None) -> None:
        """`blocks`: where metadata is kept once it was read."""
        super().__init__(blobs, cache, catch_up=catch_up)
        self._blocks = blocks

    def read_span(self, span: Span) -> memoryview:
        if self._blocks is None or span.records[0][0][0] == Kind.CHUNK:
            return super().read_span(span)
        return memoryview(self._blocks.read(pack_name(span.pack), span.start, span.size))

    def load(self, segments: Sequence[str], read: Callable[[str], Segment] | None = None) -> None:
        """Makes the index reflect exactly these segments. `read`: gives one, if it needn't come from there."""
        for _ in self.loading(segments, read):
            pass

    def loading(self, segments: Sequence[str], read: Callable[[str], Segment] | None = None) -> Iterator[Segment]:
        """The same; gives each segment that the index hasn't reflected until now. Reads eight at once."""
        new = self.begin_load(segments)
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="objstore-index") as pool:
            for name, segment in zip(new, ahead(pool, read or self.read_segment, new, _AT_ONCE), strict=True):
                self._cache.add_segment(name, segment)
                yield segment

    def read_segment(self, name: str) -> Segment:
        """A segment, verified. Memory: 8 MiB; a larger one is in a file that goes with it. Cost: one request, or one for each 8 MiB."""

        def read() -> Segment:
            try:
                data = self._received(segment_name(name))
            except NotFoundError as error:
                raise CorruptionError(
                    f"index segment {name[:12]} is missing in {self._blobs.location}; `objstore fsck` there tells what is hit"
                ) from error
            pieces = (data[at : at + _PART] for at in range(0, len(data), _PART))
            if segment_id(pieces).hex() != name:
                raise CorruptionError(
                    f"index segment {name[:12]} in {self._blobs.location} is damaged; `objstore fsck` there tells what is hit"
                )
            return Segment.of(data)

        return again(read)

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

        return again(read)

    def _read_one(self, span: Span) -> memoryview:
        return self.read_verified(span)[0][1]


def again(read: Callable[[], T]) -> T:
    """What is read; when it has arrived damaged, it is read again, twice at most."""
    for _ in range(_READS - 1):
        try:
            return read()
        except CorruptionError:
            continue
    return read()
