"""The active run of this process: begun by `init`, used by the functions of the module, ended at the latest when the program ends."""

import atexit
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from objstore.errors import ConflictError, InvalidInputError
from objstore.history.names import check_tag
from objstore.history.records import Record, RunConfigRecord
from objstore.history.runs import Runs
from objstore.sdk import code
from objstore.sdk.arguments import listed
from objstore.sdk.artifact import Artifact
from objstore.sdk.run import Run
from objstore.sdk.runinfo import RunInfo, check_may_begin, check_resume, new_run_id
from objstore.sdk.settings import Settings, code_folder
from objstore.sdk.starting import workspace_for_run
from objstore.sdk.surroundings import Ending, say
from objstore.sdk.values import Values, as_mapping
from objstore.sdk.workspace import Workspace

_begun: list[Run] = []
"""Those that haven't ended, the active one last."""
_lock = threading.RLock()


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()  # a thread of the parent may have held it


os.register_at_fork(after_in_child=_after_fork)
_REINIT = ("return_previous", "finish_previous", "create_new")


def init(
    project: str | None = None,
    entity: str | None = None,
    id: str | None = None,
    name: str | None = None,
    job_type: str | None = None,
    group: str | None = None,
    config: Mapping[str, Any] | None = None,
    tags: Sequence[str] | None = None,
    notes: str | None = None,
    resume: str | bool | None = None,
    save_code: bool = False,
    sweep: str | None = None,
    dir: "str | os.PathLike[str] | None" = None,
    root: "str | os.PathLike[str] | None" = None,
    *,
    reinit: str | bool | None = None,
    mode: str | None = None,
    settings: "Settings | Mapping[str, Any] | None" = None,
    tensorboard: bool | None = None,
    sync_tensorboard: bool | None = None,
    monitor_gym: bool | None = None,
    config_exclude_keys: Sequence[str] | None = None,
    config_include_keys: Sequence[str] | None = None,
    force: bool | None = None,
    anonymous: str | None = None,
    allow_val_change: bool | None = None,
) -> Run:
    """Begins a run, which is the active one until it is finished.

    It belongs to `entity/project` below `root`, a folder or URL that holds projects; else below what the environment variable
    `OBJSTORE_ROOT` names; else to the nearest `.objstore/` at or above `dir` (the current folder unless given), which is made if there is
    none. The project is made too; left out, it is the folder's own.

    With the `id` of a run that is there, that goes on, and keeps what isn't said anew: `resume='never'` refuses (ConflictError),
    `resume='must'` refuses an id that isn't there (NotFoundError). `save_code` logs the program's main file,
    `Settings(code_dir=…)` the Python files of a folder. `sweep` and `group` are names
    under which runs are found together.

    While a run is active, it is returned; `reinit='finish_previous'` (or True) ends it first, `'create_new'` leaves it. ConflictError where
    another id, project, entity or root is asked for than the active one's. The other arguments do nothing.
    """
    rule = check_resume(resume, id)
    with _lock:
        previous = active()
        if previous is not None and _reinit(reinit) == "return_previous":
            return _same(previous, id, project, entity, root)
        if previous is not None and _reinit(reinit) == "finish_previous":
            previous.finish()
        workspace = workspace_for_run(root, Path(dir) if dir is not None else Path.cwd(), entity, project)
        info = RunInfo(
            id or new_run_id(),
            name or "",
            job_type or "",
            group or "",
            sweep or "",
            tuple(dict.fromkeys(map(check_tag, listed(tags)))),
            notes or "",
        )
        run = began(workspace, info, config, rule)
        _begun.append(run)
        _watch()
    code_dir = code_folder(settings)
    if code_dir is not None:
        run.log_code(code_dir)
    elif save_code:
        script = code.main_script(f"source-{run.project}")
        if script is not None:
            run.log_artifact(script)
    return run


def active() -> Run | None:
    """The run that was begun last in this process and hasn't finished."""
    with _lock:
        _begun[:] = [run for run in _begun if not run._is_ended and run._owner == os.getpid()]
        return next((run for run in reversed(_begun) if run.state == "running"), None)


def require() -> Run:
    """The same. InvalidInputError when there is none."""
    run = active()
    if run is None:
        raise InvalidInputError("no run is active; call objstore.init() first")
    return run


def log(data: Mapping[str, Any], step: int | None = None, commit: bool | None = None) -> None:
    """`Run.log` of the active run."""
    require().log(data, step, commit)


def log_artifact(
    artifact_or_path: "Artifact | str | os.PathLike[str]",
    name: str | None = None,
    type: str | None = None,
    aliases: Sequence[str] | None = None,
    tags: Sequence[str] | None = None,
) -> Artifact:
    """`Run.log_artifact` of the active run."""
    return require().log_artifact(artifact_or_path, name, type, aliases, tags)


def use_artifact(
    artifact_or_name: "Artifact | str", type: str | None = None, aliases: Sequence[str] | None = None, use_as: str | None = None
) -> Artifact:
    """`Run.use_artifact` of the active run."""
    return require().use_artifact(artifact_or_name, type, aliases, use_as)


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """`Run.finish` of the active run, if there is one."""
    run = active()
    if run is not None:
        run.finish(exit_code, quiet)


def login(*args: object, **kwargs: object) -> bool:
    """True: nobody logs in here. Who may read and write is decided by the folder, or by the bucket's own credentials."""
    return True


def setup(settings: object = None) -> None:
    """Nothing: no service has to be started before runs."""


def teardown(exit_code: int | None = None) -> None:
    """Finishes all runs of this process that are under way."""
    while (run := active()) is not None:
        run.finish(exit_code)


def config() -> Values:
    """That of the active run."""
    return require().config


def summary() -> Values:
    """That of the active run."""
    return require().summary


def _reinit(reinit: str | bool | None) -> str:
    rule = {None: "return_previous", "default": "return_previous", False: "return_previous", True: "finish_previous"}.get(reinit, reinit)
    if rule not in _REINIT:
        raise InvalidInputError(f"reinit is {', '.join(map(repr, _REINIT))} or a bool, not {reinit!r}")
    return str(rule)


def _same(run: Run, id_: str | None, project: str | None, entity: str | None, root: object) -> Run:
    """The active run, if it is the one that is meant."""
    wanted = [(id_, run.id), (project, run.project), (entity, run.entity)]
    if root is not None or any(asked not in (None, there) for asked, there in wanted):
        raise ConflictError(f"run {run.path} is still active; finish() it first, or give reinit='finish_previous' or 'create_new'")
    return run


def began(workspace: Workspace, info: RunInfo, config: Mapping[str, Any] | None, resume: str) -> Run:
    """The run, recorded as begun, or as going on; not yet the active one."""
    given = as_mapping(config or {}, "config")
    started: list[tuple[RunInfo, Values, dict[str, Any]]] = []

    def decide(runs: Runs) -> list[Record]:
        before = runs.find(info.id)
        check_may_begin(info.id, before, resume)
        values = Values("config", before.config if before else {}, lambda: None)
        values.update(given)
        started[:] = [(info.after(before), values, before.summary if before else {})]
        configured = [RunConfigRecord(run=info.id, config=values.as_dict())] if given else []
        return [started[0][0].record(), *configured]

    with workspace.home.committing() as project:
        project.runbook.commit(decide)
    known, values, summary = started[0]
    return Run(workspace, known, values.as_dict(), summary)


# -- when the program ends ---------------------------------------------------------------------------------------------

_watched: list[Ending] = []


def _watch() -> None:
    """Has runs that are left finish when the program ends.

    Before the interpreter stops taking on work for threads, which it does before it calls what is registered with `atexit`: a pack is
    published by threads.
    """
    if not _watched:
        _watched.append(Ending())
        register: Callable[[Callable[[], None]], object] = getattr(threading, "_register_atexit", atexit.register)
        register(_finish_all)


def _finish_all() -> None:
    failed = _watched[0].has_failed
    for run in [run for run in reversed(_begun) if not run._is_ended and run._owner == os.getpid()]:
        try:
            run.finish(exit_code=int(failed))
        except KeyboardInterrupt:
            say(f"interrupted; {len(run._session.queue)} of what run {run.id} has logged isn't stored")
            return
        except Exception as error:  # there is nobody else to tell
            say("\n  ".join([str(error), *getattr(error, "__notes__", ())]))
