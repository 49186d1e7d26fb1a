"""`objstore push`: brings versions to the upstream."""

import click

from objstore.cli import completing
from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import as_json, print_json
from objstore.cli.progress import progress
from objstore.cli.transfers import fetched_as_dict, print_pushed
from objstore.repository.project import Project
from objstore.repository.pushing import Pushed, push


@click.command()
@click.argument("names", metavar="[NAME…]", nargs=-1, shell_complete=completing.collections)
@click.option("--dry-run", is_flag=True, help="Only say what would be sent.")
@as_json
@with_project
def command(project: Project, names: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Bring versions, and all that is said of them, to the upstream.

    Only what the upstream hasn't got is sent. Where somebody else has pushed meanwhile, versions are numbered anew behind theirs, and that
    is told. NAME… pushes only these collections. Interrupted, it goes on next time where it was.

    \b
    Example:
      objstore push
      objstore push images --dry-run
    """
    with progress() as shown:
        done = push(project, shown, names=names, dry_run=dry_run, waiting=tell_waiting)
    if as_json:
        print_json(_as_dict(done))
    else:
        print_pushed(done, project)


def _as_dict(done: Pushed) -> dict[str, object]:
    return {
        "versions": [str(version) for version in done.versions],
        "records": done.records,
        "bytes": done.sent.bytes,
        "dry_run": done.dry_run,
        **fetched_as_dict(done.fetched),
    }
