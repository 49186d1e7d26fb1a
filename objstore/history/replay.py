"""What becomes of pending records when they come after the upstream's log as it is now (spec/log.md). Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import replace

from objstore.history.collection import LATEST, Collection, Version
from objstore.history.log import Records
from objstore.history.records import (
    AliasRecord,
    CollectionRecord,
    DeleteRecord,
    DescribeRecord,
    MetadataRecord,
    PartFinishRecord,
    Record,
    RenameRecord,
    RestoreRecord,
    TagRecord,
    TtlRecord,
    UnknownRecord,
    VersionRecord,
)
from objstore.history.state import State
from objstore.history.unpushed import PendingEntry, PendingName
from objstore.values.digest import Digest

_MAX_NAME = 128


class Numbered(NamedTuple):
    """A version as it is called."""

    collection: str
    number: int

    def __str__(self) -> str:
        return f"{self.collection}:v{self.number}"


@dataclass(frozen=True)
class AliasConflict:
    """An alias that was moved on both sides."""

    collection_id: str
    collection: str
    alias: str
    ours: str
    theirs: str
    """Where it is on either side: `v3`, or `nowhere`."""

    def __str__(self) -> str:
        return f"{self.collection}:{self.alias} (yours: {self.ours}, upstream: {self.theirs})"


class Replay:
    """The upstream's history with pending entries after it, one by one."""

    def __init__(self, mirror: State, since: Iterable[tuple[int, Records]] = ()) -> None:
        """`since`: the entries of the mirror after the least `base` of what will be added."""
        self.state = mirror.copy()
        self.state.is_provisional = True
        self.base = mirror.position
        """The last entry of the upstream's that these follow."""
        self.outgoing: list[Record] = []
        """The records as the upstream shall have them."""
        self.versions: dict[str, Numbered] = {}
        """What each pending version has become, by its record's `write_id`."""
        self.same_as = self.state.former
        """Ids of collections here that are others upstream, and all that ever were."""
        self.renamed: dict[str, str] = {}
        """Collections that have another name now, old → new: theirs is taken by one of another type."""
        self.in_vain: list[str] = []
        """What has no effect any more, each as a sentence."""
        self.revived: dict[str, str] = {}
        """What was deleted upstream and comes back, since it was logged again here before that was known: by `write_id`, as sentences."""
        self.entries: dict[PendingName, None] = {}
        """The pending entries so far."""
        self.origin: dict[str, PendingName] = {}
        """Which of them a record is from, by its `write_id`."""
        self.landed: set[str] = set()
        """The write ids of pending records that the upstream has."""
        self._mirror = mirror
        self._upstream: dict[str, str] = {}
        """The records of the mirror that pending ones may be, by `write_id`: the ids of their collections."""
        self._added: set[str] = set()
        self._moves: dict[tuple[str, str], int] = {}
        """Custom aliases that were moved upstream, by collection and alias, with the last entry that did so."""
        self._own_moves: dict[tuple[str, str], int] = {}
        """Custom aliases that pending records move, with the least base of those records."""
        self._deletions: dict[tuple[str, str], tuple[int, str]] = {}
        """The versions, by collection and root, that were deleted upstream: by which entry and record last."""
        self._kept: set[tuple[str, str]] = set()
        """The versions that pending records make or restore."""
        self._idle: set[str] = set()
        """The write ids of records that change nothing as things are now."""
        for number, records in since:
            for record in records:
                self._upstream[record.write_id] = getattr(record, "collection", "")
                if isinstance(record, AliasRecord) and record.alias != LATEST:
                    self._moves[record.collection, record.alias] = number
                if isinstance(record, DeleteRecord):
                    self._deletions[record.collection, record.root] = number, record.write_id

    def add_all(self, entries: Iterable[PendingEntry]) -> None:
        """Has more entries follow, in this order."""
        added = list(entries)
        records = [(entry, record) for entry in added for record in entry.records]
        for _, record in records:
            self._note_landed(record)
        # The upstream was spared what no record that it got needs. It must not come after these now.
        landed = Counter(self._changed_by(record) for _, record in records if record.write_id in self.landed)
        self.entries.update(dict.fromkeys(entry.name for entry in added))
        for entry, record in records:
            self.origin[record.write_id] = entry.name
            changed = self._changed_by(record)
            if record.write_id in self.landed:
                landed[changed] -= 1
            elif record.write_id not in self._added and (changed is None or not landed[changed]):
                self._added.add(record.write_id)
                self._add(record, entry.name.base)

    def _changed_by(self, record: Record | UnknownRecord) -> tuple[str, str] | None:
        """Of what the last record counts: an alias, or whether a version is deleted; as its collection and the alias or root."""
        if isinstance(record, AliasRecord):
            return self.same_as.get(record.collection, record.collection), record.alias
        if isinstance(record, DeleteRecord | RestoreRecord):
            return self.same_as.get(record.collection, record.collection), record.root
        return None

    def conflicts(self) -> list[AliasConflict]:
        """The custom aliases that both sides have moved since the pending records were written, and not to the same version."""
        found = []
        for (id_, alias), base in self._own_moves.items():
            ours, theirs = self.state.collections[id_], self._mirror.collections.get(id_)
            if theirs is not None and self._moves.get((id_, alias), 0) > base and ours.aliases.get(alias) != theirs.aliases.get(alias):
                found.append(AliasConflict(id_, ours.name, alias, _place(ours, alias), _place(theirs, alias)))
        return found

    def is_kept(self, record: Record) -> bool:
        """Whether pending records see to it already that the version that this one restores is there."""
        return isinstance(record, RestoreRecord) and (record.collection, record.root) in self._kept

    def needed(self) -> list[Record]:
        """The outgoing records without those that change nothing, or are about versions that the upstream never knew and nobody needs.

        An alias that such a version took from another is taken there too.
        """
        gone = {
            (collection.id, version.root.hex())
            for collection in self.state.collections.values()
            for version in collection.versions[self._known_versions(collection.id) :]
            if _is_gone(collection, version) and not self._is_upstream(collection.id, version.root)
        }
        found: list[Record] = []
        placed: dict[tuple[str, str], bool] = {}  # whether an alias is on something, as far as these records have changed that
        for record in self.outgoing:
            is_of_gone = (getattr(record, "collection", ""), getattr(record, "root", "")) in gone
            if isinstance(record, AliasRecord):
                alias = record.collection, record.alias
                if is_of_gone and record.alias != LATEST and placed.get(alias, self._is_placed_upstream(*alias)):
                    record, is_of_gone = replace(record, root=None), False
                if not is_of_gone:
                    placed[alias] = record.root is not None
            if not is_of_gone and record.write_id not in self._idle:
                found.append(record)
        return found

    def _is_placed_upstream(self, id_: str, alias: str) -> bool:
        known = self._mirror.collections.get(id_)
        return known is not None and alias in known.aliases

    def _note_landed(self, record: Record | UnknownRecord) -> None:
        there = self._upstream.get(record.write_id)
        if there is None:
            return
        self.landed.add(record.write_id)
        ours = getattr(record, "collection", "")
        if there != ours:  # what ours has become; by now it may be called otherwise there
            self.same_as[ours] = there

    def _known_versions(self, id_: str) -> int:
        known = self._mirror.collections.get(id_)
        return len(known.versions) if known else 0

    def _is_upstream(self, id_: str, root: Digest) -> bool:
        known = self._mirror.collections.get(id_)
        found = known.find_root(root) if known is not None else None
        return found is not None and not found.purged

    def _add(self, record: Record | UnknownRecord, base: int) -> None:
        if isinstance(record, UnknownRecord):
            self._apply(record)  # so that nothing is written any more
            return
        record = with_collections(record, self.same_as)
        if isinstance(record, CollectionRecord):
            if record.collection in self.same_as:
                return
            other = self.state.find_collection(record.name)
            if other is not None and other.type != record.type:
                self.renamed[record.name] = _free_name(self.state, record)
                record = replace(record, name=self.renamed[record.name])
        again = self._revived(record) if isinstance(record, RestoreRecord) and self._was_deleted_since(record, base) else None
        if again is not None:
            for each in again:
                self.origin[each.write_id] = self.origin[record.write_id]
                self._put(each)
            return
        problem = _problem(self.state, record)
        if problem is not None:
            self.in_vain.append(problem)
            return
        if isinstance(record, AliasRecord) and record.alias != LATEST:
            self._own_moves.setdefault((record.collection, record.alias), base)
        self._put(record)

    def _was_deleted_since(self, record: RestoreRecord, base: int) -> bool:
        """Whether others have deleted a version that was live when this was written."""
        number, write_id = self._deletions.get((record.collection, record.root), (0, ""))
        return number > base and write_id not in self.landed

    def _revived(self, record: RestoreRecord) -> list[Record] | None:
        """What has a version that was deleted upstream since stay all the same; None when it is live."""
        collection = self.state.collections[record.collection]
        version = collection.find_root(Digest.from_hex(record.root))
        if version is None or not version.deleted:
            return None
        id_, root, time = record.collection, record.root, record.time
        told = f"{collection.name}:{version.name} was deleted upstream, but had been logged again here meanwhile: it is "
        if not version.purged:
            self.revived[record.write_id] = told + "restored"
            latest = [] if LATEST in collection.aliases else [AliasRecord(time=time, collection=id_, alias=LATEST, root=root)]
            return [record, *latest]
        self.revived[record.write_id] = told + f"v{len(collection.versions)} now"
        made = VersionRecord(
            write_id=record.write_id,
            time=time,
            collection=id_,
            root=root,
            files=version.files,
            bytes=version.bytes,
            description=version.description,
            metadata=version.metadata,
            source=version.source,
            run=version.run,
        )
        expiry = [] if version.ttl == 0 else [TtlRecord(time=time, collection=id_, root=root, seconds=version.ttl)]
        tags = (TagRecord(time=time, collection=id_, root=root, tag=tag, present=True) for tag in version.tags)
        return [made, *expiry, *tags]

    def _put(self, record: Record) -> None:
        """Has a record follow as it is."""
        self._note_kept(record)
        self._apply(record)
        self.outgoing.append(record)
        if isinstance(record, VersionRecord):
            collection = self.state.collections[record.collection]
            version = collection.find_root(Digest.from_hex(record.root))
            assert version is not None
            self.versions[record.write_id] = Numbered(collection.name, version.number)

    def _note_kept(self, record: Record) -> None:
        match record:
            case RestoreRecord():
                version = self.state.collections[record.collection].find_root(Digest.from_hex(record.root))
                if version is not None and not version.deleted:
                    self._idle.add(record.write_id)
                self._kept.add((record.collection, record.root))
            case VersionRecord():
                self._kept.add((record.collection, record.root))
            case DeleteRecord():
                self._kept.discard((record.collection, record.root))

    def _apply(self, record: Record | UnknownRecord) -> None:
        self.state.apply(self.state.position + 1, [record])


def with_collections(record: Record, same_as: Mapping[str, str]) -> Record:
    """A record about the collections that those it names are now."""
    if not same_as:
        return record
    if isinstance(record, VersionRecord) and record.source is not None and record.source.collection in same_as:
        record = replace(record, source=replace(record.source, collection=same_as[record.source.collection]))
    id_ = getattr(record, "collection", "")
    if id_ in same_as and not isinstance(record, CollectionRecord):
        record = replace(record, collection=same_as[id_])
    return record


def name_in_use(mirror: State, records: Iterable[Record], same_as: Mapping[str, str]) -> str | None:
    """The first name that these records would give to a collection though another has it: some that would free it aren't among them.

    `same_as`: ids of collections that are to become others.
    """
    state = mirror.copy()
    for record in records:
        if isinstance(record, CollectionRecord | RenameRecord):
            other = state.find_collection(record.name)
            if other is not None and other.id != same_as.get(record.collection, record.collection):
                return record.name
        state.apply(state.position + 1, [record])
    return None


_OF_COLLECTIONS = (VersionRecord, PartFinishRecord)
_OF_VERSIONS = (AliasRecord, TagRecord, DescribeRecord, MetadataRecord, TtlRecord, DeleteRecord, RestoreRecord)


def _problem(state: State, record: Record) -> str | None:
    """Why a record has no effect any more; None if it has."""
    if isinstance(record, RenameRecord):
        return _rename_problem(state, record)
    if not isinstance(record, _OF_COLLECTIONS + _OF_VERSIONS):
        return None
    collection = state.collections.get(record.collection)
    if collection is None:
        return f"a record of kind {record.__struct_config__.tag} is about a collection that isn't there any more"
    if isinstance(record, _OF_COLLECTIONS) or record.root is None:
        return None
    version = collection.find_root(Digest.from_hex(record.root))
    if version is None:
        return f"a record of kind {record.__struct_config__.tag} is about a version of {collection.name} that isn't there any more"
    return _version_problem(collection, version, record)


def _rename_problem(state: State, record: RenameRecord) -> str | None:
    collection = state.collections.get(record.collection)
    if collection is None:
        return f"a collection that is to be called {record.name} isn't there any more"
    other = state.find_collection(record.name)
    if other is None or other is collection:
        return None
    return f"{collection.name} isn't renamed to {record.name}: there is one of that name upstream"


def _version_problem(collection: Collection, version: Version, record: Record) -> str | None:
    name = f"{collection.name}:{version.name}"
    if isinstance(record, AliasRecord) and version.deleted:
        return f"{record.alias} isn't put on {name}: it was deleted upstream"
    if isinstance(record, RestoreRecord) and version.purged:
        return f"{name} isn't restored: its content was collected by gc upstream"
    return None


def _is_gone(collection: Collection, version: Version) -> bool:
    """Whether no version with that content is live."""
    newest = collection.find_root(version.root)
    return newest is not None and newest.deleted


def _place(collection: Collection, alias: str) -> str:
    number = collection.aliases.get(alias)
    return "nowhere" if number is None else f"v{number}"


def _free_name(state: State, record: CollectionRecord) -> str:
    ending = "-" + re.sub(r"[^A-Za-z0-9_.-]", "-", record.type)
    number = 1
    while True:
        suffix = (ending if number == 1 else f"{ending}-{number}")[-_MAX_NAME + 1 :]
        name = record.name[: _MAX_NAME - len(suffix)] + suffix
        if state.find_collection(name) is None:
            return name
        number += 1
