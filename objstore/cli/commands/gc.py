"""`objstore gc`: frees what no version needs."""

import click

from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import as_json, print_json, print_line
from objstore.cli.progress import progress
from objstore.cli.sizes import counted, size
from objstore.repository.collecting import Freed, collect
from objstore.repository.project import Project


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be freed.")
@as_json
@with_project
def command(project: Project, dry_run: bool, as_json: bool) -> None:
    """Free what no version needs, and merge small packs.

    Versions that were deleted can't be restored afterwards. Waits until nobody writes to the repository.

    \b
    Example:
      objstore gc --dry-run
      objstore gc
    """
    with progress() as shown:
        freed = collect(project, shown, dry_run=dry_run, waiting=tell_waiting)
    if as_json:
        print_json(freed)
    else:
        _print(freed)


def _print(freed: Freed) -> None:
    for name in freed.purged:
        print_line(f"{name}  can't be restored {'afterwards' if freed.dry_run else 'any more'}")
    would = "would free" if freed.dry_run else "freed"
    print_line(f"{would} {size(freed.bytes)}: {counted(freed.deleted, 'pack')} deleted, {freed.rewritten:,} rewritten")
