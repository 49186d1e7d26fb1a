"""The requests that a remote answers, as a file system of fsspec makes them: each once, with whatever exception it ends in."""

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import datetime
from math import inf
from pathlib import Path
from typing import Any

from objstore.blobs.protocol import Listed

MARK = "objstore-write"  # the metadata that holds the mark
LISTED = 1000  # names in a page of a listing: as many as S3 gives
LISTING_LIMIT = 90.0  # seconds for such a page
_AT_ONCE = 16
_TIMES = ("LastModified", "last_modified", "mtime", "created")

Content = bytes | Path  # of a blob that is written: small in memory, or in a file


class Transport:
    """One file system and the path in it under which the blobs are. Not fork-safe; else usable from many threads.

    This form suits any fsspec file system; those of S3 and GCS have forms of their own. `limit` is the seconds that a call may take
    in all; only file systems that run in an event loop heed it.
    """

    # Whether `create` leaves what is there alone, also when two come at the same time. fsspec's generic `pipe_file` looks first and
    # then writes, or ignores the mode, so it takes a file system that is known to pass the condition on to a server that keeps it.
    refuses_second_create = False

    def __init__(self, fs: Any, base: str) -> None:
        self.fs = fs
        self.base = base.rstrip("/")
        if fs.async_impl:
            fs.batch_size = _AT_ONCE

    def path(self, name: str) -> str:
        return f"{self.base}/{name}" if name else self.base

    def create(self, name: str, data: Content, mark: str, limit: float) -> None:
        """Puts a new blob by one request, with a mark that tells it from all others, where that is possible."""
        self.fs.pipe_file(self.path(name), _bytes_of(data), mode="create", **self.within(limit))

    def has_made(self, name: str, data: Content, mark: str, limit: float) -> bool:
        """Whether the blob of that name comes from the `create` with this mark; without marks, whether it has these bytes."""
        return self.read(name, limit) == _bytes_of(data)

    def overwrite(self, name: str, file: Path, limit: float) -> None:
        """Puts a file of any size, in pieces if it is large, whether or not the name is in use."""
        self.fs.put_file(str(file), self.path(name), **self.within(limit))

    def read(self, name: str, limit: float) -> bytes:
        """The whole blob."""
        return bytes(self.fs.cat_file(self.path(name), **self.within(limit)))

    def ranges(self, name: str, ranges: Sequence[tuple[int, int]], limit: float) -> list[bytes | Exception]:
        """The bytes of each (offset, length), or why they couldn't be had; sixteen are asked for at once."""
        starts, ends = [offset for offset, _ in ranges], [offset + length for offset, length in ranges]
        return list(self.fs.cat_ranges([self.path(name)] * len(ranges), starts, ends, on_error="return", **self.within(limit)))

    def size(self, name: str, limit: float) -> int:
        return int(self.fs.size(self.path(name), **self.within(limit)))

    def files(self, prefix: str) -> Iterator[Listed]:
        """Whatever is below a prefix that ends in `/`, or below the base; no limit, since nobody knows how many pages there are."""
        above = self.path("") + "/"
        for path, info in self.fs.find(self.path(prefix).rstrip("/"), detail=True).items():
            name = path.removeprefix(above)
            if info["type"] == "file" and path.startswith(above + prefix) and not name.endswith("/"):
                yield Listed(name, int(info["size"]), _made(info))

    def folders(self, prefix: str, limit: float) -> list[str]:
        """The names of the folders right below a prefix, or the base."""
        found = self.fs.ls(self.path(prefix).rstrip("/"), detail=True, **self.within(limit))
        return [info["name"].rstrip("/").rpartition("/")[2] for info in found if info["type"] == "directory"]

    def delete(self, name: str, limit: float) -> None:
        self.fs.rm_file(self.path(name), **self.within(limit))

    def look_for_bucket(self, limit: float) -> None:
        """Fails as not found if the bucket isn't there, perhaps otherwise if one may not look."""

    def close(self) -> None:
        """Gives back its connections; it may be used again."""

    def finish(self, closing: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Runs what closes connections in the file system's event loop, and waits for it.

        Not in the loop's own thread, where garbage may be collected as in any other: there it is done next.
        """
        import asyncio  # only here: start-up needn't wait for these

        from fsspec.asyn import sync

        loop: asyncio.AbstractEventLoop = self.fs.loop
        if asyncio._get_running_loop() is loop:
            loop.create_task(closing())
        else:
            sync(loop, closing)

    def within(self, limit: float) -> dict[str, float]:
        return {"timeout": max(limit, 0.1)} if self.fs.async_impl else {}


def _made(info: Mapping[str, Any]) -> float:
    """What a file system tells of when a file was made; each has a name of its own for it."""
    told = next((info[name] for name in _TIMES if info.get(name) is not None), None)
    if isinstance(told, datetime):
        return told.timestamp()
    return float(told) if isinstance(told, int | float) else inf


def _bytes_of(data: Content) -> bytes:
    return data.read_bytes() if isinstance(data, Path) else data
