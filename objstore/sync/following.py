"""Reading on in an upstream's log."""

import contextlib
from collections.abc import Iterator

from objstore.errors import CorruptionError
from objstore.history.encoding import decode_entry
from objstore.history.log import Log


def entries_after(log: Log, number: int) -> Iterator[tuple[int, bytes]]:
    """The entries of a log elsewhere after one, each checked; what arrives damaged is read again.

    CorruptionError when it is damaged there, UnsupportedFormatError when a newer program has written it.
    """
    for at, data in log.read_bytes_from(number + 1):
        with contextlib.suppress(CorruptionError):
            decode_entry(data)
            yield at, data
            continue
        yield at, _read_again(log, at)


def _read_again(log: Log, number: int) -> bytes:
    name = log.entry_name(number)
    for last in (False, True):
        data = log.blobs.read(name)
        try:
            decode_entry(data, f"{name} in {log.blobs.location}")
        except CorruptionError:
            if last:
                raise
        else:
            break
    return data


def common_entries(ours: Log, theirs: Log) -> int:
    """How many entries two logs begin with in common. Reads both up to there."""
    count = 0
    for (number, data), (_, other) in zip(ours.read_bytes_from(1), entries_after(theirs, 0), strict=False):
        if data != other:
            break
        count = number
    return count
