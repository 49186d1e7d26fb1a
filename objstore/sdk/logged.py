"""One logged version, and what can be done to it in the log."""

from collections.abc import Callable
from typing import Self

from objstore.errors import ConflictError, InvalidInputError, NotFoundError
from objstore.history.collection import Collection, Version
from objstore.history.names import parse_name
from objstore.history.records import Record, Source
from objstore.history.state import State
from objstore.history.versions import delete_version, log_version, logged_version
from objstore.host import clock
from objstore.repository.restoring import restore
from objstore.sdk.content import LoggedContent
from objstore.sdk.facts import Facts
from objstore.sdk.session import Session


class LoggedVersion:
    """A version, with its name and all that is said of it as they were when it was last read.

    A name isn't what it is known by. A clone's push may give a version another number, and a collection that both sides have made the
    id of the upstream's; somebody may rename it. So whatever asks the log first finds by the content what it is called there now.
    """

    def __init__(self, session: Session, collection: Collection, version: Version) -> None:
        """With the session's state locked."""
        self.session = session
        self.type = collection.type
        self.content = LoggedContent(session, version.root)
        self.facts = Facts(collection, version)
        self._note(collection, version)

    def _note(self, collection: Collection, version: Version) -> None:
        self.collection_id = collection.id
        self.collection = collection.name
        self.version = version
        clone = self.session.project.clone
        theirs = clone.mirror.collections.get(collection.id) if clone else None
        settled = len(theirs.versions) if theirs else 0
        self._provisional_at = clone.mirror.position if clone and version.number >= settled else None
        """The last entry of the upstream's log when it had this number, if a later one may change that."""

    @property
    def ref(self) -> str:
        return self.version.name

    @property
    def name(self) -> str:
        return f"{self.collection}:{self.ref}"

    def known(self) -> Self:
        """Itself, by its name of now if it waited to be pushed. Asks nobody else, and mostly nothing at all."""
        clone = self.session.project.clone
        if clone is not None and self._provisional_at is not None and clone.entry(self._provisional_at + 1) is not None:
            self.look()
        return self

    def look(self) -> bool:
        """Sees what it is called now. Whether it is there, deleted or not."""
        with self.session.state() as state:
            return self._find(state) is not None

    def source(self) -> tuple[Collection, Version]:
        """The version that this one was linked from, itself if it wasn't."""
        with self.session.state() as state:
            collection, version = self.now(state)
            source = version.source
            if source is not None and source.root == version.root.hex() and source.collection in state.collections:
                origin = state.collections[source.collection]
                found = origin.find_root(version.root)
                if found is not None:
                    return origin, found
            return collection, version

    def is_deleted(self) -> bool:
        """As of now."""
        return not self.look() or self.version.deleted

    def ttl(self) -> int | None:
        """In seconds; None for never. The project's default counts."""
        if self.facts.ttl != 0:
            return self.facts.ttl
        with self.session.state() as state:
            return state.default_ttl

    def as_source(self) -> Source:
        """As records name it."""
        return Source(collection=self.collection_id, root=self.version.root.hex())

    def as_used(self) -> Source:
        """The same for a record that is made now. ConflictError when there is nothing any more that it could mean."""
        if self._provisional_at is not None:
            with self.session.state() as state:
                self.now(state)
        return self.as_source()

    # -- changing ------------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Logs what the user has changed."""
        self._change(lambda state: self.facts.changes(state, *self._called(state)))

    def delete(self, *, delete_aliases: bool) -> None:
        self._change(lambda state: delete_version(state, *self._called(state), delete_aliases=delete_aliases))

    def restore(self) -> None:
        with self.session.alone() as project:
            project.refresh()
            restore(project, *self._called(project.state))
            self._reread(project.state)

    def link(self, target: str, aliases: tuple[str, ...]) -> "LoggedVersion":
        """Logs the same root in another collection of the project."""
        wanted = parse_name(target)
        if wanted.ref is not None:
            raise InvalidInputError(f"link to a collection, not to the version {target!r}; aliases are given apart")
        check_project(self.session, wanted.entity, wanted.project)

        def decide(state: State) -> list[Record]:
            source = state.version(*self._called(state))  # NotFoundError if it was deleted meanwhile
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
            return LoggedVersion(self.session, *logged_version(project.state, wanted.collection, self.version.root))

    def _change(self, decide: Callable[[State], list[Record]]) -> None:
        with self.session.committing() as project:
            project.commit(decide)
            self._reread(project.state)

    def _reread(self, state: State) -> None:
        self.facts = Facts(*self.now(state))

    def _find(self, state: State) -> tuple[Collection, Version] | None:
        collection = state.find_by_id(self.collection_id) or state.find_collection(self.collection)
        version = _same(collection, self.version) if collection is not None else None
        if collection is None or version is None:
            return None
        self._note(collection, version)
        return collection, version

    def now(self, state: State) -> tuple[Collection, Version]:
        """Collection and version by what they are called in a state. ConflictError when it has gone elsewhere."""
        found = self._find(state)
        if found is None:
            raise ConflictError(
                f"{self.name} isn't here any more since a push, or is in another collection; look where with repo.collections()"
            )
        return found

    def _called(self, state: State) -> tuple[str, str]:
        collection, version = self.now(state)
        return collection.name, version.name


def _same(collection: Collection, version: Version) -> Version | None:
    """What a version has become: what has its number, if that has its content too; else the version that a record would mean."""
    at_its_number = collection.versions[version.number : version.number + 1]
    if at_its_number and at_its_number[0].root == version.root:
        return at_its_number[0]
    return collection.find_root(version.root)


def check_project(session: Session, entity: str | None, project: str | None) -> None:
    """NotFoundError unless the name is one of this project's."""
    if project not in (None, session.name) or entity not in (None, session.entity):
        named = "/".join(part for part in (entity, project) if part)
        raise NotFoundError(f"this repository is {session.entity}/{session.name}, not {named}; open the other one for that")
