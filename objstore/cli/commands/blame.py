"""`objstore blame`: since when files are what they are."""

import click

from objstore.cli import completing, naming
from objstore.cli.opening import with_named_project
from objstore.cli.output import as_json, print_columns, print_json
from objstore.repository.blaming import Blame, blame
from objstore.repository.lineage import run_names
from objstore.repository.project import Project
from objstore.values.paths import canonical


@click.command()
@click.argument("name", metavar="NAME[:V]", shell_complete=completing.versions)
@click.argument("path", default="", shell_complete=completing.paths)
@as_json
@with_named_project
def command(project: Project, name: str, path: str, as_json: bool) -> None:
    """Show in which version a file last changed, and which run made it.

    PATH may be a folder of the version: then every file in it is told of; without PATH every file there is. Versions that are deleted
    don't count.

    \b
    Example:
      objstore blame images:v3 labels/train.csv
    """
    named = naming.version(project, name)
    found = list(blame(project.database, named.collection, named.version, canonical(path) if path else ""))
    names = run_names(project, [each.run for each in found if each.run is not None])
    if as_json:
        print_json([each.to_dict() for each in found])
    else:
        print_columns([_row(each, names[each.run] if each.run else "") for each in found])


def _row(each: Blame, run: str) -> tuple[str, ...]:
    return each.version.name, each.change, each.version.created, f"run {run}" if run else "no run", each.path
