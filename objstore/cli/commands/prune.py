"""`objstore prune`: drops local data that the upstream holds."""

import click

from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import as_json, print_json, print_line
from objstore.cli.progress import progress
from objstore.cli.sizes import counted, size
from objstore.repository.project import Project
from objstore.repository.pruning import prune


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be dropped.")
@as_json
@with_project
def command(project: Project, dry_run: bool, as_json: bool) -> None:
    """Drop local data that the upstream holds.

    The upstream is asked first whether it has everything, whole. What isn't pushed yet stays, and so does metadata: log, ls, status
    and diff work as before. Data comes back when it is checked out or pulled, and is read from the upstream meanwhile.

    \b
    Example:
      objstore prune --dry-run
      objstore prune
    """
    with progress() as shown:
        freed = prune(project, shown, dry_run=dry_run, waiting=tell_waiting)
    if as_json:
        print_json(freed)
    else:
        would = "would free" if freed.dry_run else "freed"
        print_line(f"{would} {size(freed.bytes)}: {counted(freed.deleted, 'pack')} deleted, {freed.rewritten:,} rewritten")
