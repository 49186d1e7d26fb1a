"""Runs as the log has them: to be read, whatever has become of them."""

from collections.abc import Callable, Iterable
from typing import Any

from objstore.history.records import RunRef
from objstore.history.runs import RunFacts, Runs, VersionRef
from objstore.sdk.artifact import Artifact
from objstore.sdk.described import DescribedRun
from objstore.sdk.lists import Artifacts, RunList
from objstore.sdk.logged import LoggedVersion
from objstore.sdk.session import Session
from objstore.sdk.workspace import Workspace
from objstore.values import html


class RecordedRun(DescribedRun):
    """A run, as it was when this was asked for."""

    def __init__(self, workspace: Workspace, session: Session, facts: RunFacts) -> None:
        super().__init__(session, facts)
        self._workspace = workspace

    @property
    def path(self) -> list[str]:
        """Entity, project and id."""
        return [self.entity, self.project, self.id]

    @property
    def state(self) -> str:
        """`running`, `finished` or `failed`. One whose process was killed stays running."""
        return self._facts.state

    @property
    def created_at(self) -> str:
        return self._facts.created

    @property
    def finished_at(self) -> str | None:
        return self._facts.finished or None

    @property
    def tags(self) -> list[str]:
        return list(self._facts.tags)

    @property
    def config(self) -> dict[str, Any]:
        return dict(self._facts.config)

    @property
    def summary(self) -> dict[str, Any]:
        return dict(self._facts.summary)

    def logged_artifacts(self) -> Artifacts:
        """What it logged, in order, each version once; without those of projects that aren't here."""
        return self._artifacts(lambda runs: runs.logged(self.id))

    def used_artifacts(self) -> Artifacts:
        """What it used, in order, each version once; without those of projects that aren't here."""
        return self._artifacts(lambda runs: runs.used(self.id))

    def _artifacts(self, ask: "Callable[[Runs], Iterable[VersionRef]]") -> Artifacts:
        with self._session.runs() as runs:
            versions = list(ask(runs))
        found = (version_of(self._workspace, version) for version in versions)
        known = {artifact.qualified_name: artifact for artifact in found if artifact is not None}
        return Artifacts(known.values())

    def _row(self) -> list[object]:
        """As a list of runs shows it."""
        return [self.name, self.id, self.state, self.job_type, self.group, self.created_at, ", ".join(self.tags)]

    def _repr_html_(self) -> str:
        """For a notebook."""
        known: list[tuple[str, object]] = [("state", self.state), ("job type", self.job_type), ("group", self.group)]
        known += [("sweep", self.sweep_id), ("created", self.created_at), ("finished", self.finished_at)]
        known += [("tags", ", ".join(self.tags)), ("notes", self.notes)]
        return html.run("/".join(self.path), self.name, known, self._facts.config, self._facts.summary)

    def __repr__(self) -> str:
        return f"<Run {'/'.join(self.path)} ({self.state})>"


def version_of(workspace: Workspace, version: VersionRef) -> Artifact | None:
    """The artifact that the log of runs names; None where its project isn't here."""
    session = workspace.with_id(version.project)
    if session is None:
        return None
    with session.state() as state:
        collection = state.find_by_id(version.collection)
        found = collection.find_root(version.root) if collection else None
        return None if collection is None or found is None else Artifact._of(LoggedVersion(session, collection, found))


def run_of(workspace: Workspace, run: RunRef) -> RecordedRun | None:
    """The run that the log of versions names; None where it isn't known here."""
    session = workspace.with_id(run.project)
    if session is None:
        return None
    with session.runs() as runs:
        facts = runs.find(run.run)
    return RecordedRun(workspace, session, facts) if facts is not None else None


def runs_that(workspace: Workspace, ask: Callable[[Runs], Iterable[str]]) -> RunList:
    """The runs, of all projects here, whose ids an answer has. Of several that are one project, such as a mirror of it: of the first."""
    found, seen = RunList(), set[str]()
    for session in workspace.all():
        id_ = session.project.settings.project
        if id_ not in seen:
            seen.add(id_)
            with session.runs() as runs:
                facts = [runs.run(run) for run in dict.fromkeys(ask(runs))]
            found += [RecordedRun(workspace, session, each) for each in facts]
    return found
