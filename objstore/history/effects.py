"""What a record does to the collection that it is about (spec/log.md)."""

from objstore.history.collection import LATEST, Collection, Version
from objstore.history.records import (
    AliasRecord,
    DeleteRecord,
    DescribeRecord,
    MetadataRecord,
    RestoreRecord,
    TagRecord,
    TtlRecord,
    VersionRecord,
)
from objstore.values.digest import Digest

CollectionFact = AliasRecord | TagRecord | DescribeRecord | MetadataRecord | TtlRecord | DeleteRecord | RestoreRecord


def apply_to_collection(collection: Collection, record: VersionRecord | CollectionFact) -> None:
    """The effect of a record; none if its version isn't there."""
    match record:
        case VersionRecord():
            _apply_version(collection, record)
        case DescribeRecord(root=None):
            collection.description = record.description
        case AliasRecord(root=None):
            collection.aliases.pop(record.alias, None)
        case _:
            assert record.root is not None
            version = collection.find_root(Digest.from_hex(record.root))
            if version is not None:
                _apply_fact(collection, version, record)


def _apply_version(collection: Collection, record: VersionRecord) -> None:
    root = Digest.from_hex(record.root)
    version = collection.find_root(root)
    if version is None or version.deleted:
        version = Version(
            number=len(collection.versions),
            root=root,
            files=record.files,
            bytes=record.bytes,
            created=record.time,
            description=record.description,
            metadata=record.metadata,
            source=record.source,
            run=record.run,
        )
        collection.add(version)
    collection.aliases[LATEST] = version.number


def _apply_fact(collection: Collection, version: Version, record: CollectionFact) -> None:
    match record:
        case AliasRecord():
            if not version.deleted:
                collection.aliases[record.alias] = version.number
        case TagRecord():
            tags = {*version.tags, record.tag} if record.present else {*version.tags} - {record.tag}
            collection.change(version, tags=tuple(sorted(tags)))
        case DescribeRecord():
            collection.change(version, description=record.description)
        case MetadataRecord():
            collection.change(version, metadata=record.metadata)
        case TtlRecord():
            collection.change(version, ttl=record.seconds)
        case DeleteRecord():
            if not version.deleted:
                collection.delete(version, record.time)
        case RestoreRecord():
            if version.deleted and not version.purged:
                collection.change(version, deleted=False, deleted_at="")
