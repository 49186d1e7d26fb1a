"""A run: a process that uses and logs versions."""

import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from objstore.errors import InvalidInputError, InvalidTypeError, ObjstoreError
from objstore.history.names import check_alias, check_tag, parse_name
from objstore.history.records import (
    Record,
    RunConfigRecord,
    RunFinishRecord,
    RunRef,
    RunSummaryRecord,
    RunUseRecord,
)
from objstore.sdk import code
from objstore.sdk.arguments import StrPath, listed
from objstore.sdk.artifact import Artifact
from objstore.sdk.described import DescribedRun
from objstore.sdk.lists import Artifacts
from objstore.sdk.logqueue import Handover
from objstore.sdk.parts import Writer
from objstore.sdk.recorded import RecordedRun
from objstore.sdk.runinfo import RunInfo
from objstore.sdk.session import give_up, prefer
from objstore.sdk.surroundings import is_failure, say, wait_and_tell
from objstore.sdk.tables.frames import is_foreign
from objstore.sdk.tables.table import Table
from objstore.sdk.values import Values, as_mapping, finite
from objstore.sdk.workspace import Workspace
from objstore.values import html

MODEL = "model"
_SAVE_EVERY = 60.0  # seconds


class Run(DescribedRun):
    """A run that is under way, made by `init`. Use it in a `with` statement, or call `finish`.

    What it logs is logged in the background, in the order of the calls. What it uses, its configuration and its summary are recorded
    the same way; at the latest when it finishes. Thread-safe. In a forked process it can't be used: that makes a run of its own.
    """

    def __init__(self, workspace: Workspace, info: RunInfo, config: Mapping[str, Any], summary: Mapping[str, Any]) -> None:
        super().__init__(workspace.home, info)
        prefer(self._session)
        self._workspace = workspace
        self._info = info
        self._owner = os.getpid()
        self._logging: list[Handover] = []
        """What was handed over and isn't done, or has failed so that nobody has been told."""
        self._writer = Writer(self._session, self._ref)
        self._lock = threading.RLock()
        self._unsaved: set[type[Record]] = set()
        self._saved_at = time.monotonic()
        self._step = -1
        self._is_ended = False
        self.config = Values("config", config, lambda: self._note(RunConfigRecord))
        """Configuration: a dict whose keys are attributes too. May be changed."""
        self.summary = Values("summary", summary, lambda: self._note(RunSummaryRecord))
        """Results: what `log` was given last, by key. May be changed."""
        self.state = "running"
        """`running`, `finished` or `failed`."""

    # -- what it is ----------------------------------------------------------------------------------------------------

    @property
    def path(self) -> str:
        """`entity/project/id`."""
        return f"{self.entity}/{self.project}/{self.id}"

    @property
    def url(self) -> str | None:
        """None: no page shows it; `objstore runs` does."""
        return None

    def get_url(self) -> str | None:
        """`url`."""
        return self.url

    def project_name(self) -> str:
        """`project`."""
        return self.project

    @property
    def tags(self) -> tuple[str, ...]:
        """May be set anew."""
        return self._info.tags

    @tags.setter
    def tags(self, tags: Sequence[str] | str | None) -> None:
        self._change(tags=tuple(dict.fromkeys(map(check_tag, listed(tags)))))

    @property
    def notes(self) -> str:
        """May be set anew."""
        return self._info.notes

    @notes.setter
    def notes(self, notes: str | None) -> None:
        self._change(notes=notes or "")

    @property
    def resumed(self) -> bool:
        """Whether there was a run of that id before."""
        return self._info.resumed

    @property
    def step(self) -> int:
        """How often `log` was called, from 0."""
        return max(self._step, 0)

    # -- results -------------------------------------------------------------------------------------------------------

    def log(self, data: Mapping[str, Any], step: int | None = None, commit: bool | None = None) -> None:
        """Notes measures: the last value of each key goes to the summary. Cheap; recorded once a minute, and when the run finishes.

        Infinities are kept as strings, NaN as null. A table is logged as an artifact `run-<id>-<key>` of type `run_table`; the summary
        says so. ValueError or TypeError for what JSON can't hold.
        """
        self._check_usable()
        values = as_mapping(data, "log")
        self.summary.update({key: self._noted(key, value) for key, value in values.items()})
        self._step = self._step + (commit is not False) if step is None else step
        if time.monotonic() - self._saved_at > _SAVE_EVERY:
            self._save()

    # -- artifacts -----------------------------------------------------------------------------------------------------

    def log_artifact(
        self,
        artifact_or_path: "Artifact | StrPath",
        name: str | None = None,
        type: str | None = None,
        aliases: Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
    ) -> Artifact:
        """Logs an artifact, or a file or folder as one, in the background; the artifact, of which `wait()` tells how that went.

        Its content is as of now. Artifacts are logged in the order of the calls. One that couldn't be logged is a draft again, which may
        be logged once more.
        """
        self._check_usable()
        artifact = self._artifact(artifact_or_path, name, type)
        labels = tuple(map(check_alias, listed(aliases))), tuple(map(check_tag, listed(tags)))
        artifact, job = artifact._hand_over(self._session, *labels, self._ref)
        with self._lock:
            self._logging = [*(other for other in self._logging if not other.is_done or other.is_untold), job]
        self._session.queue.log(job)
        return artifact

    def use_artifact(
        self, artifact_or_name: "Artifact | str", type: str | None = None, aliases: Sequence[str] | None = None, use_as: str | None = None
    ) -> Artifact:
        """Records a version as an input of this run, and gives it.

        A name is `name:alias`, `name:v3`, or with the project, or the entity and the project, before it. A draft is logged first.
        NotFoundError lists near names; ValueError if it has another `type`. `aliases` and `use_as` do nothing.
        """
        self._check_usable()
        artifact = self._found(artifact_or_name, type)
        logged = artifact._version("version to use")
        project = logged.session.project.settings.project
        used = RunUseRecord(run=self.id, project=project, collection=logged.collection_id, root=logged.version.root.hex())
        self._session.queue.record([used])
        return artifact

    def upsert_artifact(
        self,
        artifact_or_path: "Artifact | StrPath",
        name: str | None = None,
        type: str | None = None,
        aliases: Sequence[str] | None = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Adds an artifact's entries to a version that several writers, in any processes and machines, make together.

        Writers with one `distributed_id` (the run's group unless given; TypeError without either) fill one version; `finish_artifact`
        makes it. Returns when the entries are safe. The artifact stays a draft.

        What this run adds by several calls adds up, of one path the later entry counts. What a run of its id had added before this one
        was begun (a task that is tried again) is replaced. The aliases go to the version if this process finishes it.
        """
        self._check_usable()
        artifact = self._artifact(artifact_or_path, name, type)
        self._writer.add(artifact, self._distributed(distributed_id), [check_alias(alias) for alias in listed(aliases)])
        return artifact

    def finish_artifact(
        self,
        artifact_or_path: "Artifact | StrPath",
        name: str | None = None,
        type: str | None = None,
        aliases: Sequence[str] | None = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Makes one version of what all writers have added by now, and of this artifact's own entries; that version.

        ConflictError names both writers where two give one path different content; then nothing is logged.
        """
        self._check_usable()
        artifact = self._artifact(artifact_or_path, name, type)
        self._writer.finish(artifact, self._distributed(distributed_id), [check_alias(alias) for alias in listed(aliases)])
        return artifact

    def link_artifact(self, artifact: Artifact, target_path: str, aliases: Sequence[str] | None = None) -> Artifact:
        """The same content as a version of another collection of the project, with its own number and aliases (see Artifact.link)."""
        self._check_usable()
        return self._found(artifact, None).link(target_path, aliases)

    def log_model(self, path: StrPath, name: str | None = None, aliases: Sequence[str] | None = None) -> Artifact:
        """`log_artifact` of a file or folder as a `model`."""
        return self.log_artifact(path, name, MODEL, aliases)

    def use_model(self, name: str) -> str:
        """Uses and downloads a version; the path of its file if it has only one, else of the folder."""
        model = self.use_artifact(name)
        return model.file() if model.file_count == 1 else model.download()

    def link_model(
        self, path: StrPath, registered_model_name: str, name: str | None = None, aliases: Sequence[str] | None = None
    ) -> Artifact:
        """`log_model`, and the same content as a version of the collection `registered_model_name`, which gets the aliases."""
        return self.link_artifact(self.log_model(path, name), registered_model_name, aliases)

    def log_code(
        self,
        root: StrPath | None = ".",
        name: str | None = None,
        include_fn: Callable[..., bool] | None = None,
        exclude_fn: Callable[..., bool] | None = None,
    ) -> Artifact | None:
        """Logs the Python files (or those of which `include_fn` says so) below a folder as an artifact of type `code`; None without any.

        The functions are called with a file's path, or with that and the folder's.
        """
        self._check_usable()
        artifact = code.collect(Path(root or "."), name or f"source-{self.project}", include_fn, exclude_fn)
        return self.log_artifact(artifact) if artifact is not None else None

    def logged_artifacts(self) -> Artifacts:
        """What it has logged so far, waiting for what is under way."""
        return self._recorded().logged_artifacts()

    def used_artifacts(self) -> Artifacts:
        """What it has used so far."""
        return self._recorded().used_artifacts()

    # -- the end -------------------------------------------------------------------------------------------------------

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """Waits until all is logged and recorded, and ends the run: as failed with an `exit_code` other than 0. Harmless when repeated.

        Raises the first error of those that no `wait()` has raised, with the others as notes; the run is ended all the same. When it is
        interrupted, the standard error tells how much is lost.
        """
        if self._owner != os.getpid() or self._is_ended:
            return
        if self.state == "running":
            self.state = "failed" if exit_code else "finished"
            self._save([RunFinishRecord(run=self.id, state="failed" if exit_code else "finished")])
        wait_and_tell(self._session.queue.drain, lambda: f"storing what run {self.id} has logged: {len(self._session.queue)} left")
        self._is_ended = True
        give_up(self._session)
        self._raise_untold()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self.finish()
            return
        try:
            self.finish(exit_code=int(is_failure(error)))
        except ObjstoreError as also:
            say(str(also))

    def _repr_html_(self) -> str:
        """For a notebook. Waits for nothing."""
        known: list[tuple[str, object]] = [("state", self.state), ("job type", self.job_type), ("group", self.group)]
        known += [("sweep", self.sweep_id), ("tags", ", ".join(self.tags)), ("notes", self.notes)]
        return html.run(self.path, self.name, known, self.config.as_dict(), self.summary.as_dict())

    def __repr__(self) -> str:
        return f"<Run {self.path} ({self.state})>"

    # -- inside --------------------------------------------------------------------------------------------------------

    @property
    def _ref(self) -> RunRef:
        return RunRef(self._session.project.settings.project, self.id)

    def _artifact(self, given: "Artifact | StrPath", name: str | None, type: str | None) -> Artifact:
        if isinstance(given, Artifact):
            if name is not None or type is not None:
                given._check_called(name, type)
            return given
        path = Path(given)
        artifact = Artifact(name or f"run-{self.id}-{path.name}", type or "unspecified")
        artifact._begin(self._session)
        if path.is_dir():
            artifact.add_dir(path)
        else:
            artifact.add_file(path)
        return artifact

    def _noted(self, key: str, value: object) -> object:
        """What goes to the summary."""
        if not (isinstance(value, Table) or is_foreign(value)):
            return finite(value)
        artifact = Artifact(f"run-{self.id}-{re.sub('[^A-Za-z0-9_.-]', '-', key)}"[:128], "run_table")
        artifact._begin(self._session)
        artifact.add(value, key)
        self.log_artifact(artifact)
        return {"_type": "table", "artifact": str(artifact._draft_name), "name": key}

    def _found(self, given: "Artifact | str", type: str | None) -> Artifact:
        if isinstance(given, Artifact):
            if given.is_draft() and not given._is_handed_over:
                self.log_artifact(given)
            given.wait()
            return given
        if not isinstance(given, str):
            raise InvalidTypeError(f"use_artifact takes a name or an Artifact, not a {given.__class__.__name__}")
        found = Artifact._named(self._workspace, parse_name(given))
        if type is not None and found.type != type:
            raise InvalidInputError(f"{found.name} has type {found.type}, not {type}")
        return found

    def _distributed(self, distributed_id: str | None) -> str:
        found = distributed_id or self.group
        if not found:
            raise InvalidTypeError("give a distributed_id, or init the run with a group: it tells which writers make one version together")
        return found

    def _recorded(self) -> RecordedRun:
        self._check_owner()
        self._session.queue.drain()
        with self._session.runs() as runs:
            return RecordedRun(self._workspace, self._session, runs.run(self.id))

    def _change(self, **facts: object) -> None:
        self._check_usable()
        self._said = self._info = self._info.changed(**facts)
        self._session.queue.record([self._info.record()])

    def _note(self, kind: type[Record]) -> None:
        with self._lock:
            self._unsaved.add(kind)

    def _save(self, more: Iterable[Record] = ()) -> None:
        """Hands over what has changed of the configuration and the summary."""
        with self._lock:
            unsaved, self._unsaved = self._unsaved, set()
            self._saved_at = time.monotonic()
            records: list[Record] = []
            if RunConfigRecord in unsaved:
                records.append(RunConfigRecord(run=self.id, config=self.config.as_dict()))
            if RunSummaryRecord in unsaved:
                records.append(RunSummaryRecord(run=self.id, summary=self.summary.as_dict()))
        self._session.queue.record([*records, *more])

    def _raise_untold(self) -> None:
        with self._lock:
            untold, self._logging = [job for job in self._logging if job.is_untold], []
        for job in untold[1:]:
            if isinstance(untold[0].outcome, BaseException) and job.outcome is not untold[0].outcome:
                untold[0].outcome.add_note(f"{job.labels.name}: {job.outcome}")
        if untold:
            untold[0].wait()

    def _check_usable(self) -> None:
        self._check_owner()
        if self.state != "running":
            raise InvalidInputError(f"run {self.id} has finished; call init(id={self.id!r}, resume='must') to go on with it")

    def _check_owner(self) -> None:
        if self._owner != os.getpid():
            raise InvalidInputError("this run is of the process that this one was forked off; call init() here, with the same group")
