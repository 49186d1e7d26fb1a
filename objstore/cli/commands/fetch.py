"""`objstore fetch`: sees what the upstream has."""

import click

from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import as_json, print_json, print_line
from objstore.cli.progress import progress
from objstore.cli.storage import shown
from objstore.cli.transfers import fetched_as_dict, news, print_fetched
from objstore.repository.fetching import fetch
from objstore.repository.project import Project


@click.command()
@as_json
@with_project
def command(project: Project, as_json: bool) -> None:
    """See what the upstream has: its log and metadata, no data.

    Afterwards log, ls and diff know all versions there. Data comes with pull, or when it is read.

    \b
    Example:
      objstore fetch
    """
    with progress() as watched:
        found = fetch(project, watched, tell_waiting)
    if as_json:
        print_json(fetched_as_dict(found))
        return
    print_fetched(found)
    print_line(f"{shown(project.connect().remote.address)}: {news(found)}")
