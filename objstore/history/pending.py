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
    after: str = ""
    """The latest time of anything that was logged before it."""

    def added(self, now: str) -> str:
        """When it was added, as far as is known at `now`: not before what was logged before it, unless that is of a time still to come."""
        return self.after if self.created < self.after <= now else self.created


class Pending(Struct, frozen=True):
    """Parts under one id, for one collection (by name: it may not exist yet).

    `parts` is by writer; a writer's later part replaces its earlier one.
    """

    id: str
    collection: str
    type: str
    created: str
    parts: dict[str, Part]

    def __str__(self) -> str:
        return f"{self.id} ({len(self.parts):,} writer{'' if len(self.parts) == 1 else 's'})"

    def last_added(self, now: str) -> str:
        """When the last part was added, as far as is known at `now`."""
        return max(part.added(now) for part in self.parts.values())

    @staticmethod
    def with_part(before: "Pending | None", record: PartRecord, after: str = "") -> "Pending":
        """The pending version with one more part. A part for another collection or type has no effect."""
        part = Part(record.writer, Digest.from_hex(record.root), record.files, record.bytes, record.time, after)
        if before is None:
            return Pending(record.pending, record.collection, record.type, record.time, {record.writer: part})
        if (before.collection, before.type) != (record.collection, record.type):
            return before
        return Pending(before.id, before.collection, before.type, before.created, {**before.parts, record.writer: part})
