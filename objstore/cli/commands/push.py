"""`objstore push`: brings versions to the upstream."""

import click

from objstore.cli import completing
from objstore.cli.failing import DIFFERENT
from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import as_json, print_json, print_line
from objstore.cli.progress import progress
from objstore.cli.sizes import counted, size
from objstore.cli.transfers import fetched_as_dict, print_fetched, print_pushed
from objstore.errors import InvalidInputError
from objstore.repository.mirroring import mirror
from objstore.repository.project import Project
from objstore.repository.pushing import Pushed, push
from objstore.repository.remotes import UPSTREAM
from objstore.repository.verifying import Verified, verify


@click.command()
@click.argument("names", metavar="[NAME…]", nargs=-1, shell_complete=completing.collections)
@click.option("--remote", "mirror_name", metavar="R", help="Copy the upstream to R, a mirror of it.")
@click.option("--verify", "is_check", is_flag=True, help="Check first that the upstream has every pack, complete, and fill its holes.")
@click.option("--dry-run", is_flag=True, help="Only say what would be sent.")
@as_json
@with_project
def command(project: Project, names: tuple[str, ...], mirror_name: str | None, is_check: bool, dry_run: bool, as_json: bool) -> int:
    """Bring versions, and all that is said of them, to the upstream.

    Only what the upstream hasn't got is sent. Where somebody else has pushed meanwhile, versions are numbered anew behind theirs, and that
    is told. NAME… pushes only these collections; the first push takes all. Interrupted, it goes on next time where it was.

    With --remote R the upstream itself is copied to R: its log as it is, and whatever R lacks. That is refused where R has something in
    its log that the upstream hasn't.

    \b
    Example:
      objstore push
      objstore push images --dry-run
      objstore push --remote backup
    """
    if mirror_name is not None and mirror_name != UPSTREAM:
        if names or is_check:
            raise InvalidInputError("a mirror is copied as a whole: --remote goes without names and without --verify")
        return _mirrored(project, mirror_name, dry_run, as_json)
    if is_check and dry_run:
        raise InvalidInputError("--verify fills holes, so it doesn't go with --dry-run; `objstore fsck --remote` only looks")
    found = _verified(project) if is_check else None
    with progress() as shown:
        done = push(project, shown, names=names, dry_run=dry_run, waiting=tell_waiting)
    lost = found.lost if found else []
    if as_json:
        print_json(_as_dict(done) | (_verified_as_dict(found) if found else {}))
    else:
        print_pushed(done, project, quiet=bool(lost))
    return DIFFERENT if lost else 0


def _verified(project: Project) -> Verified:
    """Checks the upstream, and fills its holes."""
    with progress() as shown:
        found = verify(project, shown, tell_waiting)
    print_fetched(found.fetched, err=True)
    click.echo(f"checked {counted(found.packs, 'pack')}: {counted(len(found.broken), 'hole')}", err=True)
    if found.broken:
        click.echo(f"sent {counted(found.restored, 'object')} again", err=True)
    if found.lost:
        click.echo(f"{counted(len(found.lost), 'object')} can't be had here; `objstore fsck --remote` names the versions hit", err=True)
    return found


def _verified_as_dict(found: Verified) -> dict[str, object]:
    return {"verified": {"packs": found.packs, "broken": found.broken, "restored": found.restored, "lost": found.lost}}


def _mirrored(project: Project, name: str, dry_run: bool, as_json: bool) -> int:
    with progress() as shown:
        done = mirror(project, name, shown, dry_run=dry_run, waiting=tell_waiting)
    if as_json:
        print_json(done)
    elif done.entries or done.bytes:
        print_line(
            f"{'would copy' if dry_run else 'copied'} {counted(done.entries, 'log entry', 'log entries')} and {size(done.bytes)} to {name}"
        )
    else:
        print_line(f"{name} has everything already")
    return 0


def _as_dict(done: Pushed) -> dict[str, object]:
    return {
        "versions": [str(version) for version in done.versions],
        "records": done.records,
        "bytes": done.sent.bytes,
        "dry_run": done.dry_run,
        **fetched_as_dict(done.fetched),
    }
