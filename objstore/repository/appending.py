"""Appending to the upstream's log."""

from collections.abc import Sequence

from objstore.history.clone import CloneLogbook
from objstore.history.encoding import encode_entry
from objstore.history.log import EntryTakenError
from objstore.history.records import Record, SegmentsRecord
from objstore.repository.connection import Connection


def append(clone: CloneLogbook, connection: Connection, segments: Sequence[str], records: Sequence[Record] = ()) -> bool:
    """Makes records, and segments that were sent, the upstream's next entry, and the mirror's; False when another writer was faster.

    The caller has compared the generation of what it sent with that of the mirror.
    """
    named = [SegmentsRecord(segments=tuple(segments))] if segments else []
    number, data = clone.mirror.position + 1, encode_entry([*named, *records])
    try:
        connection.log.append_bytes(number, data)
    except EntryTakenError:
        return False
    with clone.alone():
        clone.extend([(number, data)])
    connection.take_in(clone.mirror.segments)
    return True
