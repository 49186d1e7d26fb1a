"""The active run of this process: begun by `init`, used by the functions of the module, ended at the latest when the program ends."""

import atexit
import functools
import inspect
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from objstore.errors import ConflictError, InvalidInputError, NoActiveRunError, NotFoundError
from objstore.history.metadata import check_values, spelt
from objstore.history.records import Record, RunConfigRecord
from objstore.history.runs import RunFacts, Runs
from objstore.sdk import code, termination
from objstore.sdk.arguments import checked_tags, text
from objstore.sdk.run import Run
from objstore.sdk.runinfo import SAID, check_may_begin, check_resume, init_record, new_run_id, resumed
from objstore.sdk.runvalues import as_mapping
from objstore.sdk.settings import Settings, setting
from objstore.sdk.starting import full_name, is_at, workspace_for_nothing, workspace_for_run, workspace_to_read
from objstore.sdk.surroundings import Ending, say
from objstore.sdk.workspace import Workspace

P = ParamSpec("P")
R = TypeVar("R")

_begun: list[Run] = []
"""Those that haven't ended, the active one last."""
_lock = threading.RLock()
_MODES = (None, "online", "offline", "shared", "disabled")
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

    Numbers are taken for `id`, `name`, `job_type`, `group`, `sweep` and `notes`, as their digits; what isn't text is InvalidTypeError.

    While a run is active, it is returned; `reinit='finish_previous'` (or True) ends it first, `'create_new'` leaves it. ConflictError where
    another id, project, entity or root is asked for than the active one's.

    `mode='disabled'` leaves no trace: the run and what it logs are in a temporary folder, which is gone when the program ends; what is
    there can be used all the same. The other modes are all one, and the other arguments do nothing.
    """
    id = None if id is None else text(id, "id")
    rule = check_resume(resume, id)
    said = RunFacts(
        id=id or new_run_id(),
        name=text(name, "name"),
        created="",  # the log says when
        job_type=text(job_type, "job_type"),
        group=text(group, "group"),
        sweep=text(sweep, "sweep"),
        tags=tuple(dict.fromkeys(checked_tags(tags))),
        notes=text(notes, "notes"),
    )
    with _lock:
        previous = active()
        if previous is not None and _reinit(reinit) == "return_previous":
            if config or any(getattr(said, field) for field in SAID):
                say(f"run {previous.path} is still active and goes on as it is; give reinit='finish_previous' to begin another")
            return _same(previous, id, project, entity, root)
        if previous is not None and _reinit(reinit) == "finish_previous":
            previous.finish()
        start = Path(dir) if dir is not None else Path.cwd()
        if _mode(mode or setting(settings, "mode")) == "disabled":
            run = began(workspace_for_nothing(entity, project), said, config, "allow", _readable(root, start))
        else:
            run = began(workspace_for_run(root, start, entity, project), said, config, rule)
        _begun.append(run)
        termination.heed(run)
        _watch()
    code_dir = setting(settings, "code_dir")
    if code_dir is not None:
        run.log_code(code_dir)
    elif save_code:
        script = code.main_script(f"source-{run.project}")
        if script is not None:
            run.log_artifact(script)
    return run


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()  # a thread of the parent may have held it


os.register_at_fork(after_in_child=_after_fork)


def active() -> Run | None:
    """The run that was begun last in this process and hasn't finished."""
    with _lock:
        _begun[:] = [run for run in _begun if not run._is_ended and run._owner == os.getpid()]
        return next((run for run in reversed(_begun) if run.state == "running"), None)


def require() -> Run:
    """The same. NoActiveRunError when there is none."""
    run = active()
    if run is None:
        raise NoActiveRunError("no run is active; call objstore.init() first")
    return run


def _of_the_active_run(method: Callable[Concatenate[Run, P], R]) -> Callable[P, R]:
    """A method of Run as a function."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return method(require(), *args, **kwargs)

    _, *others = inspect.signature(method).parameters.values()
    call.__signature__ = inspect.signature(method).replace(parameters=others)  # type: ignore[attr-defined]
    return call


alert = _of_the_active_run(Run.alert)
define_metric = _of_the_active_run(Run.define_metric)
finish_artifact = _of_the_active_run(Run.finish_artifact)
link_artifact = _of_the_active_run(Run.link_artifact)
link_model = _of_the_active_run(Run.link_model)
log = _of_the_active_run(Run.log)
log_artifact = _of_the_active_run(Run.log_artifact)
log_code = _of_the_active_run(Run.log_code)
log_model = _of_the_active_run(Run.log_model)
unwatch = _of_the_active_run(Run.unwatch)
upsert_artifact = _of_the_active_run(Run.upsert_artifact)
use_artifact = _of_the_active_run(Run.use_artifact)
use_model = _of_the_active_run(Run.use_model)
watch = _of_the_active_run(Run.watch)


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


def _reinit(reinit: str | bool | None) -> str:
    rule = {None: "return_previous", "default": "return_previous", False: "return_previous", True: "finish_previous"}.get(reinit, reinit)
    if rule not in _REINIT:
        raise InvalidInputError(f"reinit is {', '.join(map(repr, _REINIT))} or a bool, not {reinit!r}")
    return str(rule)


def _mode(mode: object) -> object:
    if mode not in _MODES:
        raise InvalidInputError(f"mode is {', '.join(map(repr, _MODES[1:]))}, not {mode!r}")
    return mode


def _readable(root: "str | os.PathLike[str] | None", start: Path) -> Workspace | None:
    """The projects in which a run would be; None where there are none."""
    try:
        return workspace_to_read(root, start)
    except NotFoundError:
        return None


def _same(run: Run, id_: str | None, project: str | None, entity: str | None, root: "str | os.PathLike[str] | None") -> Run:
    """The active run, if it is the one that is meant."""
    here = f"{run.entity}/{run.project}"
    if id_ not in (None, run.id) or full_name(entity, project, here) != here or not is_at(root, run._workspace):
        raise ConflictError(f"run {run.path} is still active; finish() it first, or give reinit='finish_previous' or 'create_new'")
    return run


def began(workspace: Workspace, said: RunFacts, config: Mapping[str, Any] | None, resume: str, reads: Workspace | None = None) -> Run:
    """The run, recorded as begun, or as going on; not yet the active one."""
    given = as_mapping({} if config is None else config, "config")
    recorded = check_values(given, "config", spelt)
    was_there: list[bool] = []

    def decide(runs: Runs) -> list[Record]:
        before = runs.find(said.id)
        check_may_begin(said.id, before, resume)
        was_there[:] = [before is not None]
        configured = [RunConfigRecord(run=said.id, config={**(before.config if before else {}), **recorded})] if given else []
        return [init_record(resumed(said, before)), *configured]

    with workspace.home.committing() as project:
        project.runbook.commit(decide)
        facts = project.runbook.runs.run(said.id)
    run = Run(workspace, facts, resumed=was_there[0], reads=reads)
    run.config.update(given)
    return run


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
