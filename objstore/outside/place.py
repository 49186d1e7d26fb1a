"""What one kind of outside address must offer."""

from collections.abc import Iterator
from typing import Protocol

from objstore.outside.seen import Seen
from objstore.outside.uri import Uri


class Place(Protocol):
    """Where objects of one scheme are. Thread-safe. Nothing is cached: every call sees what is there now.

    Errors: RemoteError when a server can't be reached or refuses, SourceFileError for a file that can't be read.
    """

    def find(self, uri: Uri) -> Seen | None:
        """The one object at an address; None when there is none, though there may be something below it."""

    def below(self, uri: Uri) -> Iterator[tuple[str, Seen]]:
        """All objects below an address, whole path components, by their names there; folders' markers are none. In no order."""

    def read(self, uri: Uri, recorded: Seen) -> Iterator[bytes]:
        """The bytes of what was recorded, all of one object, some MiB at a time.

        ReferenceMissingError when nothing is there, ReferenceChangedError when it is another one; that may show only in the end.
        """

    def close(self) -> None: ...
