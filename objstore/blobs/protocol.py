"""What a place must offer to hold a project: write-once names and ranged reads."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol


class Listed(NamedTuple):
    """A blob as a listing shows it."""

    name: str
    size: int
    made: float
    """When it was made, by the place's own clock: seconds since 1970. Infinity where it doesn't say."""


class BlobStore(Protocol):
    """Names (relative, `/`) to bytes, each written once, but for `replace`.

    Guarantees: `create` and `adopt` make the whole content appear at once, durably; of any number of racing creates of
    one name exactly one wins, the others get BlobExistsError; a listing shows what was just written. Thread-safe.
    Errors: NotFoundError for a name that isn't there, StorageError or RemoteError when the place refuses.
    """

    @property
    def location(self) -> str:
        """For messages: where this is."""

    @property
    def scratch(self) -> Path:
        """A local folder for files that `adopt` will take; where that is possible, in the same file system."""

    @property
    def root(self) -> Path | None:
        """The folder of this machine that has the blobs as files of their names, for reading; None where there is none."""

    def create(self, name: str, data: bytes, /) -> None: ...

    def create_all(self, folder: str, items: Sequence[tuple[str, bytes]], /) -> None:
        """Creates several names of a folder, in this order: cut off, or refused at one that exists, those before it are there."""

    def adopt(self, name: str, file: Path, /) -> None:
        """Makes a finished local file appear under `name`; the file is gone afterwards, also when the name exists."""

    def replace(self, name: str, file: Path, /) -> None:
        """Makes a finished local file appear under a name that exists, at once and durably; only for what was damaged."""

    def read(self, name: str, /) -> bytes: ...

    def read_ranges(self, name: str, ranges: Iterable[tuple[int, int]], /) -> Iterator[bytes]:
        """The bytes of each (offset, length) of one blob, in order. A range beyond the end is CorruptionError."""

    def read_part(self, name: str, offset: int, most: int, /) -> bytes:
        """Up to so many bytes from an offset on, fewer only where the blob ends. Cost: one request."""

    def size(self, name: str, /) -> int: ...

    def has(self, name: str, /) -> bool: ...

    def list(self, prefix: str, /) -> Iterator[tuple[str, int]]:
        """Names that begin with `prefix` (a folder ending in `/`, or nothing) and their sizes, in no order."""

    def list_dated(self, prefix: str, /) -> Iterator[Listed]:
        """The same, with more about each."""

    def delete(self, name: str, /) -> None:
        """Removes a name; harmless when it is gone already."""

    def delete_all(self, names: Sequence[str], /) -> None:
        """Removes several, in this order."""

    def close(self) -> None:
        """Lets go of files and connections."""
