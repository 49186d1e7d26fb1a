"""`objstore pull`: brings versions from the upstream."""

import click

from objstore.cli import completing
from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import as_json, print_json, print_line
from objstore.cli.progress import progress
from objstore.cli.sizes import size
from objstore.cli.storage import shown
from objstore.cli.transfers import fetched_as_dict, news, print_fetched
from objstore.errors import InvalidInputError
from objstore.repository.project import Project
from objstore.repository.pulling import Side, everything, named, pull


@click.command()
@click.argument("names", metavar="[NAME[:V]…]", nargs=-1, shell_complete=completing.versions)
@click.option("--path", "prefix", metavar="PREFIX", default="", help="Only the file or folder PREFIX of the one version.")
@click.option("--ours", is_flag=True, help="Where both sides have moved an alias, keep ours.")
@click.option("--theirs", is_flag=True, help="Where both sides have moved an alias, take theirs.")
@as_json
@with_project
def command(project: Project, names: tuple[str, ...], prefix: str, ours: bool, theirs: bool, as_json: bool) -> None:
    """Bring versions from the upstream, data and all, so that they can be read without it.

    Without names all versions, else only the data of those that are named. No file outside of .objstore/ is touched: `checkout` and
    `get` write files. Your own versions that the upstream hasn't got yet come behind its own, perhaps with other numbers; that is told.

    \b
    Example:
      objstore pull
      objstore pull images:v3 --path train/cats
    """
    if ours and theirs:
        raise InvalidInputError("--ours and --theirs exclude each other")
    if prefix and len(names) != 1:
        raise InvalidInputError("--path goes with one version: objstore pull NAME:V --path PREFIX")
    side: Side | None = "ours" if ours else "theirs" if theirs else None
    with progress() as watched:
        done = pull(
            project, watched, lambda state: named(state, names, prefix) if names else everything(state), side=side, waiting=tell_waiting
        )
    if as_json:
        print_json({"objects": done.objects, "bytes": done.bytes, **fetched_as_dict(done.fetched)})
        return
    print_fetched(done.fetched)
    what = f"{size(done.bytes)} of data"
    is_late = done.objects and not done.fetched.entries
    print_line(
        f"{shown(project.connect().remote.address)}: {f'{what}, of versions known already' if is_late else f'{news(done.fetched)}, {what}'}"
    )
