"""Reading what there is: artifacts and runs of all projects below a root. Never makes a run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from objstore.errors import InvalidTypeError, NotFoundError
from objstore.history.names import check_type_of, parse_collection, parse_name
from objstore.sdk.arguments import StrPath, listed
from objstore.sdk.artifact import Artifact
from objstore.sdk.collections import ArtifactCollection
from objstore.sdk.filtering import Filter, ordering
from objstore.sdk.lists import Artifacts
from objstore.sdk.recorded import RecordedRun
from objstore.sdk.recordedruns import RecordedRuns, Sweep
from objstore.sdk.session import Session
from objstore.sdk.starting import workspace_to_read


class Api:
    """The projects below a root: a folder or URL, else what `OBJSTORE_ROOT` names, else the nearest `.objstore/`.

    NotFoundError where there is none. Names may have a project, or an entity and a project, before them; else the root's own is meant: as
    for `init`, that of the working tree, or `default/uncategorized`. If there is neither, it is the only project; InvalidInputError where
    there are several.
    """

    def __init__(
        self,
        overrides: Mapping[str, str] | None = None,
        timeout: float | None = None,
        api_key: str | None = None,
        *,
        root: StrPath | None = None,
    ) -> None:
        """`overrides`: `entity` and `project` that are meant where none is given. `timeout` and `api_key` do nothing."""
        if overrides is not None and not isinstance(overrides, Mapping):
            raise InvalidTypeError("overrides names an entity and a project, like {'project': 'cats'}; give a folder or URL as root=…")
        self._workspace = workspace_to_read(root, Path.cwd())
        if overrides:
            self._workspace.home = self._workspace.session(overrides.get("entity"), overrides.get("project"))
            self._workspace.is_home_meant = True

    # -- artifacts -----------------------------------------------------------------------------------------------------

    def artifact(self, name: str, type: str | None = None) -> Artifact:
        """The version that `name:alias` or `name:v3` means, a bare name `latest`. NotFoundError; ValueError if it has another type."""
        found = Artifact._named(self._workspace, parse_name(name))
        check_type_of(str(found.name), found.type, type)
        return found

    def artifacts(self, type_name: str, name: str, per_page: int | None = None, tags: Sequence[str] | None = None) -> Artifacts:
        """The versions of a collection that aren't deleted, the newest first; with `tags`, those that have them all."""
        wanted = set(listed(tags))
        return Artifacts(found for found in self.artifact_collection(type_name, name).artifacts() if wanted <= set(found.tags))

    artifact_versions = artifacts

    def artifact_collection(self, type_name: str, name: str) -> ArtifactCollection:
        """NotFoundError when there is none of that name and type."""
        parsed = parse_collection(name)
        session = self._workspace.of_name(parsed)
        with session.state() as state:
            found = state.collection(parsed.collection)
            if found.type != type_name:
                raise NotFoundError(f"{found.name} has type {found.type}, not {type_name}; give its type, or another name")
            return ArtifactCollection(session, found)

    def artifact_collections(self, project_name: str | None, type_name: str, per_page: int | None = None) -> list[ArtifactCollection]:
        """Those of one type in a project (`project`, `entity/project`, or None for the root's own), by name."""
        session = self._project(project_name)
        with session.state() as state:
            found = [ArtifactCollection(session, each) for each in state.collections.values() if each.type == type_name]
        return sorted(found, key=lambda collection: collection.name)

    def artifact_types(self, project: str | None = None) -> "list[ArtifactType]":
        """The types that collections of a project have, by name."""
        session = self._project(project)
        with session.state() as state:
            names = sorted({collection.type for collection in state.collections.values()})
        return [ArtifactType(self, session, name) for name in names]

    def artifact_type(self, type_name: str, project: str | None = None) -> "ArtifactType":
        """NotFoundError when no collection has it."""
        for found in self.artifact_types(project):
            if found.name == type_name:
                return found
        raise NotFoundError(f"{self._project(project).project.name} has no artifacts of type {type_name!r}")

    def artifact_exists(self, name: str, type: str | None = None) -> bool:
        """Whether there is such a version."""
        try:
            found = Artifact._named(self._workspace, parse_name(name))
        except NotFoundError:
            return False
        return type in (None, found.type)

    def artifact_collection_exists(self, name: str, type: str) -> bool:
        """Whether there is such a collection."""
        try:
            self.artifact_collection(type, name)
        except NotFoundError:
            return False
        return True

    # -- runs ----------------------------------------------------------------------------------------------------------

    def run(self, path: str) -> RecordedRun:
        """The run `id`, `project/id` or `entity/project/id`. NotFoundError."""
        project, _, id_ = path.strip("/").rpartition("/")
        session = self._project(project or None)
        with session.runs() as runs:
            return RecordedRun(self._workspace, session, runs.run(id_))

    def runs(
        self, path: str | None = None, filters: Mapping[str, Any] | None = None, order: str = "+created_at", per_page: int = 50
    ) -> RecordedRuns:
        """The runs of a project (`project`, `entity/project`, or None for the root's own), as a sequence that is read as it is walked.

        `filters`: field → value, or MongoDB's operators: `{"state": "finished", "config.lr": {"$lt": 0.1}}`; fields are `id`,
        `display_name`, `state`, `group`, `job_type`, `sweep`, `tags`, `created_at`, `config.<key>` and `summary_metrics.<key>`. `order`:
        one of them, after `+` or `-`; `created_at` is the order in which they are in the log.
        """
        session = self._project(path)
        chosen = Filter(filters or {})
        is_by_start = order.lstrip("+-") in ("created_at", "createdAt")
        with session.runs() as runs:
            ids = runs.ids()
            if not (chosen.is_all and is_by_start):
                found = [run for run in map(runs.run, ids) if chosen.matches(run)]
                ids = [run.id for run in (found if is_by_start else ordering(order)(found))]
        return RecordedRuns(self._workspace, session, ids[::-1] if is_by_start and order.startswith("-") else ids)

    def sweep(self, path: str) -> Sweep:
        """The runs that were begun with `sweep=`: `id`, `project/id` or `entity/project/id`. NotFoundError when there are none."""
        *project, id_ = path.strip("/").split("/")
        session = self._project("/".join(project) or None)
        with session.runs() as runs:
            ids = runs.ids_of_sweep(id_)
        if not ids:
            raise NotFoundError(f"no run of {session.project.name} belongs to a sweep {id_!r}")
        return Sweep(id_, RecordedRuns(self._workspace, session, ids))

    def project(self, name: str, entity: str | None = None) -> "RecordedProject":
        """One project. NotFoundError."""
        return RecordedProject(self, self._workspace.session(entity, name))

    def projects(self, entity: str | None = None) -> list[str]:
        """The projects there are, each as `entity/project`."""
        return [session.project.name for session in self._workspace.all() if entity in (None, session.entity)]

    def _project(self, path: str | None) -> Session:
        if path is None:
            return self._workspace.session(None, None)
        entity, _, project = path.strip("/").rpartition("/")
        return self._workspace.session(entity or None, project)


class RecordedProject:
    """A project, to be looked through."""

    def __init__(self, api: Api, session: Session) -> None:
        self._api = api
        self._path = session.project.name
        self.name = session.name
        self.entity = session.entity

    def collections(self) -> list[ArtifactCollection]:
        """All its collections, by type and name."""
        return [collection for kind in self.artifacts_types() for collection in kind.collections()]

    def artifacts_types(self) -> "list[ArtifactType]":
        """The types that its collections have, by name."""
        return self._api.artifact_types(self._path)

    def __repr__(self) -> str:
        return f"<Project {self._path}>"


class ArtifactType:
    """A type that collections of a project have."""

    def __init__(self, api: Api, session: Session, name: str) -> None:
        self._api = api
        self._session = session
        self.name = name
        self.type = name

    def collections(self) -> list[ArtifactCollection]:
        """Those that have it, by name."""
        return self._api.artifact_collections(self._session.project.name, self.name)

    def collection(self, name: str) -> ArtifactCollection:
        return self._api.artifact_collection(self.name, f"{self._session.project.name}/{name}")

    def __repr__(self) -> str:
        return f"<ArtifactType {self.name}>"
