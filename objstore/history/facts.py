"""Which records change what is said about versions and collections. Pure: each looks at a state and returns records, for `commit`.

All raise NotFoundError for a collection or version that isn't there, InvalidInputError for a value against the rules, and
return nothing when all is so already.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from objstore.errors import ConflictError, InvalidInputError, NotFoundError
from objstore.history.metadata import check_metadata
from objstore.history.names import check_alias, check_collection_name, check_tag, check_ttl
from objstore.history.records import (
    AliasRecord,
    DescribeRecord,
    MetadataRecord,
    Record,
    RenameRecord,
    SettingsRecord,
    TagRecord,
    TtlRecord,
)
from objstore.history.state import State


def set_aliases(state: State, collection: str, ref: str, aliases: Iterable[str]) -> list[Record]:
    """Puts aliases on a version, taking them off others."""
    found = state.collection(collection)
    version = state.version(found, ref)
    wanted = dict.fromkeys(check_alias(alias) for alias in aliases)
    moved = [alias for alias in wanted if found.aliases.get(alias) != version.number]
    return [AliasRecord(collection=found.id, alias=alias, root=version.root.hex()) for alias in moved]


def remove_aliases(state: State, collection: str, aliases: Iterable[str]) -> list[Record]:
    """Removes aliases, `latest` too if it is named; NotFoundError if one of them isn't there."""
    found = state.collection(collection)
    wanted = dict.fromkeys(aliases)
    for alias in wanted:
        if alias not in found.aliases:
            there = ", ".join(sorted(found.aliases)) or "none"
            raise NotFoundError(f"{collection} has no alias {alias!r}; it has {there}")
    return [AliasRecord(collection=found.id, alias=alias, root=None) for alias in wanted]


def set_tags(state: State, collection: str, ref: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> list[Record]:
    """Adds and removes tags of a version. Removing one that it doesn't have changes nothing."""
    found = state.collection(collection)
    version = state.version(found, ref)
    added = dict.fromkeys(check_tag(tag) for tag in add)
    removed = dict.fromkeys(check_tag(tag) for tag in remove)
    both = added.keys() & removed.keys()
    if both:
        raise InvalidInputError(f"the tag {min(both)!r} can't be both added and removed")
    changes = [(tag, True) for tag in added if tag not in version.tags] + [(tag, False) for tag in removed if tag in version.tags]
    return [TagRecord(collection=found.id, root=version.root.hex(), tag=tag, present=present) for tag, present in changes]


def describe(state: State, collection: str, ref: str | None, description: str) -> list[Record]:
    """Sets the description of a version, or of the collection itself when `ref` is None."""
    found = state.collection(collection)
    version = None if ref is None else state.version(found, ref)
    if (found if version is None else version).description == description:
        return []
    return [DescribeRecord(collection=found.id, root=version.root.hex() if version else None, description=description)]


def set_metadata(state: State, collection: str, ref: str, metadata: Mapping[str, Any]) -> list[Record]:
    """Replaces all the metadata of a version."""
    found = state.collection(collection)
    version = state.version(found, ref)
    wanted = check_metadata(metadata)
    if repr(version.metadata) == repr(wanted):  # unlike ==, tells 1 from 1.0 and True
        return []
    return [MetadataRecord(collection=found.id, root=version.root.hex(), metadata=wanted)]


def set_ttl(state: State, collection: str, ref: str, seconds: int | None) -> list[Record]:
    """Sets how long after its creation a version expires: None for never, 0 for the project's default."""
    found = state.collection(collection)
    version = state.version(found, ref)
    if check_ttl(seconds) == version.ttl:
        return []
    return [TtlRecord(collection=found.id, root=version.root.hex(), seconds=seconds)]


def set_default_ttl(state: State, seconds: int | None) -> list[Record]:
    """Sets the project's default ttl; None for never."""
    if check_ttl(seconds) == 0:
        raise InvalidInputError("a default ttl of 0 seconds would expire every version at once; give None for never")
    return [] if seconds == state.default_ttl else [SettingsRecord(ttl=seconds)]


def rename(state: State, collection: str, name: str) -> list[Record]:
    """Gives a collection another name. ConflictError if that is in use."""
    found = state.collection(collection)
    check_collection_name(name)
    if name == collection:
        return []
    other = state.find_collection(name)
    if other is not None:
        raise ConflictError(f"can't rename {collection} to {name}: there is a {name} of type {other.type} already")
    return [RenameRecord(collection=found.id, name=name)]
