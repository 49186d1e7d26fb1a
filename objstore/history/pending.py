"""A pending version: parts that several writers have added and that one of them will merge."""

from msgspec import Struct

from objstore.history.records import PartRecord
from objstore.values.digest import Digest


class Part(Struct, frozen=True):
    """What one writer adds: the root of a manifest of its entries."""

    writer: str
    root: Digest
    files: int
    bytes: int
    created: str


class Pending(Struct, frozen=True):
    """Parts under one id, for one collection (by name: it may not exist yet).

    `parts` is by writer; a writer's later part replaces its earlier one.
    """

    id: str
    collection: str
    type: str
    created: str
    parts: dict[str, Part]

    @staticmethod
    def with_part(before: "Pending | None", record: PartRecord) -> "Pending":
        """The pending version with one more part. A part for another collection or type has no effect."""
        part = Part(record.writer, Digest.from_hex(record.root), record.files, record.bytes, record.time)
        if before is None:
            return Pending(record.pending, record.collection, record.type, record.time, {record.writer: part})
        if (before.collection, before.type) != (record.collection, record.type):
            return before
        return Pending(before.id, before.collection, before.type, before.created, {**before.parts, record.writer: part})
