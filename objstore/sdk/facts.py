"""What may be said anew about a logged version, and what a user has changed of it."""

import copy
from typing import Any

from objstore.history.collection import Collection, Version
from objstore.history.facts import describe, remove_aliases, set_aliases, set_metadata, set_tags, set_ttl
from objstore.history.records import Record
from objstore.history.state import State


class Facts:
    """The changeable facts of a version: as they were read, and as the user has them now."""

    def __init__(self, collection: Collection, version: Version) -> None:
        self.aliases = collection.aliases_of(version.number)
        self.tags = list(version.tags)
        self.description = version.description
        self.metadata: dict[str, Any] = copy.deepcopy(version.metadata)
        self.ttl = version.ttl
        self._aliases = tuple(self.aliases)
        self._version = version

    def changes(self, state: State, name: str, ref: str) -> list[Record]:
        """The records that make `state` so. Only what the user has changed: what others changed meanwhile stays.

        NotFoundError when the version is gone, InvalidInputError for a value against the rules.
        """
        collection, version = state.collection(name), state.version(name, ref)
        before = self._version
        records = set_aliases(state, name, ref, [alias for alias in self.aliases if alias not in self._aliases])
        gone = [alias for alias in self._aliases if alias not in self.aliases and collection.aliases.get(alias) == version.number]
        records += remove_aliases(state, name, gone)
        added = [tag for tag in self.tags if tag not in before.tags]
        records += set_tags(state, name, ref, add=added, remove=[tag for tag in before.tags if tag not in self.tags])
        if self.description != before.description:
            records += describe(state, name, ref, self.description)
        if repr(self.metadata) != repr(before.metadata):
            records += set_metadata(state, name, ref, self.metadata)
        if self.ttl != before.ttl:
            records += set_ttl(state, name, ref, self.ttl)
        return records
