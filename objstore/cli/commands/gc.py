"""`objstore gc`: frees what no version needs."""

from typing import TYPE_CHECKING

import click

from objstore.cli.duration import seconds
from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import as_json, print_json, print_line
from objstore.cli.progress import progress
from objstore.cli.sizes import counted, size
from objstore.errors import InvalidInputError
from objstore.repository.collecting import Freed, collect
from objstore.repository.project import Project
from objstore.repository.remotes import UPSTREAM

if TYPE_CHECKING:
    from objstore.repository.collector import FreedThere


@click.command()
@click.option("--remote", is_flag=False, flag_value=UPSTREAM, metavar="[NAME]", help="Free in a remote, the upstream unless named.")
@click.option("--min-age", type=seconds, metavar="AGE", help="In a remote: leave alone what is younger (7d, 0).  [default: 24h]")
@click.option("--dry-run", is_flag=True, help="Only say what would be freed.")
@as_json
@with_project
def command(project: Project, remote: str | None, min_age: float | None, dry_run: bool, as_json: bool) -> None:
    """Free what no version needs, and merge small packs.

    Versions that were deleted can't be restored afterwards. Waits until nobody writes to the repository.

    With --remote it frees in the upstream, while others push there, pull, and perhaps collect, too. What was uploaded or deleted less than
    a day ago is left alone there. Cut off, it is brought to its end by the next one, whoever's that is. In a mirror only that goes which
    its upstream has freed.

    \b
    Example:
      objstore gc --dry-run
      objstore gc
      objstore gc --remote --min-age 7d
    """
    if remote is None and project.bucket is None:
        if min_age is not None:
            raise InvalidInputError("--min-age is about what is freed in a remote; add --remote")
        _collect_here(project, dry_run, as_json)
    else:
        _collect_there(project, remote, min_age, dry_run, as_json)


def _collect_here(project: Project, dry_run: bool, as_json: bool) -> None:
    with progress() as shown:
        freed = collect(project, shown, dry_run=dry_run, waiting=tell_waiting)
    if as_json:
        print_json(freed)
        return
    _print_purged(freed.purged, freed.dry_run)
    _print_freed(freed)


def _collect_there(project: Project, remote: str | None, age: float | None, dry_run: bool, as_json: bool) -> None:
    from objstore.repository.remotegc import MIN_AGE, collect_bucket, collect_remote

    min_age = MIN_AGE if age is None else age
    with progress() as shown:
        if remote is None:
            freed = collect_bucket(project, shown, min_age=min_age, dry_run=dry_run)
        else:
            freed = collect_remote(project, shown, remote, min_age=min_age, dry_run=dry_run, waiting=tell_waiting)
    if as_json:
        print_json(freed)
        return
    if freed.finished:
        begun = counted(freed.finished, "collection")
        print_line(f"{'would finish' if freed.dry_run else 'finished'} {begun} that somebody else had begun")
    _print_purged(freed.purged, freed.dry_run)
    for name in freed.restorable:
        print_line(f"{name}  was deleted a short time ago, so it stays; --min-age says how short")
    _print_freed(freed)
    if freed.dry_run:
        print_line(f"would write {size(freed.rewritten_bytes)} anew, with some {counted(freed.requests, 'request')}")


def _print_purged(names: list[str], is_plan: bool) -> None:
    for name in names:
        print_line(f"{name}  can't be restored {'afterwards' if is_plan else 'any more'}")


def _print_freed(freed: "Freed | FreedThere") -> None:
    would = "would free" if freed.dry_run else "freed"
    print_line(f"{would} {size(freed.bytes)}: {counted(freed.deleted, 'pack')} deleted, {freed.rewritten:,} rewritten")
