"""A run: a process that uses and logs versions."""

import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import msgspec
from msgspec.structs import replace

from objstore.errors import InvalidInputError, InvalidTypeError, NotFoundError, ObjstoreError
from objstore.history.names import check_type_of, parse_name
from objstore.history.records import Record, RunConfigRecord, RunFinishRecord, RunRef, RunSummaryRecord, RunUseRecord
from objstore.history.runs import RunFacts
from objstore.outside.uri import Uri
from objstore.sdk import code, termination
from objstore.sdk.arguments import StrPath, checked_aliases, checked_tags, text
from objstore.sdk.artifact import Artifact
from objstore.sdk.choosing import give_up, prefer
from objstore.sdk.described import DescribedRun
from objstore.sdk.lists import Artifacts
from objstore.sdk.logqueue import Handover
from objstore.sdk.parts import Writer
from objstore.sdk.recorded import RecordedRun
from objstore.sdk.runinfo import init_record
from objstore.sdk.runvalues import Values, as_mapping
from objstore.sdk.surroundings import is_failure, say, wait_and_tell
from objstore.sdk.tables.frames import is_foreign
from objstore.sdk.tables.table import Table
from objstore.sdk.workspace import Workspace
from objstore.values import html

MODEL = "model"
STEP = "_step"
_SAVE_EVERY = 60.0  # seconds


class Run(DescribedRun):
    """A run that is under way, made by `init`. Use it in a `with` statement, or call `finish`.

    What it logs is logged in the background, in the order of the calls. What it uses, its configuration and its summary are recorded
    the same way; at the latest when it finishes. Thread-safe. In a forked process it can't be used: that makes a run of its own.
    """

    def __init__(self, workspace: Workspace, facts: RunFacts, *, resumed: bool, reads: Workspace | None = None) -> None:
        """`reads`: where versions are looked for that aren't in the run's own projects."""
        super().__init__(workspace.home, facts)
        prefer(self._session)
        self._workspace = workspace
        self._reads = reads
        self.resumed = resumed
        """Whether there was a run of that id before."""
        self._owner = os.getpid()
        self._logging: list[Handover] = []
        """What was handed over and isn't done, or has failed so that nobody has been told."""
        self._writer = Writer(self._session, self._ref)
        self._lock = threading.RLock()
        self._saved = _encoded(facts.config), _encoded(facts.summary)
        """The configuration and the summary that were handed over last."""
        self._left_out: list[ObjstoreError] = []
        self._saved_at = time.monotonic()
        self._step = _next_step(facts.summary)
        self._is_ended = False
        self._config = Values("config", facts.config)
        self._summary = Values("summary", facts.summary)
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
    def name(self) -> str:
        """What people call it; the id unless `init` was told. May be set anew."""
        return self._facts.name

    @name.setter
    def name(self, name: str) -> None:
        self._change(name=text(name, "name") or self.id)

    @property
    def tags(self) -> tuple[str, ...]:
        """May be set anew."""
        return self._facts.tags

    @tags.setter
    def tags(self, tags: Sequence[str] | str | None) -> None:
        self._change(tags=tuple(dict.fromkeys(checked_tags(tags))))

    @property
    def notes(self) -> str:
        """May be set anew."""
        return self._facts.notes

    @notes.setter
    def notes(self, notes: str | None) -> None:
        self._change(notes=text(notes, "notes"))

    @property
    def config(self) -> Values:
        """Configuration: a dict whose keys are attributes too. May be changed, in place too, or set anew."""
        return self._config

    @config.setter
    def config(self, config: Mapping[str, Any]) -> None:
        self._config.replace(as_mapping(config, "config"))

    @property
    def summary(self) -> Values:
        """Results: what `log` was given last, by key. May be changed, in place too, or set anew."""
        return self._summary

    @summary.setter
    def summary(self, summary: Mapping[str, Any]) -> None:
        self._summary.replace(as_mapping(summary, "summary"))

    @property
    def step(self) -> int:
        """The step that the next `log` is for, from 0; a run that is resumed goes on counting."""
        return self._step

    # -- results -------------------------------------------------------------------------------------------------------

    def log(self, data: Mapping[str, Any], step: int | None = None, commit: bool | None = None) -> None:
        """Notes measures of a step: the last value of each key goes to the summary, the step as `_step`.

        Each call is a step of its own, unless `commit` is False or a `step` is given; measures of an earlier step than the last are left
        out, and that is said. Cheap: they are recorded once a minute, and when the run finishes.

        What JSON can't hold, such as infinities, paths or dates, is recorded as text, NaN as null. A table is logged as an artifact
        `run-<id>-<key>` of type `run_table`; the summary says so. ValueError or TypeError for what contains itself, and the like.
        """
        self._check_usable()
        noted = {key: self._noted(key, value) for key, value in as_mapping(data, "log").items()}
        with self._lock:
            at = self._step if step is None else step
            if at < self._step:
                say(f"measures of step {at} are left out, since run {self.id} is at step {self._step} already")
                return
            self.summary.update({**noted, STEP: at})
            self._step = at + (commit is not False if step is None else commit is True)
        if time.monotonic() - self._saved_at > _SAVE_EVERY:
            self._save()  # what it leaves out, `finish` tells

    def define_metric(self, /, *args: object, **kwargs: object) -> None:
        """Nothing: it says how W&B's pages draw a measure."""

    def watch(self, /, *args: object, **kwargs: object) -> None:
        """Nothing: gradients aren't recorded."""

    unwatch = watch

    def alert(self, /, *args: object, **kwargs: object) -> None:
        """Nothing: nobody is told."""

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

        Its content is as of now. A URI like `s3://bucket/images` becomes references (see Artifact.add_reference). Artifacts are logged
        in the order of the calls. One that couldn't be logged is a draft again, which may be logged once more.
        """
        self._check_usable()
        artifact = self._artifact(artifact_or_path, name, type)
        artifact, job = artifact._hand_over(self._session, checked_aliases(aliases), checked_tags(tags), self._ref)
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
        project, used = logged.session.project.settings.project, logged.as_used()
        record = RunUseRecord(run=self.id, project=project, collection=used.collection, root=used.root)
        self._session.queue.record([record])
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
        self._writer.add(artifact, self._distributed(distributed_id), checked_aliases(aliases))
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
        self._writer.finish(artifact, self._distributed(distributed_id), checked_aliases(aliases))
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
        """Waits until all is logged and recorded, and ends the run. Harmless when repeated.

        It has failed with an `exit_code` other than 0, and where something that it handed over wasn't logged and nobody was told.

        Raises the first error of those that no `wait()` has raised, with the others as notes; else InvalidInputError or InvalidTypeError
        where configuration or summary was changed in place to what JSON can't hold: that key is left out. The run is ended all the same.
        When it is interrupted, the standard error tells how much is lost.
        """
        if self._owner != os.getpid() or self._is_ended:
            return
        if self.state == "running":
            state: Literal["failed", "finished"] = "failed" if exit_code else "finished"
            self._left_out = self._save(RunFinishRecord(run=self.id, state=state))
            self.state = state
        wait_and_tell(self._session.queue.drain, lambda: f"storing what run {self.id} has logged: {len(self._session.queue)} left")
        if self.state == "finished" and any(job.is_untold for job in self._logging):
            self.state = "failed"
            self._session.queue.record([RunFinishRecord(run=self.id, state="failed")])
            self._session.queue.drain()
        self._is_ended = True
        termination.heed_no_longer(self)
        give_up(self._session)
        self._raise_untold()
        if self._left_out:
            raise self._left_out[0]

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
        if not isinstance(given, str | os.PathLike):
            raise InvalidTypeError(f"give an Artifact, or a path, not {given.__class__.__name__}")
        uri = Uri.parse(given) if isinstance(given, str) and "://" in given else None
        named = (uri.base_name or uri.bucket) if uri else os.path.basename(os.path.abspath(given))
        artifact = Artifact(name or self._own_name(named), type or "unspecified")
        artifact._begin(self._session)
        if uri:
            artifact.add_reference(uri.text)
        elif os.path.isdir(given):
            artifact.add_dir(given)
        else:
            artifact.add_file(given)
        return artifact

    def _own_name(self, named: str) -> str:
        """For a collection that the user gave no name."""
        return f"run-{self.id}-{re.sub('[^A-Za-z0-9_.-]', '-', named)}"[:128]

    def _noted(self, key: str, value: object) -> object:
        """What goes to the summary."""
        if not (isinstance(value, Table) or is_foreign(value)):
            return value
        artifact = Artifact(self._own_name(key), "run_table")
        artifact._begin(self._session)
        artifact.add(value, key)
        self.log_artifact(artifact)
        return {"_type": "table", "artifact": str(artifact._draft_name), "name": key}

    def _found(self, given: "Artifact | str", type: str | None) -> Artifact:
        if isinstance(given, Artifact):
            check_type_of(str(given.name), given.type, type)
            if given.is_draft() and not given._is_handed_over:
                self.log_artifact(given)
            given.wait()
            return given
        if not isinstance(given, str):
            raise InvalidTypeError(f"use_artifact takes a name or an Artifact, not a {given.__class__.__name__}")
        name = parse_name(given)
        try:
            found = Artifact._named(self._workspace, name)
        except NotFoundError:
            if self._reads is None:
                raise
            found = Artifact._named(self._reads, name)
        check_type_of(str(found.name), found.type, type)
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
        with self._lock:
            changed = replace(self._facts, **facts)
            self._session.queue.record([init_record(changed)])
            self._facts = changed

    def _save(self, *more: RunFinishRecord) -> list[ObjstoreError]:
        """Hands over what has changed of the configuration and the summary; what is wrong with the keys that it leaves out."""
        wrong: list[ObjstoreError] = []
        with self._lock:
            self._saved_at = time.monotonic()
            config, summary = self.config.held(wrong), self.summary.held(wrong)
            now = _encoded(config), _encoded(summary)
            records: list[Record] = []
            if now[0] != self._saved[0]:
                records += [RunConfigRecord(run=self.id, config=each) for each in _recorded(self._saved[0], config)]
            if now[1] != self._saved[1]:
                records += [RunSummaryRecord(run=self.id, summary=each) for each in _recorded(self._saved[1], summary)]
            self._session.queue.record([*records, *more])
            self._saved = now
        return wrong

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


def _next_step(summary: Mapping[str, Any]) -> int:
    last = summary.get(STEP)
    return last + 1 if isinstance(last, int) else 0


def _encoded(values: Mapping[str, Any]) -> bytes:
    """Tells apart what a log does: 1, 1.0 and true."""
    return msgspec.json.encode(values, order="deterministic")


def _recorded(before: bytes, values: dict[str, Any]) -> list[dict[str, Any]]:
    """What says that these are the values now. Records are merged key by key, so where a key is gone, all are removed first."""
    return [values] if msgspec.json.decode(before).keys() <= values.keys() or not values else [{}, values]
