"""Which records make, delete and restore versions. Pure: each looks at a state and returns records, for `commit`."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from objstore.errors import ConflictError
from objstore.history.collection import LATEST, Collection, Version
from objstore.history.expiry import expires_at
from objstore.history.metadata import check_metadata
from objstore.history.names import check_alias, check_collection_name, check_tag, check_ttl, check_type, check_type_of
from objstore.history.records import (
    AliasRecord,
    CollectionRecord,
    DeleteRecord,
    Record,
    RestoreRecord,
    RunRef,
    SegmentsRecord,
    Source,
    TagRecord,
    TtlRecord,
    VersionRecord,
    new_id,
)
from objstore.history.state import State
from objstore.values.digest import Digest


def log_version(
    state: State,
    collection: str,
    type: str,
    *,
    root: Digest,
    files: int,
    bytes: int,
    description: str = "",
    metadata: Mapping[str, Any] | None = None,
    aliases: Iterable[str] = (),
    tags: Iterable[str] = (),
    segments: Iterable[str] = (),
    source: Source | None = None,
    run: RunRef | None = None,
    ttl: int | None = 0,
    now: datetime | None = None,
) -> list[Record]:
    """A version of `collection` with this root, `latest` and the given aliases on it, and the given tags.

    The collection is made if it is new. If a live version has the root already, that one gets the aliases and tags;
    its metadata, description and ttl stay; but one that has expired at `now` lives as long as if it were new. Nothing to
    append: an empty list, but in a clone, where others may have deleted the version already, it is always said that it was logged.
    Afterwards `logged_version` gives the version. InvalidInputError for names against the rules, and for another type than the
    collection has; then nothing changes.
    """
    check_collection_name(collection)
    check_type(type)
    check_ttl(ttl)
    aliases = dict.fromkeys(check_alias(alias) for alias in aliases)
    tags = dict.fromkeys(check_tag(tag) for tag in tags)
    checked = check_metadata({} if metadata is None else metadata)
    known = state.find_collection(collection)
    if known is not None:
        check_type_of(collection, known.type, type)
        version = known.find_root(root)
        if version is not None and not version.deleted:
            renewed = _renewed(state, known, version, ttl, now) if now is not None else []
            return [*_log_again(state, known, version, aliases, tags, segments), *renewed]
    new = [] if known else [CollectionRecord(collection=new_id(), name=collection, type=type)]
    id_ = known.id if known else new[0].collection
    made = VersionRecord(
        segments=tuple(segments),
        collection=id_,
        root=root.hex(),
        files=files,
        bytes=bytes,
        description=description,
        metadata=checked,
        source=source,
        run=run,
    )
    expiry = [] if ttl == 0 else [TtlRecord(collection=id_, root=root.hex(), seconds=ttl)]
    more = (alias for alias in aliases if alias != LATEST)
    return [*new, made, *expiry, *_aliases(id_, more, root), *_tags(id_, tags, root)]


def logged_version(state: State, collection: str, root: Digest) -> tuple[Collection, Version]:
    """What `log_version` has just made, or found. ConflictError when it is gone already."""
    found = state.collection(collection)
    version = found.find_root(root)
    if version is None:
        raise ConflictError(f"{collection} was changed by somebody else at the same moment; try again")
    return found, version


def _log_again(
    state: State, collection: Collection, version: Version, aliases: Iterable[str], tags: Iterable[str], segments: Iterable[str]
) -> list[Record]:
    """The content is there already: only its aliases and tags change, and what was stored for it counts.

    In a clone somebody may have deleted it upstream already, so there it is restored too, whatever its state is here.
    """
    named = tuple(segments)
    stored: list[Record] = [SegmentsRecord(segments=named)] if named else []
    if state.is_provisional:
        stored.append(RestoreRecord(collection=collection.id, root=version.root.hex()))
    moved = (alias for alias in dict.fromkeys([LATEST, *aliases]) if collection.aliases.get(alias) != version.number)
    added = (tag for tag in tags if tag not in version.tags)
    return [*stored, *_aliases(collection.id, moved, version.root), *_tags(collection.id, added, version.root)]


def _renewed(state: State, collection: Collection, version: Version, ttl: int | None, now: datetime) -> list[Record]:
    """What keeps an expired version from being deleted just after its content was logged again.

    A ttl counts from the creation, so what was lived already is added to it.
    """
    end, before = expires_at(state, collection, version, now), state.ttl(version)
    if end is None or before is None or end > now:
        return []
    wanted = before if ttl == 0 else ttl
    seconds = None if wanted is None else (now - end) // timedelta(seconds=1) + before + wanted
    return [TtlRecord(collection=collection.id, root=version.root.hex(), seconds=seconds)]


def delete_version(state: State, collection: str, ref: str, *, delete_aliases: bool = False) -> list[Record]:
    """Deletes a version softly. Refused with ConflictError while an alias, `latest` too, is on it, unless `delete_aliases`.

    Its aliases go, and don't come back when it is restored: after the newest version has been deleted there is no `latest`
    until the next one is logged or somebody sets it.
    """
    found = state.collection(collection)
    version = state.version(found, ref)
    aliases = found.aliases_of(version.number)
    if aliases and not delete_aliases:
        named = f"{collection}:{version.name} has the alias{'es' * (len(aliases) > 1)} {', '.join(aliases)}"
        raise ConflictError(f"{named}; remove them first, or delete it with its aliases (--aliases, delete_aliases=True)")
    return [DeleteRecord(collection=found.id, root=version.root.hex())]


def restore_version(state: State, collection: str, ref: str, now: datetime | None = None) -> list[Record]:
    """Undoes a deletion. ConflictError if the version isn't deleted, was purged by gc, or a later one has the same content.

    One whose ttl has passed at `now` never expires any more: else the next gc would take it again, for good.
    """
    found = state.collection(collection)
    version = state.version(found, ref, deleted=True)
    name = f"{collection}:{version.name}"
    if not version.deleted:
        raise ConflictError(f"{name} isn't deleted")
    newest = found.find_root(version.root)
    if newest is not None and newest.number != version.number:
        raise ConflictError(f"{name} has the content of {newest.name}, which is {_condition(newest)}; use that one")
    if version.purged:
        raise ConflictError(f"{name} was deleted, and its content collected by gc since; add it again from its source")
    restored = RestoreRecord(collection=found.id, root=version.root.hex())
    end = expires_at(state, found, version, now) if now is not None else None
    if now is None or end is None or end > now:
        return [restored]
    return [restored, TtlRecord(collection=found.id, root=version.root.hex(), seconds=None)]


def _condition(version: Version) -> str:
    if version.purged:
        return "gone for good"
    return "deleted too and can be restored" if version.deleted else "live"


def _aliases(collection_id: str, aliases: Iterable[str], root: Digest) -> list[Record]:
    return [AliasRecord(collection=collection_id, alias=alias, root=root.hex()) for alias in aliases]


def _tags(collection_id: str, tags: Iterable[str], root: Digest) -> list[Record]:
    return [TagRecord(collection=collection_id, root=root.hex(), tag=tag, present=True) for tag in tags]
