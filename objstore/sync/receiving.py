"""Bringing objects from another place: in few, large requests, verified, and each byte once."""

import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from objstore.errors import NotFoundError
from objstore.host.ahead import ahead
from objstore.host.progress import Progress
from objstore.odb.database import Database, Span, spans
from objstore.odb.draft import Draft
from objstore.odb.pending import PendingRows
from objstore.odb.record import FRAME, Payload
from objstore.odb.remotedatabase import RemoteDatabase
from objstore.odb.segment import Location
from objstore.sync.sending import framed
from objstore.values.key import Key, describe

_GAP = 1 << 20
"""Unwanted bytes that cost less than another request would: some 20 ms at 50 MB/s."""
_LARGEST = 16 << 20
_AT_ONCE = 4
_BATCH = 4096
_OFFSET = struct.Struct(">I")


class Wanted:
    """Objects to be brought, in the order in which they lie there. In memory while few, on disk when many. Close it."""

    def __init__(self, source: Database, scratch: Path) -> None:
        self._source = source
        self._rows = PendingRows(scratch)
        self.objects = 0
        self.bytes = 0
        """Of the records as they are stored."""

    def add(self, keys: list[Key]) -> None:
        """NotFoundError when the source doesn't list one of them."""
        located = self._source.locate(keys)
        for key in keys:
            if key not in located:
                raise NotFoundError(f"{describe(key)} is neither here nor in the upstream; `objstore fsck` tells what is hit")
        self._rows.put({_by_place(place) + key: (0, place.offset, place.stored, place.raw) for key, place in located.items()})
        self.objects += len(located)
        self.bytes += sum(FRAME.size + place.stored for place in located.values())

    def spans(self) -> Iterator[Span]:
        """What to read, each at most 16 MiB unless one record is larger; what lies between is read too where that saves a request.

        Memory: the records of two spans, or a few thousand.
        """
        held: dict[Key, Location] = {}
        limit = _BATCH
        for row, (_, offset, stored, raw) in self._rows.sorted():
            held[row[36:]] = Location(row[:32].hex(), offset, stored, raw)
            if len(held) >= limit:
                *whole, last = spans(held, gap=_GAP, largest=_LARGEST)
                yield from whole
                held = {key: held[key] for key, _, _ in last.records}
                limit = max(_BATCH, 2 * len(held))  # where tiny records make one large span, it isn't looked through again for each
        yield from spans(held, gap=_GAP, largest=_LARGEST)

    def close(self) -> None:
        self._rows.close()

    def __enter__(self) -> "Wanted":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def receive(source: RemoteDatabase, wanted: Wanted, draft: Draft, progress: Progress) -> None:
    """Brings what is wanted into a draft, which has claimed it. Memory: six spans.

    Several are read and verified at once, and stored one after the other, as they lie there: so packs are filled in turn, and while one is
    synced the next is being filled. CorruptionError when something is damaged there, RemoteError when the source can't be reached.
    """

    def bring(span: Span) -> list[Payload]:
        return [framed(key, record) for key, record in source.read_moved(span)]

    with draft.storing(), ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="objstore-receive") as pool:
        for payloads in ahead(pool, bring, wanted.spans(), _AT_ONCE):
            draft.store(payloads)  # all of one class, as all in a pack are
            progress.advance(bytes_=sum(FRAME.size + len(payload.data) for payload in payloads))


def _by_place(place: Location) -> bytes:
    return bytes.fromhex(place.pack) + _OFFSET.pack(place.offset)
