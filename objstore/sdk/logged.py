"""One logged version, and what can be done to it in the log."""

from collections.abc import Callable

from objstore.errors import ConflictError, InvalidInputError, NotFoundError
from objstore.history.collection import Collection, Version
from objstore.history.names import parse_name
from objstore.history.records import Record, Source
from objstore.history.state import State
from objstore.history.versions import delete_version, log_version
from objstore.host import clock
from objstore.repository.restoring import restore
from objstore.sdk.content import LoggedContent
from objstore.sdk.facts import Facts
from objstore.sdk.session import Session


class LoggedVersion:
    """A version as it was when read. The collection is known by its id, so renaming it changes nothing here but the name."""

    def __init__(self, session: Session, collection: Collection, version: Version) -> None:
        """With the session's state locked."""
        self.session = session
        self.collection_id = collection.id
        self.version = version
        self.content = LoggedContent(session, version.root)
        self._take(collection, version)

    def _take(self, collection: Collection, version: Version) -> None:
        self.collection = collection.name
        self.type = collection.type
        self.version = version
        self.facts = Facts(collection, version)

    @property
    def ref(self) -> str:
        return self.version.name

    @property
    def name(self) -> str:
        return f"{self.collection}:{self.ref}"

    def source(self) -> tuple[Collection, Version]:
        """The version that this one was linked from, itself if it wasn't."""
        with self.session.state() as state:
            collection, version, source = state.collections[self.collection_id], self.version, self.version.source
            if source is not None and source.root == version.root.hex() and source.collection in state.collections:
                origin = state.collections[source.collection]
                found = origin.find_root(version.root)
                if found is not None:
                    return origin, found
            return collection, version

    def is_deleted(self) -> bool:
        """As of now."""
        with self.session.state() as state:
            collection = state.collections.get(self.collection_id)
            return collection is None or collection.versions[self.version.number].deleted

    def ttl(self) -> int | None:
        """In seconds; None for never. The project's default counts."""
        if self.facts.ttl != 0:
            return self.facts.ttl
        with self.session.state() as state:
            return state.default_ttl

    def as_source(self) -> Source:
        return Source(collection=self.collection_id, root=self.version.root.hex())

    # -- changing ------------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Logs what the user has changed."""
        self._change(lambda state: self.facts.changes(state, self._name(state), self.ref))

    def delete(self, *, delete_aliases: bool) -> None:
        with self.session.committing() as project:
            project.commit(lambda state: delete_version(state, self._name(state), self.ref, delete_aliases=delete_aliases))

    def restore(self) -> None:
        with self.session.alone() as project:
            restore(project, self._name(project.state), self.ref)
            self._reread(project.state)

    def link(self, target: str, aliases: tuple[str, ...]) -> "LoggedVersion":
        """Logs the same root in another collection of the project."""
        wanted = parse_name(target)
        if wanted.ref is not None:
            raise InvalidInputError(f"link to a collection, not to the version {target!r}; aliases are given apart")
        check_project(self.session, wanted.entity, wanted.project)

        def decide(state: State) -> list[Record]:
            source = state.version(self._name(state), self.ref)  # NotFoundError if it was deleted meanwhile
            return log_version(
                state,
                wanted.collection,
                self.type,
                root=source.root,
                files=source.files,
                bytes=source.bytes,
                description=source.description,
                metadata=source.metadata,
                aliases=aliases,
                source=self.as_source(),
                now=clock.now(),
            )

        with self.session.committing() as project:
            project.commit(decide)
            collection = project.state.collection(wanted.collection)
            version = collection.find_root(self.version.root)
            if version is None:
                raise ConflictError(f"{wanted.collection} was changed by somebody else at the same moment; try again")
            return LoggedVersion(self.session, collection, version)

    def _change(self, decide: Callable[[State], list[Record]]) -> None:
        with self.session.committing() as project:
            project.commit(decide)
            self._reread(project.state)

    def _reread(self, state: State) -> None:
        collection = state.collections[self.collection_id]
        self._take(collection, collection.versions[self.version.number])

    def _name(self, state: State) -> str:
        return state.collections[self.collection_id].name


def check_project(session: Session, entity: str | None, project: str | None) -> None:
    """NotFoundError unless the name is one of this project's."""
    if project not in (None, session.name) or entity not in (None, session.entity):
        named = "/".join(part for part in (entity, project) if part)
        raise NotFoundError(f"this repository is {session.entity}/{session.name}, not {named}; open the other one for that")
