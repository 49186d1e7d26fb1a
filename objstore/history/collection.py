"""A collection and its versions, as the log has made them so far."""

from collections.abc import Container, Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from objstore.history.records import RunRef, Source
from objstore.values.digest import Digest

LATEST = "latest"


class Version(Struct, frozen=True, array_like=True, gc=False):
    """One immutable root in a collection, and the changeable facts about it. A value: a later fact makes another `Version`.

    `ttl` is in seconds from `created`; None is never, 0 the project's default. `purged`: deleted for good. `deleted_at`: when, as the
    clock of whoever did it said.
    """

    number: int
    root: Digest
    files: int
    bytes: int
    created: str
    description: str = ""
    metadata: dict[str, Any] = {}
    tags: tuple[str, ...] = ()
    ttl: int | None = 0
    deleted: bool = False
    purged: bool = False
    source: Source | None = None
    run: RunRef | None = None
    deleted_at: str = ""

    @property
    def name(self) -> str:
        return f"v{self.number}"


class Collection:
    """A named line of versions. Only the fold of the log changes it; not thread-safe while that goes on."""

    __slots__ = ("_newest", "aliases", "created", "description", "id", "name", "type", "versions")

    def __init__(self, id_: str, name: str, type_: str, description: str, created: str) -> None:
        self.id = id_
        self.name = name
        self.type = type_
        self.description = description
        self.created = created
        self.versions: list[Version] = []
        """The index is the version's number."""
        self.aliases: dict[str, int] = {}
        """Each on a live version."""
        self._newest: dict[Digest, int] = {}

    def live(self) -> Iterator[Version]:
        """The versions that aren't deleted, the oldest first."""
        return (version for version in self.versions if not version.deleted)

    @property
    def latest(self) -> Version | None:
        """The version that has the alias `latest`."""
        number = self.aliases.get(LATEST)
        return None if number is None else self.versions[number]

    def find_root(self, root: Digest) -> Version | None:
        """The version that a record with this root means: the live one, else the newest; None if there never was one."""
        # At most one version of a root is live, and a new one is only made when none is: the newest is live or none is.
        number = self._newest.get(root)
        return None if number is None else self.versions[number]

    def aliases_of(self, number: int) -> list[str]:
        """The aliases of a version, `latest` first."""
        return sorted((alias for alias, at in self.aliases.items() if at == number), key=lambda alias: (alias != LATEST, alias))

    def add(self, version: Version) -> None:
        """Takes the version of the next number."""
        assert version.number == len(self.versions)
        self.versions.append(version)
        self._newest[version.root] = version.number

    def change(self, version: Version, **facts: object) -> None:
        self.versions[version.number] = replace(version, **facts)

    def delete(self, version: Version, at: str) -> None:
        self.change(version, deleted=True, deleted_at=at)
        self.aliases = {alias: number for alias, number in self.aliases.items() if number != version.number}

    def purge(self, roots: Container[Digest]) -> None:
        """Versions with these roots that are deleted now can't be restored any more."""
        for version in self.versions:
            if version.deleted and version.root in roots:
                self.change(version, purged=True)

    def copy(self) -> "Collection":
        twin = Collection(self.id, self.name, self.type, self.description, self.created)
        twin.versions = list(self.versions)
        twin.aliases = dict(self.aliases)
        twin._newest = dict(self._newest)
        return twin
