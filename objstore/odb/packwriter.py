"""Writing one pack to a file, record by record."""

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from blake3 import blake3

from objstore.errors import ConflictError
from objstore.host.memory import MAX_WRITE
from objstore.host.publish import translated
from objstore.odb import pack
from objstore.odb.pack import HEADER, PackClass, Row, Trailer
from objstore.odb.record import Payload

_BUFFER = 1 << 20
_MAX_VECTOR = 1000  # below IOV_MAX


class PackWriter:
    """A pack in the making, in a file of its own. Thread-safe."""

    def __init__(self, path: Path, pack_class: PackClass, generation: int) -> None:
        self.path = path
        self._class = pack_class
        self._generation = generation
        self._rows: list[Row] = []
        self._hasher = blake3()
        self._pending: list[bytes | memoryview] = [HEADER]
        self._pending_size = len(HEADER)
        self._to_hash: list[bytes | memoryview] = []
        self._written = 0
        self._lock = threading.Lock()
        self._owner = os.getpid()
        with translated(path):
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)

    @property
    def size(self) -> int:
        """Bytes of header and records so far."""
        return self._written + self._pending_size

    @property
    def is_full(self) -> bool:
        """Whether it has what a pack should have; by bytes, or by records, each of which takes memory until the pack is complete."""
        return self.size >= pack.TARGET_SIZE or len(self._rows) >= pack.TARGET_RECORDS

    def append(self, payloads: Iterable[Payload]) -> list[int]:
        """Adds records; returns the offset of each. When it returns, the payloads' buffers may be reused."""
        offsets = []
        with self._lock:
            borrowed = False
            for payload in payloads:
                data, frame = payload.data, payload.frame
                offsets.append(self.size)
                self._rows.append(Row(payload.key, payload.codec, len(data), payload.raw))
                self._pending += (frame, data)
                self._pending_size += len(frame) + len(data)
                self._to_hash += (frame, pack.hashed_part(payload))
                borrowed = borrowed or isinstance(data, memoryview)
            if borrowed or self._pending_size >= _BUFFER:
                self._flush()
        return offsets

    def read(self, offset: int, size: int) -> bytes:
        """Bytes appended before."""
        with self._lock:
            self._flush()
        return os.pread(self._fd, size, offset)

    def finish(self) -> tuple[bytes, int]:
        """Writes the trailer; returns the pack's id and size. Not yet synced: that is `publish`'s part.

        What was appended can be read until `close`.
        """
        with self._lock:  # all of it: a reader's flush in between would write the trailer twice
            self._flush()
            trailer = pack.encode_trailer(Trailer(self._class, self._generation, self._hasher.digest(), self._rows))
            self._pending = [trailer, pack.encode_footer(trailer)]
            self._write()
            return pack.pack_id(trailer), self._written

    def close(self) -> None:
        with self._lock:  # or else what a thread is just writing could go into a file that has got the same descriptor
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def _flush(self) -> None:
        if not self._pending:
            return
        self._hasher.update(b"".join(self._to_hash))
        self._to_hash = []
        if self._pending_size < _BUFFER * 2:
            self._pending = [b"".join(self._pending)]  # few writes instead of thousands of pieces
        self._write()

    def _write(self) -> None:
        if self._owner != os.getpid():  # the file and the place in it are the parent's, too
            raise ConflictError("this pack is being written by the process that this one was forked off")
        with translated(self.path):
            for vector in _vectors(self._pending):
                self._write_vector(vector)
        self._pending = []
        self._pending_size = 0

    def _write_vector(self, pieces: list[bytes | memoryview]) -> None:
        size = sum(map(len, pieces))
        written = os.writev(self._fd, pieces)
        if written < size:
            rest = memoryview(b"".join(pieces))
            while written < size:
                written += os.write(self._fd, rest[written:])
        self._written += size


def _vectors(pieces: Iterable[bytes | memoryview]) -> Iterator[list[bytes | memoryview]]:
    """The same bytes in lists that are each written at once."""
    vector: list[bytes | memoryview] = []
    size = 0
    for piece in pieces:
        for part in [piece] if len(piece) <= MAX_WRITE else _parts(piece):
            if vector and (size + len(part) > MAX_WRITE or len(vector) == _MAX_VECTOR):
                yield vector
                vector, size = [], 0
            vector.append(part)
            size += len(part)
    if vector:
        yield vector


def _parts(piece: bytes | memoryview) -> list[memoryview]:
    return [memoryview(piece)[start : start + MAX_WRITE] for start in range(0, len(piece), MAX_WRITE)]
