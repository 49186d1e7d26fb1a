"""Appending to the upstream's log."""

from collections.abc import Sequence

from objstore.history.clone import CloneLogbook
from objstore.history.encoding import encode_entry
from objstore.history.fence import check_not_overtaken
from objstore.history.log import EntryTakenError
from objstore.history.records import Record, SegmentsRecord
from objstore.odb.draft import Draft
from objstore.repository.connection import Connection


def append(clone: CloneLogbook, connection: Connection, draft: Draft, segments: Sequence[str], records: Sequence[Record] = ()) -> bool:
    """Makes records, and segments that were sent, the upstream's next entry, and the mirror's; False when another writer was faster.

    `draft`: what was sent. OvertakenError when the mirror knows of a gc that the draft doesn't: then it has to be made anew.
    """
    check_not_overtaken(clone.mirror, draft.generation, segments, draft.packs)
    named = [SegmentsRecord(segments=tuple(segments))] if segments else []
    number, data = clone.mirror.position + 1, encode_entry([*named, *records])
    try:
        connection.log.append_bytes(number, data)
    except EntryTakenError:
        return False
    with clone.alone():
        clone.extend([(number, data)])
    connection.take_in(clone.mirror)
    return True
