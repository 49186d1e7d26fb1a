"""What a writer may build on."""

from collections.abc import Collection, Sequence

from objstore.odb.database import Database
from objstore.odb.segment import Location
from objstore.values.key import Key


class Reliable:
    """A database less some packs: those that a gc may be about to delete."""

    def __init__(self, database: Database, without: Collection[str]) -> None:
        self._database = database
        self._without = without

    def known(self, keys: Sequence[Key], /) -> set[Key]:
        return set(self.locate(keys)) if self._without else self._database.known(keys)

    def locate(self, keys: Sequence[Key], /) -> dict[Key, Location]:
        return {key: place for key, place in self._database.locate(keys).items() if place.pack not in self._without}
