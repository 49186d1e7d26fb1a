"""A version in the making, then a version: what scripts hold in their hands."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from objstore.comparison.facts import Facts
from objstore.errors import InvalidInputError, InvalidTypeError
from objstore.history.collection import LATEST
from objstore.history.metadata import check_metadata
from objstore.history.names import Name, check_collection_name, check_type, parse_name
from objstore.history.records import RunRef, Source
from objstore.history.runs import Runs, VersionRef
from objstore.repository.logging import Labels
from objstore.sdk import logging
from objstore.sdk.arguments import checked_aliases, checked_tags, text
from objstore.sdk.building import Building
from objstore.sdk.content import DraftContent
from objstore.sdk.logged import LoggedVersion
from objstore.sdk.logqueue import Handover, settle
from objstore.sdk.session import Session
from objstore.sdk.ttl import ArtifactTTL, to_seconds, to_timedelta
from objstore.sdk.workspace import Workspace
from objstore.values import html
from objstore.values.digest import Digest
from objstore.values.paths import canonical
from objstore.values.sizes import size

if TYPE_CHECKING:
    from objstore.repository.blaming import Blame
    from objstore.sdk.recorded import RecordedRun

CODE = "code"


class Artifact(Building):
    """A draft until it is logged; from then on a version of a collection, and always of the same content.

    A draft takes content in (see Building); `repo.log(artifact)` makes it a version. Of a version, description, metadata, aliases, tags
    and ttl can be set, and are kept by `save()`. What only a version has raises ArtifactNotLoggedError before. Drafts that are never
    logged leave nothing behind.

    A version's number is for people: a clone's push may change it, and the name is then the new one. What is said about a version, the
    name of its collection too, is as it was when this was made or last saved, deleted or restored; every call acts on it as it is by then.
    """

    def __init__(
        self,
        name: str | None = None,
        type: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        incremental: bool = False,
        use_as: str | None = None,
    ) -> None:
        """ValueError or TypeError for a name, type or metadata against the rules. `name` may be left out for the type `code`.

        `incremental`: begin with what the collection's latest version holds. `use_as` does nothing.
        """
        if type is None:
            raise InvalidTypeError("an artifact needs a type, like 'dataset' or 'model'")
        check_type(type)
        if name is None and type != CODE:
            raise InvalidInputError("an artifact needs a name; only one of type 'code' may go without")
        if name is not None:
            check_collection_name(name)
        super().__init__(name, None, None, incremental=incremental)
        self._draft_type = type
        self._draft_description = text(description, "description")
        self._draft_metadata: dict[str, Any] = check_metadata(metadata or {})
        self._draft_ttl: int | None = 0
        self._draft_source: LoggedVersion | None = None

    @classmethod
    def _named(cls, workspace: Workspace, name: Name) -> Self:
        """The version that a name means; a bare one means `latest`. NotFoundError lists near names."""
        return cls._in(workspace.of_name(name), name)

    @classmethod
    def _in(cls, session: Session, name: Name) -> Self:
        """The same in one project, whichever the name says."""
        with session.state() as state:
            collection = state.collection(name.collection)
            return cls._of(LoggedVersion(session, collection, state.version(collection, name.ref or LATEST)))

    def _known(self) -> LoggedVersion | None:
        """The version, if it is one, once it is clear: what is said while it is being logged isn't lost."""
        job = self._job
        if job is not None:
            job.settled()
        return self._logged

    @classmethod
    def _of(cls, logged: LoggedVersion) -> Self:
        artifact = cls(logged.collection, logged.type)
        artifact._logged = logged
        return artifact

    # -- what is said about it -----------------------------------------------------------------------------------------

    @property
    def name(self) -> str | None:
        """`my-dataset`, once logged `my-dataset:v3`."""
        if self._logged is not None:
            self._logged.known()
        return self._last_name

    @property
    def _last_name(self) -> str | None:
        """The name as it was last known. Asks nobody, waits for nothing."""
        return self._logged.name if self._logged else self._draft_name

    @property
    def id(self) -> str | None:
        """What a version is known by, whatever its name: the ids of project and collection, the content's digest. None for a draft."""
        if self._logged is None:
            return None
        return f"{self._logged.session.project.settings.project}-{self._logged.known().collection_id}-{self.digest}"

    @property
    def state(self) -> str:
        """`PENDING` until it is logged, then `COMMITTED`, and `DELETED` after `delete`."""
        return "PENDING" if self._logged is None else "DELETED" if self._logged.is_deleted() else "COMMITTED"

    @property
    def entity(self) -> str:
        return self._version("entity").session.entity

    @property
    def project(self) -> str:
        return self._version("project").session.name

    @property
    def type(self) -> str:
        return self._logged.type if self._logged else self._draft_type

    @property
    def description(self) -> str:
        logged = self._known()
        return logged.facts.description if logged else self._draft_description

    @description.setter
    def description(self, description: str | None) -> None:
        checked = text(description, "description")
        logged = self._known()
        if logged:
            logged.facts.description = checked
        else:
            self._draft_description = checked

    @property
    def metadata(self) -> dict[str, Any]:
        """A JSON object; may be changed in place."""
        logged = self._known()
        return logged.facts.metadata if logged else self._draft_metadata

    @metadata.setter
    def metadata(self, metadata: Mapping[str, Any]) -> None:
        checked = check_metadata(metadata)
        logged = self._known()
        if logged:
            logged.facts.metadata = checked
        else:
            self._draft_metadata = checked

    @property
    def ttl(self) -> timedelta | None:
        """How long after its creation it expires; None for never. Set ArtifactTTL.INHERIT for the project's default."""
        if self._known() is None and self._draft_ttl != 0:
            return to_timedelta(self._draft_ttl)
        return to_timedelta(self._version("ttl of its own").ttl())

    @ttl.setter
    def ttl(self, ttl: timedelta | ArtifactTTL | None) -> None:
        seconds = to_seconds(ttl)
        logged = self._known()
        if logged:
            logged.facts.ttl = seconds
        else:
            self._draft_ttl = seconds

    def _facts(self) -> Facts:
        labels = (tuple(self.tags), tuple(self.aliases)) if self._known() else ((), ())
        return Facts(self.description, self.metadata, *labels)

    @property
    def aliases(self) -> list[str]:
        """May be changed in place."""
        return self._version("aliases").facts.aliases

    @aliases.setter
    def aliases(self, aliases: Iterable[str]) -> None:
        self._version("aliases").facts.aliases = list(checked_aliases(aliases))

    @property
    def tags(self) -> list[str]:
        """May be changed in place."""
        return self._version("tags").facts.tags

    @tags.setter
    def tags(self, tags: Iterable[str]) -> None:
        self._version("tags").facts.tags = list(checked_tags(tags))

    @property
    def version(self) -> str:
        """`v3`."""
        return self._version("version").ref

    @property
    def collection(self) -> str:
        """The collection's name."""
        return self._version("collection").collection

    @property
    def qualified_name(self) -> str:
        """`entity/project/my-dataset:v3`."""
        logged = self._version("qualified name")
        return f"{logged.session.entity}/{logged.session.name}/{logged.name}"

    @property
    def created_at(self) -> str:
        """As `2026-11-21T09:30:00Z`."""
        return self._version("time of creation").version.created

    @property
    def source_version(self) -> str:
        """Of a linked version the number in its first collection; else its own number."""
        return self._version("source version").source()[1].name

    @property
    def source_name(self) -> str:
        """`collection:v3`, as of `source_version`."""
        collection, version = self._version("source name").source()
        return f"{collection.name}:{version.name}"

    def save(self, project: str | None = None, settings: object = None) -> None:
        """Logs what was changed of description, metadata, aliases, tags and ttl; what others changed of the rest meanwhile stays.

        A draft is logged itself, as by `wait()` after `log_artifact` of the active run; where none is active, by a run of the job type
        `auto` that does nothing else, in the draft's project or else in `project`. `settings` does nothing.
        """
        if self.is_draft() and not self._is_handed_over:
            from objstore.sdk.alone import log_alone

            log_alone(self, self._session if self._base is not None else None, project)
            return
        if self._is_handed_over:
            self.wait()
        self._version("facts to save").save()

    def wait(self, timeout: float | None = None) -> Self:
        """The artifact itself, once it is logged; the error if it couldn't be. TimeoutError after `timeout` seconds."""
        job = self._job
        if job is not None:
            job.wait(timeout)
        self._version("version to wait for")
        return self

    # -- versions ------------------------------------------------------------------------------------------------------

    def new_draft(self) -> "Artifact":
        """A draft that begins with this version's content, description and metadata; no file is read for it."""
        logged = self._version("version to draft from")
        logged.look()  # the collection may have another name by now
        draft = Artifact(logged.collection, logged.type, self.description, self.metadata)
        draft._begin(logged.session, logged.version.root, logged)
        return draft

    def link(self, target_path: str, aliases: Sequence[str] | None = None) -> "Artifact":
        """The same content as a version of the collection `target_path`, with its own number and aliases."""
        logged = self._version("version to link")
        settle(logged.session, parse_name(target_path).collection)
        return Artifact._of(logged.link(target_path, checked_aliases(aliases)))

    def delete(self, delete_aliases: bool = False) -> None:
        """Deletes the version; `restore` brings it back until the next gc.

        ConflictError while aliases, `latest` too, are on it, unless `delete_aliases`.
        """
        self._version("version to delete").delete(delete_aliases=delete_aliases)

    def restore(self) -> None:
        """Undoes `delete`. What had expired never does again. ConflictError when that isn't possible any more."""
        self._version("version to restore").restore()

    # -- lineage -------------------------------------------------------------------------------------------------------

    def logged_by(self) -> "RecordedRun | None":
        """The run that made it; else, or where that isn't known here, the first that logged it. None when no run did."""
        from objstore.sdk.recorded import run_of

        logged = self._version("runs")
        run = run_of(Workspace.of(logged.session), logged.version.run) if logged.version.run else None
        if run is not None:
            return run
        found = self._runs(lambda runs, version: runs.logged_by(version))
        return found[0] if found else None

    def used_by(self) -> "list[RecordedRun]":
        """The runs that used it, of all projects beside this one too; in each project in the order in which they did."""
        return self._runs(lambda runs, version: runs.used_by(version))

    def blame(self, path: str = "") -> "list[Blame]":
        """In which version each file at or below a path last changed, and which run made that; without a path, each that there is.

        KeyError for what isn't there.
        """
        from objstore.repository.blaming import blame
        from objstore.sdk.lists import Blames

        logged = self._version("history")
        with logged.session.state() as state:
            collection, version = logged.now(state)
            return Blames(blame(logged.session.database, collection, version, canonical(path) if path else ""))

    def _runs(self, ask: "Callable[[Runs, VersionRef], Iterable[str]]") -> "list[RecordedRun]":
        from objstore.sdk.recorded import runs_that

        logged = self._version("runs")
        project, root = logged.session.project.settings.project, logged.version.root
        with logged.session.state() as state:
            versions = [VersionRef(project, id_, root) for id_ in state.ids(logged.collection_id)]
        return runs_that(Workspace.of(logged.session), lambda runs: (run for version in versions for run in ask(runs, version)))

    # -- for Repository ------------------------------------------------------------------------------------------------

    def _begin(self, session: Session, base: Digest | None = None, source: LoggedVersion | None = None) -> None:
        self._session, self._base, self._draft_source = session, base, source

    def _log(self, session: Session, aliases: tuple[str, ...], tags: tuple[str, ...]) -> "Artifact":
        """Logs the draft, which is a version then. What is logged already is logged again, as a version of its own object."""
        artifact = self._to_be_logged()
        content, labels = artifact._prepared(session, aliases, tags)
        settle(session, labels.name)
        artifact._settle(logging.log(session, content, labels))
        return artifact

    def _hand_over(self, session: Session, aliases: tuple[str, ...], tags: tuple[str, ...], run: RunRef) -> "tuple[Artifact, Handover]":
        """The same for somebody who will log it as a run's; nothing changes its content from now on."""
        artifact = self._to_be_logged()
        content, labels = artifact._prepared(session, aliases, tags, run)
        artifact._job = job = Handover(content, labels, artifact._settle)
        return artifact, job

    def _to_be_logged(self) -> "Artifact":
        if self._is_handed_over:
            self.wait()
        if self._logged is None:
            return self
        again = self.new_draft()
        again._draft_source = None
        return again

    def _prepared(
        self, session: Session, aliases: tuple[str, ...] = (), tags: tuple[str, ...] = (), run: RunRef | None = None
    ) -> tuple[DraftContent, Labels]:
        """Its content, and all else that is to be logged with it in a project."""
        self._session = self._session or session
        content = self._bound()
        name = self._draft_name or f"source-{session.name}"
        if self._incremental and self._base is not None and not content.session.is_same(session):
            raise InvalidInputError(
                f"{name} began with a version of another repository; make it with new_artifact of the one that it is logged in"
            )
        source = self._draft_source.known().as_source() if self._draft_source else None
        if self._incremental and self._base is not None:
            with session.state() as state:
                collection = state.find_collection(name)
                source = Source(collection=collection.id, root=self._base.hex()) if collection else None
        metadata = check_metadata(self._draft_metadata)  # may have been changed in place
        labels = Labels(name, self._draft_type, aliases, tags, self._draft_description, metadata, source, self._draft_ttl, run)
        return content, labels

    def _settle(self, logged: LoggedVersion) -> None:
        """It is a version from now on."""
        self._logged = logged
        self._session, self._content, self._job = logged.session, None, None

    def _check_called(self, name: str | None, type: str | None) -> None:
        """InvalidInputError unless it has this name and type, where they are given."""
        if name not in (None, self._draft_name) or type not in (None, self.type):
            raise InvalidInputError(f"the artifact is {self._draft_name} of type {self.type}, not {name or ''} {type or ''}".rstrip())

    def _row(self) -> list[object]:
        """As a list of versions shows it. Asks nobody."""
        logged = self._logged
        if logged is None:
            return [self._draft_name or "", self.type, "", "", "draft", "", "", self._draft_description]
        version, facts = logged.version, logged.facts
        sizes = [f"{version.files:,}", size(version.bytes)]
        return [logged.name, logged.type, ", ".join(facts.aliases), ", ".join(facts.tags), version.created, *sizes, facts.description]

    def _repr_html_(self) -> str:
        """For a notebook. Asks nobody, waits for nothing, and doesn't look through a draft."""
        logged = self._logged
        if logged is None:
            state = "being logged" if self._is_handed_over else "draft"
            said: list[tuple[str, object]] = [("description", self._draft_description), ("metadata", self._draft_metadata or "")]
        else:
            names = ("aliases", "tags", "created", "files", "size", "description")
            state, said = logged.type, list(zip(names, self._row()[2:], strict=True))
            said += [("metadata", logged.facts.metadata or ""), ("digest", logged.version.root.hex())]
        title = f"{self._last_name or CODE} ({state if logged else f'{self.type}, {state}'})"
        return html.facts(title, said)

    def __repr__(self) -> str:
        return f"<Artifact {self._last_name} ({self.type}{', draft' if self.is_draft() else ''})>"
