"""`objstore alias`: aliases of a version."""

import click

from objstore.cli import completing, naming
from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import as_json, print_json, print_line
from objstore.cli.versions import as_dict, labels
from objstore.history import facts
from objstore.repository.labelling import change, take_aliases
from objstore.repository.project import Project


@click.command()
@click.argument("name", metavar="NAME:V", shell_complete=completing.versions)
@click.argument("aliases", metavar="ALIAS…", nargs=-1, required=True)
@click.option("-d", "--delete", is_flag=True, help="Take the aliases away.")
@as_json
@with_project
def command(project: Project, name: str, aliases: tuple[str, ...], delete: bool, as_json: bool) -> None:
    """Put aliases on a version, or take them away.

    An alias is on one version of a collection at a time, so putting it on one takes it off another.

    \b
    Example:
      objstore alias images:v3 prod
      objstore alias images:v3 prod -d
    """
    found = naming.exact_version(project, name)
    collection, ref = found.collection.name, found.version.name
    if delete:
        change(project, lambda state: take_aliases(state, collection, ref, aliases), tell_waiting)
    else:
        change(project, lambda state: facts.set_aliases(state, collection, ref, aliases), tell_waiting)
    now = naming.version(project, str(found))
    if as_json:
        print_json(as_dict(*now))
    else:
        print_line(f"{now}  {labels(now.collection.aliases_of(now.version.number)) or 'no aliases'}")
