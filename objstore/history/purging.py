"""Which deleted versions a gc puts beyond recall. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from objstore.history.collection import Collection, Version
from objstore.history.records import Source
from objstore.history.state import State
from objstore.host.clock import text_of


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


def purgeable(state: State, before: datetime | None = None) -> Iterator[Purgeable]:
    """The versions that can be restored and were deleted before some time, by the clock of whoever did it; all for None.

    Of those with one root only the newest can be restored.
    """
    limit = None if before is None else text_of(before)
    for collection in state.collections.values():
        for version in collection.versions:
            can_be_restored = version.deleted and not version.purged and collection.find_root(version.root) is version
            if can_be_restored and (limit is None or version.deleted_at < limit):
                yield Purgeable(collection, version)
