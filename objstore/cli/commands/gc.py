"""`objstore gc`: frees what no version needs."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click

from objstore.cli.duration import seconds
from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import as_json, print_json, print_line, print_warning
from objstore.cli.pinned import warn_of_pins
from objstore.cli.progress import progress
from objstore.cli.sizes import counted, size
from objstore.cli.transfers import fetched_as_dict, print_fetched
from objstore.history.expiry import PARTS_WAIT
from objstore.history.records import DeleteRecord
from objstore.repository.collecting import collect
from objstore.repository.project import Project
from objstore.repository.remotes import UPSTREAM

if TYPE_CHECKING:
    from objstore.repository.collector import FreedThere
    from objstore.repository.localgc import Freed


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
    with progress() as shown:
        freed = collect(project, shown, remote=remote, min_age=min_age, dry_run=dry_run, waiting=tell_waiting)
    from objstore.repository.collector import FreedThere  # with all that has to do with remotes

    there = freed if isinstance(freed, FreedThere) else None
    if as_json:
        print_json(_as_dict(there) if there else freed)
        return
    if there:
        print_fetched(there.fetched)
        if there.finished:
            print_line(f"{'would finish' if dry_run else 'finished'} {counted(there.finished, 'collection')} that had been cut off")
    _print_expired(project, freed)
    _print_purged(freed.purged, freed.dry_run)
    for name in there.restorable if there else ():
        print_line(f"{name}  was deleted a short time ago, so it stays; --min-age says how short")
    _print_freed(freed)
    if there and there.requests:
        print_line(f"would write {size(there.rewritten_bytes)} anew, with some {counted(there.requests, 'request')}")
    if there and project.clone is not None and any(isinstance(record, DeleteRecord) for record in project.clone.replay.outgoing):
        print_line("what was deleted here since the last push isn't deleted upstream yet")


def _as_dict(freed: "FreedThere") -> dict[str, Any]:
    return {field.name: getattr(freed, field.name) for field in fields(freed)} | {"fetched": fetched_as_dict(freed.fetched)}


def _print_expired(project: Project, freed: "Freed") -> None:
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


def _print_freed(freed: "Freed") -> None:
    would = "would free" if freed.dry_run else "freed"
    print_line(f"{would} {size(max(0, freed.bytes))}: {counted(freed.deleted, 'pack')} deleted, {freed.rewritten:,} rewritten")
