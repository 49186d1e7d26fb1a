"""A BlobStore in a bucket."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from objstore.blobs.explaining import explained
from objstore.blobs.failures import Failure, Kind, ShortAnswerError, failure_of
from objstore.blobs.protocol import Listed
from objstore.blobs.retrying import RequestFailedError, Retrying
from objstore.blobs.transport import Content, Transport
from objstore.errors import BlobExistsError, CorruptionError, NotFoundError, ObjstoreError, UnsafeStoreError
from objstore.host.publish import make_folder, translated

T = TypeVar("T")

_ONE_PUT = 128 << 20
_WHOLE = 64 << 20  # what is read as a whole has no more bytes: the largest is a compacted log entry
_GROUP_BYTES = 32 << 20
_GROUP_RANGES = 64
_SEEN = (Kind.MISSING, Kind.EXISTS, Kind.BEYOND)  # these come from a bucket that is there


class RemoteBlobs:
    """Names are keys below a URL. Every request is tried again as `retrying` says; what can't be had is a RemoteError.

    Memory: what is read, by ranges up to 32 MiB at once or one larger range; little for what is written to S3, a file of up to
    128 MiB whole for other places, 64 MiB of what is larger.
    Usable from many threads, and in a forked child, which connects anew.

    A put whose answer is lost has landed or not, and is sent again, by us or, unknown to us, by a library below; then the second
    is refused because of the first. So each carries a mark of its own as metadata, and whoever is refused asks for the mark of what
    is there: BlobExistsError always means somebody else's. Cost: one small request more where a name is taken.
    """

    def __init__(self, url: str, scratch: Path, connect: Callable[[], Transport], retrying: Retrying) -> None:
        self._url = url
        self._scratch = scratch
        self._connect = connect
        self._retrying = retrying
        self._connections: dict[int, Transport] = {}
        self._answered = False
        self._bucket_seen = False

    @property
    def location(self) -> str:
        return self._url

    @property
    def root(self) -> None:
        return None

    @property
    def scratch(self) -> Path:
        with translated(self._scratch):
            make_folder(self._scratch)
        return self._scratch

    def create(self, name: str, data: bytes, /) -> None:
        self._create(name, bytes(data), len(data))

    def create_all(self, folder: str, items: Sequence[tuple[str, bytes]], /) -> None:
        for name, data in items:
            self.create(f"{folder}/{name}", data)

    def adopt(self, name: str, file: Path, /) -> None:
        try:
            size = file.stat().st_size
            if size <= _ONE_PUT:
                self._create(name, file, size)
                return
            # In pieces there is no condition, so two can write one name. That does no harm: what is that large is named by its content.
            if self.has(name):
                raise BlobExistsError(f"{name} in {self._url} exists already")
            self._ask("write", name, lambda transport, limit: self._safe(transport).overwrite(name, file, limit), size)
        finally:
            file.unlink(missing_ok=True)

    def replace(self, name: str, file: Path, /) -> None:
        try:
            self._ask("write", name, lambda transport, limit: transport.overwrite(name, file, limit), file.stat().st_size)
        finally:
            file.unlink(missing_ok=True)

    def read(self, name: str, /) -> bytes:
        return self._ask("read", name, lambda transport, limit: transport.read(name, limit), _WHOLE)

    def read_ranges(self, name: str, ranges: Iterable[tuple[int, int]], /) -> Iterator[bytes]:
        for group in _groups(ranges):
            yield from self._read_group(name, group)

    def read_part(self, name: str, offset: int, most: int, /) -> bytes:
        def read(transport: Transport, limit: float) -> bytes:
            (answer,) = transport.ranges(name, [(offset, most)], limit)
            if isinstance(answer, Exception):
                raise answer
            return bytes(answer)

        return self._ask("read", name, read, most)

    def size(self, name: str, /) -> int:
        return self._ask("read", name, lambda transport, limit: transport.size(name, limit))

    def has(self, name: str, /) -> bool:
        try:
            self.size(name)
        except NotFoundError:
            return False
        return True

    def folders(self, prefix: str, /) -> list[str]:
        """The names of what is right below a prefix and has something below it in turn."""
        try:
            return self._ask("list", "", lambda transport, limit: transport.folders(prefix, limit))
        except NotFoundError:
            return []

    def list(self, prefix: str, /) -> Iterator[tuple[str, int]]:
        return ((name, size) for name, size, _ in self.list_dated(prefix))

    def list_dated(self, prefix: str, /) -> Iterator[Listed]:
        try:
            yield from self._ask("list", "", lambda transport, _: list(transport.files(prefix)))
        except NotFoundError:  # a file system with folders says so of one that isn't there
            return

    def delete(self, name: str, /) -> None:
        try:
            self._ask("delete", name, lambda transport, limit: transport.delete(name, limit))
        except NotFoundError:
            return

    def delete_all(self, names: Sequence[str], /) -> None:
        for name in names:
            self.delete(name)

    def close(self) -> None:
        transport = self._connections.pop(os.getpid(), None)
        if transport is not None:
            transport.close()

    def _create(self, name: str, data: Content, size: int) -> None:
        mark = os.urandom(16).hex()
        try:
            self._ask("write", name, lambda transport, limit: self._safe(transport).create(name, data, mark, limit), size)
        except BlobExistsError:
            if not self._has_made(name, data, mark):
                raise

    def _has_made(self, name: str, data: Content, mark: str) -> bool:
        try:
            return self._ask("read", name, lambda transport, limit: transport.has_made(name, data, mark, limit))
        except NotFoundError:  # deleted in the meantime
            return False

    def _safe(self, transport: Transport) -> Transport:
        if transport.refuses_second_create:
            return transport
        raise UnsafeStoreError(
            f"{self._url} can only be read: objstore knows of no way to have its file system refuse a second write of one name, "
            "so two pushes could overwrite each other's log; s3://, gs:// and abfs:// are known to be safe"
        )

    def _read_group(self, name: str, group: Sequence[tuple[int, int]]) -> Iterator[bytes]:
        got: dict[int, bytes] = {place: b"" for place, (_, length) in enumerate(group) if not length}

        def attempt(transport: Transport, limit: float) -> None:
            missing = [place for place in range(len(group)) if place not in got]
            if not missing:
                return
            answers = transport.ranges(name, [group[place] for place in missing], limit)
            errors: list[Exception] = []
            for place, answer in zip(missing, answers, strict=True):
                offset, length = group[place]
                if isinstance(answer, Exception):
                    errors.append(answer)
                elif len(answer) == length:
                    got[place] = bytes(answer)
                else:
                    if transport.size(name, limit) < offset + length:
                        raise CorruptionError(f"{name} in {self._url} is cut short; run `objstore fsck`")
                    errors.append(ShortAnswerError())
            if errors:
                raise next((error for error in errors if not failure_of(error).transient), errors[0])

        self._ask("read", name, attempt, sum(length for _, length in group))
        yield from (got.pop(place) for place in range(len(group)))

    def _ask(self, doing: str, name: str, request: Callable[[Transport, float], T], size: int = 0) -> T:
        """What the request answers, which carries `size` bytes; an error of ours if it fails for good."""
        try:
            answer = self._retrying.run(lambda limit: request(self._transport(), limit), size=size, answered=self._answered)
        except RequestFailedError as failed:
            self._answered |= failed.failure.answered
            self._bucket_seen |= failed.failure.kind in _SEEN and not failed.failure.vague
            raise self._explained(failed, doing, name) from failed.__cause__
        self._answered = self._bucket_seen = True
        return answer

    def _transport(self) -> Transport:
        # No lock, since a forked child could inherit it held. Two threads may both make one; neither has connected yet, and one is kept.
        process = os.getpid()
        return self._connections.get(process) or self._connections.setdefault(process, self._connect())

    def _explained(self, failed: RequestFailedError, doing: str, name: str) -> ObjstoreError:
        failure = failed.failure
        if failure.vague and not self._bucket_seen:
            failure = self._clarified(failure)
        return explained(failure, failed.tries, self._url, doing, name)

    def _clarified(self, failure: Failure) -> Failure:
        """Asks for the bucket itself when a vague answer is all that we have heard of it so far."""
        try:
            self._transport().look_for_bucket(10)
        except Exception as error:
            looked = failure_of(error)
            if looked.kind in (Kind.MISSING, Kind.NO_BUCKET):
                return Failure(Kind.NO_BUCKET)
            return looked if looked.kind is Kind.CREDENTIALS else failure
        self._bucket_seen = True
        return failure


def _groups(ranges: Iterable[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """The ranges in pieces that are asked for together; a range may be larger than a piece should be, then it is one alone."""
    group: list[tuple[int, int]] = []
    size = 0
    for offset, length in ranges:
        if group and (len(group) == _GROUP_RANGES or size + length > _GROUP_BYTES):
            yield group
            group, size = [], 0
        group.append((offset, length))
        size += length
    if group:
        yield group
