"""Logging a draft by a script that has begun no run."""

from objstore.history.runs import RunFacts
from objstore.sdk import active
from objstore.sdk.artifact import Artifact
from objstore.sdk.runinfo import new_run_id
from objstore.sdk.session import Session
from objstore.sdk.workspace import Workspace

JOB_TYPE = "auto"


def log_alone(artifact: Artifact, session: Session | None, project: str | None) -> None:
    """Logs it by the active run, else by a run of its own in that session, or where `init` would begin one."""
    run = active.active()
    if run is not None:
        run.log_artifact(artifact).wait()
        return
    if session is None or session.is_private:
        begun = active.init(project, job_type=JOB_TYPE)
    else:
        begun = active.began(Workspace.of(session), RunFacts(new_run_id(), "", "", JOB_TYPE), None, "allow")
    with begun as run:
        run.log_artifact(artifact).wait()
