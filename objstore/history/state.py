"""What the log `main` adds up to (spec/log.md says what each record does)."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Self

from objstore.errors import InvalidInputError, NotFoundError
from objstore.history import snapshot
from objstore.history.collection import LATEST, Collection, Version
from objstore.history.effects import apply_to_collection
from objstore.history.pending import Pending
from objstore.history.records import (
    AliasRecord,
    CollectionRecord,
    DeleteRecord,
    DescribeRecord,
    GcRecord,
    GcVerdictRecord,
    MetadataRecord,
    PartAbandonRecord,
    PartFinishRecord,
    PartRecord,
    Record,
    RenameRecord,
    RestoreRecord,
    SegmentsRecord,
    SettingsRecord,
    TagRecord,
    TtlRecord,
    UnknownRecord,
    VersionRecord,
)
from objstore.history.resolve import resolve
from objstore.history.snapshot import CollectionSnapshot, Gc, Snapshot
from objstore.values.digest import Digest


class State:
    """The fold of `main` up to `position`. Packs and segments are named as in records, in hexadecimal; roots are digests.

    Readers treat all of it as read-only; `apply` is the only change. Not thread-safe while it runs.
    """

    def __init__(self) -> None:
        self.position = 0
        """The number of the last entry folded in."""
        self.generation = 0
        """The number of the last entry that holds a `gc`."""
        self.default_ttl: int | None = None
        """For versions whose ttl is 0: seconds, or None for never."""
        self.collections: dict[str, Collection] = {}
        """By id, in the order of their creation."""
        self.former: dict[str, str] = {}
        """Other ids that collections had where they were made at the same time, and what these have become."""
        self.dead_packs: set[str] = set()
        """Packs that a verdict named as deleted: dead for ever."""
        self.gcs: dict[int, Gc] = {}
        """Every `gc`, by its entry's number."""
        self.pendings: dict[str, Pending] = {}
        self.noted = ""
        """The latest time of any record so far, by whatever clock."""
        self.unknown: set[str] = set()
        """The kinds of record that this program doesn't know; while there are any it must not write."""
        self.is_provisional = False
        """Whether what others have logged already may come in before the last records, as in a clone."""
        self._names: dict[str, Collection] = {}
        self._segments: dict[str, None] = {}
        self._superseded: set[str] = set()

    # -- what there is -------------------------------------------------------------------------------------------------

    @property
    def segments(self) -> list[str]:
        """The index segments that count, in the order in which they were named."""
        return list(self._segments)

    def has_put_away(self, segments: Iterable[str], packs: Iterable[str]) -> bool:
        """Whether any of these doesn't count any more, and wouldn't if it were named again."""
        return not self._superseded.isdisjoint(segments) or not self.dead_packs.isdisjoint(packs)

    @property
    def open_gcs(self) -> list[Gc]:
        """Every `gc` that has no verdict yet, the oldest first."""
        return [gc for gc in self.gcs.values() if not gc.verdict]

    @property
    def gc_stage(self) -> tuple[int, ...]:
        """What changes whenever a gc begins or comes to its verdict."""
        return self.generation, *(gc.verdict for gc in self.gcs.values())

    @property
    def condemned(self) -> set[str]:
        """The packs of every `gc` that has no verdict yet: readers read them, writers don't build on them."""
        return {pack for gc in self.open_gcs for pack in gc.condemned}

    def collection(self, name: str) -> Collection:
        """The collection of that name; NotFoundError lists names like it."""
        found = self._names.get(name)
        if found is None:
            near = difflib.get_close_matches(name, self._names, n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else _listed(sorted(self._names))
            raise NotFoundError(f"there is no {name!r}; {hint}")
        return found

    def find_collection(self, name: str) -> Collection | None:
        return self._names.get(name)

    def find_by_id(self, id_: str) -> Collection | None:
        """The collection that has an id, or had it where it was made."""
        return self.collections.get(self.former.get(id_, id_))

    def ids(self, id_: str) -> list[str]:
        """All ids that the collection with this one has or had, that of now first."""
        now = self.former.get(id_, id_)
        return [now, *(former for former, became in self.former.items() if became == now)]

    def version(self, collection: Collection | str, ref: str = LATEST, *, deleted: bool = False) -> Version:
        """The version that an alias, `v3` or `@<digest prefix>` means; with `deleted`, also one that was deleted.

        NotFoundError says what there is, or how to bring a deleted version back; InvalidInputError for an ambiguous prefix.
        """
        if isinstance(collection, str):
            collection = self.collection(collection)
        return resolve(collection, ref, deleted)

    def ttl(self, version: Version) -> int | None:
        """Seconds from its creation after which a version expires; None for never."""
        return self.default_ttl if version.ttl == 0 else version.ttl

    def with_root(self, root: Digest) -> list[Version]:
        """Of each collection that has had a version of this root the newest one."""
        found = (collection.find_root(root) for collection in self.collections.values())
        return [version for version in found if version is not None]

    def is_live(self, root: Digest) -> bool:
        """Whether a version that isn't deleted has this root."""
        return not all(version.deleted for version in self.with_root(root))

    def roots(self, *, deleted: bool = False) -> Iterator[Digest]:
        """All that must be kept: the roots of live versions and of parts. May repeat. With `deleted`, also of what can be restored."""
        for collection in self.collections.values():
            yield from (version.root for version in collection.versions if not (version.purged if deleted else version.deleted))
        for pending in self.pendings.values():
            yield from (part.root for part in pending.parts.values())

    # -- folding -------------------------------------------------------------------------------------------------------

    def apply(self, number: int, records: Iterable[Record | UnknownRecord]) -> None:
        """Folds in the entry that follows `position`."""
        if number != self.position + 1:
            raise InvalidInputError(f"log entry {number} doesn't follow entry {self.position}")
        for record in records:
            for segment in record.segments:
                if segment not in self._superseded:
                    self._segments.setdefault(segment)
            if isinstance(record, UnknownRecord):
                self.unknown.add(record.kind)
                if record.known is not None:
                    self._apply(number, record.known)
            else:
                self._apply(number, record)
        self.position = number

    def _apply(self, number: int, record: Record) -> None:
        match record:
            case CollectionRecord(collection=id_, name=name):
                other = self._names.get(name)
                if id_ in self.collections or id_ in self.former:
                    pass
                elif other is None:
                    self.collections[id_] = self._names[name] = Collection(id_, name, record.type, record.description, record.time)
                elif other.type == record.type:
                    self.former[id_] = other.id
            case PartRecord(pending=id_):
                self.pendings[id_] = Pending.with_part(self.pendings.get(id_), record, self.noted)
            case PartFinishRecord(pending=id_) | PartAbandonRecord(pending=id_):
                self.pendings.pop(id_, None)
            case SettingsRecord():
                self.default_ttl = record.ttl
            case SegmentsRecord():
                pass
            case GcRecord():
                before = self.gcs.get(number)
                self.gcs[number] = Gc(number, frozenset(record.condemned) | (before.condemned if before else frozenset()))
                self.generation = number
                self._purge(record)
            case GcVerdictRecord():
                self._apply_verdict(number, record)
            case RenameRecord(collection=id_, name=name):
                collection = self.collections.get(id_)
                if collection is not None and name not in self._names:
                    del self._names[collection.name]
                    collection.name = name
                    self._names[name] = collection
            case (
                VersionRecord(collection=id_)
                | AliasRecord(collection=id_)
                | TagRecord(collection=id_)
                | DescribeRecord(collection=id_)
                | MetadataRecord(collection=id_)
                | TtlRecord(collection=id_)
                | DeleteRecord(collection=id_)
                | RestoreRecord(collection=id_)
            ):
                collection = self.collections.get(id_)
                if collection is not None:
                    apply_to_collection(collection, record)
            case _:
                self.unknown.add(str(record.__struct_config__.tag))
        self.noted = max(self.noted, record.time)

    def _apply_verdict(self, number: int, record: GcVerdictRecord) -> None:
        gc = self.gcs.get(record.gc)
        if gc is None or gc.verdict:
            return
        self.gcs[gc.number] = Gc(gc.number, gc.condemned, number)
        self.dead_packs.update(record.deleted)
        self._superseded.update(record.superseded)
        for segment in record.superseded:
            self._segments.pop(segment, None)
        for segment in record.segments:
            # A segment's name follows from what it lists, so what takes the place of others may be one that was replaced before.
            self._superseded.discard(segment)
            self._segments.setdefault(segment)

    def _purge(self, record: GcRecord) -> None:
        roots: dict[str, set[Digest]] = {}
        for version in record.purged:
            roots.setdefault(version.collection, set()).add(Digest.from_hex(version.root))
        for id_ in roots.keys() & self.collections.keys():
            self.collections[id_].purge(roots[id_])

    # -- a copy in a cache, a copy to go on from -----------------------------------------------------------------------

    def encode(self) -> bytes:
        """For a cache. Gives the same bytes for the same state only within one program version."""
        return snapshot.encode(
            Snapshot(
                position=self.position,
                generation=self.generation,
                default_ttl=self.default_ttl,
                collections=[
                    CollectionSnapshot(c.id, c.name, c.type, c.description, c.created, c.versions, c.aliases)
                    for c in self.collections.values()
                ],
                segments=self.segments,
                superseded=self._superseded,
                dead_packs=self.dead_packs,
                gcs=list(self.gcs.values()),
                pendings=list(self.pendings.values()),
                unknown=self.unknown,
                noted=self.noted,
                former=self.former,
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """What `encode` gave; CorruptionError for anything else, and for what another version of the program gave: fold again."""
        stored = snapshot.decode(data)
        state = cls()
        state.position, state.generation, state.default_ttl = stored.position, stored.generation, stored.default_ttl
        for kept in stored.collections:
            collection = Collection(kept.id, kept.name, kept.type, kept.description, kept.created)
            for version in kept.versions:
                collection.add(version)
            collection.aliases = kept.aliases
            state.collections[collection.id] = state._names[collection.name] = collection
        state._segments = dict.fromkeys(stored.segments)
        state._superseded, state.dead_packs, state.unknown = stored.superseded, stored.dead_packs, stored.unknown
        state.gcs = {gc.number: gc for gc in stored.gcs}
        state.pendings = {pending.id: pending for pending in stored.pendings}
        state.noted, state.former = stored.noted, stored.former
        return state

    def followed_by(self, records: Sequence[Record]) -> Self:
        """What this would be after an entry with these records; itself when there are none."""
        if not records:
            return self
        after = self.copy()
        after.apply(after.position + 1, records)
        return after

    def copy(self) -> Self:
        """A state of its own, to fold provisional records into."""
        twin = type(self)()
        twin.position, twin.generation, twin.default_ttl = self.position, self.generation, self.default_ttl
        twin.collections = {id_: collection.copy() for id_, collection in self.collections.items()}
        twin._names = {collection.name: collection for collection in twin.collections.values()}
        twin.former = dict(self.former)
        twin._segments, twin._superseded, twin.dead_packs = dict(self._segments), set(self._superseded), set(self.dead_packs)
        twin.gcs, twin.pendings, twin.unknown = dict(self.gcs), dict(self.pendings), set(self.unknown)
        twin.noted, twin.is_provisional = self.noted, self.is_provisional
        return twin


def _listed(names: list[str]) -> str:
    if not names:
        return "nothing has been logged here yet"
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"there are {', '.join(names[:10])}{more}"
