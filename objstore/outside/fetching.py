"""The bytes of what was recorded at an outside address."""

from collections.abc import Iterator

from objstore.outside.asking import changed
from objstore.outside.opening import Outside
from objstore.outside.seen import Seen
from objstore.outside.uri import Uri


def fetch(outside: Outside, recorded: Seen) -> Iterator[bytes]:
    """All bytes, some MiB at a time, in the version that was recorded where there is one.

    Checked against what was recorded; without size and marks, whatever is there now is taken. Only when the iterator ends without an
    error are the bytes right. Ends at the first byte too many. ReferenceMissingError, ReferenceChangedError, RemoteError.
    """
    uri = Uri.parse(recorded.uri)
    count = 0
    for block in outside.place(uri).read(uri, recorded):
        count += len(block)
        if recorded.size is not None and count > recorded.size:
            raise changed(recorded.uri, f"it has more than {recorded.size:,} bytes")
        yield block
    if recorded.size not in (None, count):
        raise changed(recorded.uri, f"it has {count:,} bytes, not {recorded.size:,}")
