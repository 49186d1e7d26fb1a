"""`objstore expire`: deletes versions whose time has passed."""

import click

from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import as_json, print_json, print_line, print_warning
from objstore.cli.pinned import warn_of_pins
from objstore.cli.versions import print_until_gc
from objstore.history.expiry import PARTS_WAIT
from objstore.repository.expiring import expire
from objstore.repository.project import Project


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@click.option("--trust-clock", is_flag=True, help="Although nothing was logged for more than a year, by the clock.")
@as_json
@with_project
def command(project: Project, dry_run: bool, trust_clock: bool, as_json: bool) -> None:
    """Delete the versions whose time has passed, whatever aliases are on them; they can be restored until gc. Parts of
    a version that nobody has finished, and that none was added to for a week, are given up.

    `objstore ttl` sets how long versions live. A clone goes by what it knows of its upstream, so `objstore fetch` first; the deletions
    wait to be pushed, like any change. When the clock seems to be years ahead (it says that nothing was logged for more than a year),
    nothing is deleted unless --trust-clock is given.

    \b
    Example:
      objstore expire --dry-run
      objstore expire
    """
    expired = expire(project, trust_clock=trust_clock, dry_run=dry_run, waiting=tell_waiting)
    if as_json:
        print_json(expired)
        return
    for version in expired.versions:
        with_aliases = f", with {', '.join(version.aliases)}" if version.aliases else ""
        print_line(f"{version.name}  expired {version.expired_at}{with_aliases}{'' if dry_run else '; deleted'}")
    for name in expired.given_up:
        print_line(f"parts of {name}  none was added for {PARTS_WAIT.days} days{'' if dry_run else '; given up'}")
    if not expired.versions and not expired.given_up:
        print_line("nothing has expired")
    if expired.doubt:
        print_warning(f"{expired.doubt}; nothing is deleted without --trust-clock")
    if expired.versions and not dry_run:
        print_until_gc(project)
        warn_of_pins(project, [version.name for version in expired.versions])
