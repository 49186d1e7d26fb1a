"""Which version of a collection a reference means; when there is none, what there is instead."""

from collections.abc import Sequence

from objstore.errors import InvalidInputError, NotFoundError
from objstore.history.collection import Collection, Version
from objstore.history.names import version_number

_SHOWN = 10


def resolve(collection: Collection, ref: str, deleted: bool) -> Version:
    """The version that an alias, `v3` or `@<digest prefix>` means; with `deleted`, also one that was deleted.

    NotFoundError says what there is, or how to bring a deleted version back; InvalidInputError for an ambiguous prefix.
    """
    if ref.startswith("@"):
        return _by_prefix(collection, ref[1:].lower(), deleted)
    number = version_number(ref)
    if number is None:
        number = collection.aliases.get(ref)
    if number is None or number >= len(collection.versions):
        raise NotFoundError(f"{collection.name} has no {_kind(ref)} {ref}; {_what_there_is(collection)}")
    return _usable(collection, collection.versions[number], deleted)


def _by_prefix(collection: Collection, prefix: str, deleted: bool) -> Version:
    found = [version for version in collection.versions if prefix and version.root.hex().startswith(prefix)]
    choice = [version for version in found if not version.deleted] or found[-1:]
    if not choice:
        raise NotFoundError(f"{collection.name} has no version whose digest begins with {prefix}; {_what_there_is(collection)}")
    if len({version.root for version in choice}) > 1:
        shown = ", ".join(f"{version.name} ({version.root.short})" for version in choice[:_SHOWN])
        raise InvalidInputError(f"{collection.name}@{prefix} is ambiguous: {shown}; give more digits")
    return _usable(collection, choice[-1], deleted)


def _usable(collection: Collection, version: Version, deleted: bool) -> Version:
    if version.deleted and not deleted:
        name = f"{collection.name}:{version.name}"
        if version.purged:
            raise NotFoundError(f"{name} was deleted, and its content collected by gc since")
        raise NotFoundError(f"{name} was deleted; `objstore restore {name}` brings it back")
    return version


def _kind(ref: str) -> str:
    return "alias" if version_number(ref) is None else "version"


def _what_there_is(collection: Collection) -> str:
    if not collection.versions:
        return "it has no versions yet"
    live = [version.number for version in collection.live()]
    if not live:
        restorable = [version.name for version in collection.versions if version.deleted and not version.purged]
        back = f"; `objstore restore {collection.name}:{restorable[-1]}` brings {restorable[-1]} back" if restorable else ""
        return f"all its versions were deleted{back}"
    aliases = sorted(collection.aliases)
    more = f" and {len(aliases) - _SHOWN} more" if len(aliases) > _SHOWN else ""
    return f"it has {_ranges(live)}" + (f" and the aliases {', '.join(aliases[:_SHOWN])}{more}" if aliases else " and no aliases")


def _ranges(numbers: Sequence[int]) -> str:
    """`v0, v2 to v5`, of ascending numbers; the last few."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    shown = ["…"] * (len(spans) > _SHOWN) + [f"v{first}" if first == last else f"v{first} to v{last}" for first, last in spans[-_SHOWN:]]
    return ", ".join(shown)
