"""`objstore gc`: frees what no version needs."""

from dataclasses import fields

import click

from objstore.cli.duration import seconds
from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import as_json, print_json, print_line, print_warning
from objstore.cli.pinned import warn_of_pins
from objstore.cli.progress import progress
from objstore.cli.sizes import counted, size
from objstore.cli.transfers import fetched_as_dict, print_fetched
from objstore.errors import InvalidInputError
from objstore.history.expiry import PARTS_WAIT
from objstore.history.records import DeleteRecord
from objstore.repository.localgc import Freed, collect
from objstore.repository.project import Project
from objstore.repository.remotes import UPSTREAM


@click.command()
@click.option("--remote", is_flag=False, flag_value=UPSTREAM, metavar="[NAME]", help="Free in a remote, the upstream unless named.")
@click.option(
    "--min-age",
    type=seconds,
    metavar="AGE",
    help="In a remote: what was deleted less long ago stays (30m, 24h, 7d; 0 for nothing).  [default: 24h]",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be freed.")
@as_json
@with_project
def command(project: Project, remote: str | None, min_age: float | None, dry_run: bool, as_json: bool) -> None:
    """Free what no version needs, and merge small packs.

    First it deletes the versions whose time has passed (`objstore ttl`), and gives up parts that nobody has finished and none was added to
    for a week; in a clone only with --remote. Versions that were deleted can't
    be restored afterwards. Waits until nobody writes to the repository.

    With --remote it frees in the upstream, while others push there, pull, and perhaps collect, too. Versions that were deleted less than a
    day ago stay there, and so do packs of uploads that aren't finished. Cut off, it is brought to its end by the next one, whoever's that
    is. In a mirror only that goes which its upstream has freed and `objstore push --remote` has told it.

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
    _print_expired(project, freed)
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
        print_json({field.name: getattr(freed, field.name) for field in fields(freed)} | {"fetched": fetched_as_dict(freed.fetched)})
        return
    print_fetched(freed.fetched)
    if freed.finished:
        print_line(f"{'would finish' if freed.dry_run else 'finished'} {counted(freed.finished, 'collection')} that had been cut off")
    _print_expired(project, freed)
    _print_purged(freed.purged, freed.dry_run)
    for name in freed.restorable:
        print_line(f"{name}  was deleted a short time ago, so it stays; --min-age says how short")
    _print_freed(freed)
    if freed.requests:
        print_line(f"would write {size(freed.rewritten_bytes)} anew, with some {counted(freed.requests, 'request')}")
    if project.clone is not None and any(isinstance(record, DeleteRecord) for record in project.clone.replay.outgoing):
        print_line("what was deleted here since the last push isn't deleted upstream yet")


def _print_expired(project: Project, freed: Freed) -> None:
    for name in freed.expired:
        print_line(f"{name}  has expired, and {'would be' if freed.dry_run else 'was'} deleted")
    for name in freed.given_up:
        print_line(f"parts of {name}  {'would be' if freed.dry_run else 'were'} given up: none was added for {PARTS_WAIT.days} days")
    warn_of_pins(project, freed.expired)
    for name in freed.overdue:
        print_line(f"{name}  has expired, but stays")
    if freed.doubt:
        print_warning(f"{freed.doubt}; if the clock is right, `objstore expire --trust-clock` deletes what has expired")
    elif freed.overdue:
        print_line("gc in a clone deletes no version: `objstore gc --remote` does so upstream, `objstore expire` here")


def _print_purged(names: list[str], is_plan: bool) -> None:
    for name in names:
        print_line(f"{name}  can't be restored {'afterwards' if is_plan else 'any more'}")


def _print_freed(freed: Freed) -> None:
    would = "would free" if freed.dry_run else "freed"
    print_line(f"{would} {size(max(0, freed.bytes))}: {counted(freed.deleted, 'pack')} deleted, {freed.rewritten:,} rewritten")
