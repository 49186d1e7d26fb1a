"""`objstore prune-versions`: deletes old versions of a collection."""

import click

from objstore.cli import completing, naming
from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import as_json, print_json, print_line
from objstore.cli.versions import print_until_gc
from objstore.repository.project import Project
from objstore.repository.retaining import prune_versions


@click.command()
@click.argument("name", metavar="NAME", shell_complete=completing.collections)
@click.option("--keep-last", type=click.IntRange(min=1), required=True, metavar="N", help="How many of the newest versions stay.")
@click.option("--keep-aliased", is_flag=True, help="Older ones with an alias stay too; else they are refused.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@as_json
@with_project
def command(project: Project, name: str, keep_last: int, keep_aliased: bool, dry_run: bool, as_json: bool) -> None:
    """Delete the versions of a collection but for the last few; they can be restored until gc.

    The version that is `latest` always stays, and so do versions that are pinned in this working tree. If another alias is on one that
    would go, nothing is deleted, unless --keep-aliased is given. In a clone the deletions wait to be pushed, like any change.

    \b
    Example:
      objstore prune-versions images --keep-last 10 --keep-aliased --dry-run
      objstore prune-versions images --keep-last 10 --keep-aliased
    """
    collection = naming.collection(project, name).name
    pruned = prune_versions(project, collection, keep_last, keep_aliased=keep_aliased, dry_run=dry_run, waiting=tell_waiting)
    if as_json:
        print_json(pruned)
        return
    for version in pruned.deleted:
        print_line(f"{version}  {'would be deleted' if dry_run else 'deleted'}")
    for spared in pruned.spared:
        print_line(f"{spared.name}  stays: {spared.why}")
    if not pruned.deleted:
        print_line("nothing to delete")
    elif not dry_run:
        print_until_gc(project)
