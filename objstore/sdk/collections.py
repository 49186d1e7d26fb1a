"""Collections of versions, as scripts have them in their hands."""

from objstore.errors import ConflictError
from objstore.history.collection import Collection
from objstore.history.facts import describe, rename
from objstore.history.records import Record
from objstore.history.state import State
from objstore.history.versions import delete_version
from objstore.sdk.artifact import Artifact
from objstore.sdk.lists import Artifacts
from objstore.sdk.logged import LoggedVersion
from objstore.sdk.session import Session


class ArtifactCollection:
    """A collection of versions, as it was when this was asked for. `name` and `description` can be set, and are kept by `save()`.

    It stays the same collection whatever it is called by then, also where a push has made it one with the upstream's of that name.
    """

    def __init__(self, session: Session, collection: Collection) -> None:
        """With the session's state locked."""
        self._session = session
        self.name = collection.name
        self.type = collection.type
        self.description = collection.description
        self.created_at = collection.created
        self.aliases = sorted(collection.aliases)
        self.version_count = sum(1 for _ in collection.live())
        """How many versions aren't deleted."""
        self._id = collection.id
        self._before = collection.name, collection.description

    def save(self) -> None:
        """Logs a new name or description. ConflictError where another collection has the name."""

        def decide(state: State) -> list[Record]:
            name, description = self._now(state).name, self._before[1]
            described = describe(state, name, None, self.description) if self.description != description else []
            return [*described, *(rename(state, name, self.name) if self.name != self._before[0] else [])]

        self._session.commit(decide)
        self._before = self.name, self.description

    def delete(self) -> None:
        """Deletes all its versions, with their aliases, all or none. Each can be restored until the next gc."""

        def decide(state: State) -> list[Record]:
            collection = self._now(state)
            return [
                record
                for version in collection.live()
                for record in delete_version(state, collection.name, version.name, delete_aliases=True)
            ]

        self._session.commit(decide)

    def artifacts(self, per_page: int | None = None) -> Artifacts:
        """Its versions that aren't deleted, the newest first."""
        with self._session.state() as state:
            return versions_of(self._session, self._now(state))

    versions = artifacts

    def _now(self, state: State) -> Collection:
        name = self._before[0]
        found = state.find_by_id(self._id) or state.find_collection(name)
        if found is None:
            raise ConflictError(f"{name} isn't here any more since a push, or has another name; look with repo.collections()")
        self._id = found.id
        return found

    def __repr__(self) -> str:
        return f"<ArtifactCollection {self.name} ({self.type})>"


def versions_of(session: Session, collection: Collection) -> Artifacts:
    """Those that aren't deleted, the newest first. With the session's state locked."""
    versions = reversed(list(collection.live()))
    return Artifacts(Artifact._of(LoggedVersion(session, collection, version)) for version in versions)
