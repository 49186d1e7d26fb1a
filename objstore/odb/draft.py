"""New objects on their way into the store: collected in packs, listed in a segment, published in reference order.

What a draft writes is invisible to everybody else until a log record names its segment. Its packs are named in a locked
file, so that gc leaves them alone; when the process dies the lock goes and the packs are garbage, or are adopted by the
next draft, which then doesn't write the same chunks again.
"""

import contextlib
import os
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from objstore.blobs.protocol import BlobStore
from objstore.errors import ConflictError, StorageError
from objstore.odb.draftfile import DraftFile
from objstore.odb.pack import PackClass, Trailer, pack_name
from objstore.odb.packwriter import PackWriter
from objstore.odb.pending import PendingRows
from objstore.odb.placing import put_in_place
from objstore.odb.record import FRAME, Payload, decode, encode
from objstore.odb.segment import Location
from objstore.odb.segmentwriter import publish_segment
from objstore.values.digest import Digest
from objstore.values.key import Key, Kind, node_key

_UNPLACED = (-1, 0, 0, 0)


class PackGoneError(ConflictError):
    """A pack that a draft has written isn't there any more: a gc that doesn't know of the draft has taken it."""


class Stored(Protocol):
    """What a draft needs to know of the store that it is for."""

    def known(self, keys: Sequence[Key], /) -> set[Key]: ...

    def locate(self, keys: Sequence[Key], /) -> Mapping[Key, Location]: ...


class Draft:
    """Objects not yet in the store. Thread-safe. Close it, published or not."""

    def __init__(
        self,
        blobs: BlobStore,
        stored: Stored,
        file: DraftFile,
        generation: int,
        lost: Collection[Key] = (),
        *,
        lasting: bool = False,
        at_once: int = 1,
    ) -> None:
        """`at_once`: how many packs are published at the same time; one more may wait."""
        self._blobs = blobs
        self._store = stored
        self._file = file
        self.generation = generation
        self._is_lasting = lasting
        self.lost = frozenset(lost)
        """Keys that the index lists in vain: they are stored anew when they come up."""
        self._lock = threading.RLock()
        self._owner = os.getpid()
        self._rows = PendingRows(blobs.scratch)
        self._packs: list[PackWriter | str] = []  # by slot: being written, or the id of one that is complete
        self._idle: dict[PackClass, list[int]] = {PackClass.DATA: [], PackClass.METADATA: []}
        self._at_once = at_once
        self._expected: set[str] = set()
        self._carried: set[str] = set()
        self._publisher = ThreadPoolExecutor(at_once, thread_name_prefix="objstore-publish")
        self._publishing: list[Future[None]] = []
        self.stored_bytes = 0
        """Bytes of the packs that are complete."""
        self.is_shaky = False
        """Whether it builds on what can't be relied on: then it isn't enough that what was claimed is there (spec/gc.md)."""
        self.failed = False
        """Whether storing was cut off: then some of what was claimed is nowhere, and the draft can't be published any more."""
        self.is_spent = False
        """Whether publishing was cut off: then what it holds can only be copied to another draft."""
        self._is_closed = False

    # -- adding --------------------------------------------------------------------------------------------------------

    def claim(self, keys: Sequence[Key]) -> list[Key]:
        """Those keys that neither the store nor the draft has; the caller must now add them, each once."""
        with self._lock:
            self._check_open()
            fresh = self._rows.unknown(dict.fromkeys(keys))
            known = self._stored(fresh) - self.lost if fresh else set()
            fresh = [key for key in fresh if key not in known]
            self._rows.put(dict.fromkeys(fresh, _UNPLACED))
            return fresh

    def _stored(self, keys: Sequence[Key]) -> set[Key]:
        """Those keys that the store has. If the draft is to outlast the lock, gc must leave their chunks to it (graph/sparing.py)."""
        if not self._is_lasting:
            return self._store.known(keys)
        found = self._store.locate(keys)
        self._file.use({place.pack for key, place in found.items() if key[0] == Kind.CHUNK})
        return set(found)

    def store(self, payloads: Sequence[Payload]) -> None:
        """Writes claimed objects, all of one class. When it returns, the payloads' buffers may be reused."""
        if not payloads:
            return
        with self.storing():
            pack_class = PackClass.of(payloads[0].key)
            slot, writer = self._take_writer(pack_class)
            offsets = writer.append(payloads)
            rows = {p.key: (slot, offset, len(p.data), p.raw) for p, offset in zip(payloads, offsets, strict=True)}
            with self._lock:
                self._check_open()
                self._rows.put(rows)
                if not writer.is_full:
                    self._idle[pack_class].append(slot)
                    return
        self._complete(slot)

    @contextlib.contextmanager
    def storing(self) -> Iterator[None]:
        """Around whatever comes between claiming and having stored: when that fails, so has the draft."""
        try:
            yield
        except BaseException:
            self.failed = True
            raise

    def add(self, key: Key, data: bytes) -> None:
        """Claims and stores one object."""
        if self.claim([key]):
            with self.storing():
                self.store([encode(key, data)])

    @property
    def size(self) -> int:
        """Bytes written so far."""
        with self._lock:
            return self.stored_bytes + sum(pack.size for pack in self._packs if isinstance(pack, PackWriter))

    @property
    def is_empty(self) -> bool:
        """Whether it holds no object."""
        with self._lock:
            return not self._rows

    @property
    def packs(self) -> list[str]:
        """The packs that are complete, and those of the store of which the segment says something too."""
        with self._lock:
            return [pack for pack in self._packs if isinstance(pack, str)]

    def __contains__(self, key: Key) -> bool:
        with self._lock:
            return not self._rows.unknown({key: None})

    def read_record(self, key: Key) -> bytes | None:
        """The record of an object that this draft has written, None when it hasn't."""
        with self._lock:
            row = self._rows.get(key)
            if row is None or row == _UNPLACED:
                return None
            slot, offset, stored, _ = row
            pack = self._packs[slot]
            if isinstance(pack, PackWriter):
                return pack.read(offset, FRAME.size + stored)
        return next(iter(self._blobs.read_ranges(pack_name(pack), [(offset, FRAME.size + stored)])))

    def keys_from(self, prefix: bytes) -> list[Key]:
        """The keys of this draft that begin with `prefix`."""
        with self._lock:
            return self._rows.keys_from(prefix)

    def copy_to(self, other: "Draft") -> None:
        """Stores in another draft what this one has and that one hasn't. Verified on the way; one object at a time."""
        with other.storing():
            for kind in Kind:
                for key in other.claim(self.keys_from(bytes([kind]))):
                    record = self.read_record(key)
                    assert record is not None
                    decode(key, record)
                    _, codec, _, raw = FRAME.unpack(record[: FRAME.size])
                    other.store([Payload(key, codec, raw, record[FRAME.size :])])

    # -- publishing ----------------------------------------------------------------------------------------------------

    def build_on(self, root: Digest) -> None:
        """Has gc leave alone what a manifest of the store reaches, until the draft is closed; to be called while gc isn't at work.

        Where the store is shared, gc doesn't ask: there it must be relied on as whatever is claimed must, or the draft `is_shaky`.
        """
        self._file.build_on(root.hex())
        self.is_shaky |= node_key(root) not in self and not self._store.known([node_key(root)])

    def adopt(self, pack: str, trailer: Trailer) -> None:
        """Takes over a pack that an interrupted draft has published."""
        with self._lock:
            fresh = set(self.claim([row.key for row in trailer.rows]))
            self._file.add(pack)
            slot = len(self._packs)
            self._packs.append(pack)
            self._rows.put({row.key: (slot, at, row.stored, row.raw) for row, at in trailer.offsets() if row.key in fresh})

    def carry(self, places: Mapping[Key, Location]) -> None:
        """Has the segment list these objects too, which lie in packs of the store; but none that the draft has already."""
        with self._lock:
            fresh = self._rows.unknown(places)
            slots = {pack: slot for slot, pack in enumerate(self._packs) if isinstance(pack, str)}
            for pack in dict.fromkeys(places[key].pack for key in fresh):
                if pack not in slots:
                    slots[pack] = len(self._packs)
                    self._packs.append(pack)
                    self._carried.add(pack)
            self._rows.put({key: (slots[place.pack], place.offset, place.stored, place.raw) for key in fresh for place in [places[key]]})

    def expect(self, packs: Iterable[str]) -> None:
        """Names packs that an interrupted draft may have published: should they come up again, they are asked for first."""
        for pack in packs:
            self._expected.add(pack)
            self._file.add(pack)

    def flush(self) -> None:
        """Begins to publish, in the background, what has been stored so far. More may be added afterwards, in other packs."""
        with self._lock:
            for slots in self._idle.values():  # data before metadata
                self._publishing += [self._publisher.submit(self._publish_pack, slot) for slot in slots]
                slots.clear()

    def publish(self) -> list[str]:
        """Makes all packs and the segment that lists them durable; the segment's id, to be named in a log record.

        After this nothing can be added. No segment when nothing is new. ConflictError when storing or publishing was cut off before.
        """
        self._check_not_failed()
        self.flush()
        self._settle()
        self._check_not_failed()
        if not self._rows:
            return []
        packs = self.packs
        own = [pack for pack in packs if pack not in self._carried]
        if self._blobs.root is not None and not all(self._blobs.has(pack_name(pack)) for pack in own):
            raise PackGoneError("a pack that this draft has written is gone; add it all again")
        return [publish_segment(self._blobs, packs, self._rows)]

    def close(self) -> None:
        """Lets go of everything; what wasn't published or logged is garbage from now on. Nothing in a process that was forked off.

        Threads that are still adding get ConflictError: an executor that Ctrl-C has come upon doesn't wait for a thread just started.
        """
        if self._owner != os.getpid():
            return
        self._publisher.shutdown(cancel_futures=True)
        with self._lock:
            self._is_closed = True
            for pack in self._packs:
                if isinstance(pack, PackWriter):
                    pack.close()
                    pack.path.unlink(missing_ok=True)
            self._rows.close()
        self._file.release()

    def finish(self) -> None:
        """Closes after a log record has named the segments: the packs are part of the store now."""
        self.close()
        self._file.remove()

    def _take_writer(self, pack_class: PackClass) -> tuple[int, PackWriter]:
        with self._lock:
            self._check_open()
            if self._idle[pack_class]:
                slot = self._idle[pack_class].pop()
                writer = self._packs[slot]
                assert isinstance(writer, PackWriter)
                return slot, writer
            path = self._blobs.scratch / f"pack-{os.getpid()}-{os.urandom(8).hex()}.tmp"
            writer = PackWriter(path, pack_class, self.generation)
            self._packs.append(writer)
            return len(self._packs) - 1, writer

    def _complete(self, slot: int) -> None:
        """Finishes a pack and has it published in the background; waits when too many are under way."""
        with self._lock:
            waiting, last = self._publishing[: -self._at_once], self._publishing[-self._at_once :]
            self._publishing = [*last, self._publisher.submit(self._publish_pack, slot)]
        for future in waiting:  # not while holding the lock: publishing needs it
            future.result()

    def _publish_pack(self, slot: int) -> None:
        if self.failed or self.is_spent:
            return  # nothing is published after something that it may build on is missing
        writer = self._packs[slot]
        assert isinstance(writer, PackWriter)
        try:
            self._publish_finished(slot, writer)
        except BaseException as error:
            self.is_spent = True
            if isinstance(error, FileNotFoundError) and not writer.path.exists():
                raise StorageError(
                    f"{writer.path} is gone, which was being written; somebody has removed temporary files: add everything again"
                ) from error
            raise

    def _publish_finished(self, slot: int, writer: PackWriter) -> None:
        digest, size = writer.finish()
        pack = digest.hex()
        with self._lock:
            self._file.add(pack)
            self.stored_bytes += size
        if pack not in self._expected or not self._blobs.has(pack_name(pack)):
            put_in_place(self._blobs, pack_name(pack), writer.path)
        with self._lock:  # only now, since a reader of the draft may come at any moment: until here it reads the file being written
            self._packs[slot] = pack
            writer.close()

    def _check_open(self) -> None:
        if self._is_closed:
            raise ConflictError("this draft is closed; open another one")

    def _check_not_failed(self) -> None:
        if self.failed or self.is_spent:
            self._settle()  # if publishing in the background has failed: why
            raise ConflictError("an earlier call was interrupted while it stored content; add it all again")

    def _settle(self) -> None:
        with self._lock:
            waiting, self._publishing = self._publishing, []
        for future in waiting:
            future.result()
