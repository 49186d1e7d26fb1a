"""`objstore runs`: the runs of a project."""

from itertools import islice
from typing import Any

import click

from objstore.cli.opening import tell_project, with_project
from objstore.cli.output import as_json, print_columns, print_json_list
from objstore.history.runs import RunFacts, Runs
from objstore.repository.project import Project


@click.command()
@click.option("-n", "--most", metavar="N", type=click.IntRange(min=1), help="Only the N that began last.")
@click.option("-g", "--group", metavar="GROUP", help="Only runs of this group.")
@click.option("--sweep", metavar="SWEEP", help="Only runs of this sweep.")
@click.option("--state", type=click.Choice(["running", "finished", "failed"]), help="Only runs in this state.")
@as_json
@with_project
def command(project: Project, most: int | None, group: str | None, sweep: str | None, state: str | None, as_json: bool) -> None:
    """List the runs, the newest first: when each began, what it is called, how it ended, how many versions it used and logged.

    \b
    Example:
      objstore runs -n 20
      objstore runs --state failed --json | jq -r '.[].id'
    """
    project.runbook.refresh()
    runs = project.runbook.runs
    ids = runs.ids_of_sweep(sweep) if sweep is not None else runs.ids()
    chosen = (facts for facts in map(runs.run, reversed(ids)) if group in (None, facts.group) and state in (None, facts.state))
    found = islice(chosen, most)
    if as_json:
        print_json_list(_as_dict(runs, facts) for facts in found)
    else:
        tell_project(project)
        print_columns([_row(runs, facts) for facts in found], right=(5, 6))


def _row(runs: Runs, facts: RunFacts) -> list[str]:
    said = [*([f"group {facts.group}"] if facts.group else []), *(f"#{tag}" for tag in facts.tags), facts.notes.partition("\n")[0]]
    name = facts.name if facts.name != facts.id else ""
    used, logged = len(runs.used(facts.id)), len(runs.logged(facts.id))
    return [facts.id, facts.created, facts.state, name, facts.job_type, f"{used} used", f"{logged} logged", " ".join(said).strip()]


def _as_dict(runs: Runs, facts: RunFacts) -> dict[str, Any]:
    return {
        "id": facts.id,
        "name": facts.name,
        "state": facts.state,
        "created": facts.created,
        "finished": facts.finished or None,
        "job_type": facts.job_type,
        "group": facts.group,
        "sweep": facts.sweep,
        "tags": list(facts.tags),
        "notes": facts.notes,
        "config": facts.config,
        "summary": facts.summary,
        "used": len(runs.used(facts.id)),
        "logged": len(runs.logged(facts.id)),
    }
