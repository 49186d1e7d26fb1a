"""How what a push, fetch or pull did is told to people and programs."""

from typing import Any

import click

from objstore.cli.output import print_line, print_warning
from objstore.cli.sizes import counted, size
from objstore.cli.storage import shown
from objstore.repository.fetching import Fetched
from objstore.repository.project import Project
from objstore.repository.pushing import Pushed
from objstore.values.printable import printable


def print_fetched(fetched: Fetched, *, err: bool = False) -> None:
    """What has become of the user's own changes; `err`: all of it on the standard error output."""
    for line in fetched.news():
        click.echo(printable(line), err=err)
    for text in fetched.in_vain:
        print_warning(text)
    for conflict in fetched.conflicts:
        print_warning(f"moved here and upstream: {conflict}; `objstore pull --ours` or `--theirs` decides")


def fetched_as_dict(fetched: Fetched) -> dict[str, Any]:
    return {
        "entries": fetched.entries,
        "renumbered": [{"old": str(old), "new": str(new)} for old, new in fetched.renumbered],
        "renamed": fetched.renamed,
        "revived": fetched.revived,
        "in_vain": fetched.in_vain,
        "conflicts": [str(conflict) for conflict in fetched.conflicts],
    }


def news(fetched: Fetched) -> str:
    """`3 new log entries`."""
    return f"{fetched.entries:,} new log entr{'y' if fetched.entries == 1 else 'ies'}" if fetched.entries else "nothing new"


def print_pushed(done: Pushed, project: Project, *, quiet: bool = False) -> None:
    """What the upstream has now; `quiet`: nothing if it had it before."""
    print_fetched(done.fetched)
    for version in done.versions:
        print_line(str(version))
    upstream = shown(project.connect().remote.address)
    if done.records:
        would = "would send" if done.dry_run else "sent"
        print_line(f"{would} {counted(done.records, 'record')} and {size(done.sent.bytes)} to {upstream}")
    elif not quiet:
        nothing = "has everything already" if project.state.collections else "gets nothing yet, since nothing was added here"
        print_line(f"{upstream} {nothing}")
