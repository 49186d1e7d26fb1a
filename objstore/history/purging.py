"""Which deleted versions a gc puts beyond recall. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from objstore.history.collection import Collection, Version
from objstore.history.records import Source
from objstore.history.state import State


@dataclass(frozen=True)
class Purgeable:
    """A version that is deleted, but can be restored until a gc says otherwise."""

    collection: Collection
    version: Version

    def __str__(self) -> str:
        return f"{self.collection.name}:{self.version.name}"

    @property
    def source(self) -> Source:
        return Source(collection=self.collection.id, root=self.version.root.hex())


def purgeable(state: State) -> Iterator[Purgeable]:
    """The versions that can be restored. Of those of one root only the newest can."""
    for collection in state.collections.values():
        for version in collection.versions:
            if version.deleted and not version.purged and collection.find_root(version.root) is version:
                yield Purgeable(collection, version)
