"""`objstore tag`: tags of a version."""

import click

from objstore.cli import completing, naming
from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import as_json, print_json, print_line
from objstore.cli.versions import as_dict
from objstore.history import facts
from objstore.repository.labelling import change, take_tags
from objstore.repository.project import Project


@click.command()
@click.argument("name", metavar="NAME:V", shell_complete=completing.versions)
@click.argument("tags", metavar="TAG…", nargs=-1, required=True)
@click.option("-d", "--delete", is_flag=True, help="Take the tags away.")
@as_json
@with_project
def command(project: Project, name: str, tags: tuple[str, ...], delete: bool, as_json: bool) -> None:
    """Put tags on a version, or take them away.

    Unlike an alias, a tag may be on any number of versions; it doesn't name one.

    \b
    Example:
      objstore tag images:v3 reviewed
      objstore tag images:v3 reviewed -d
    """
    found = naming.exact_version(project, name)
    collection, ref = found.collection.name, found.version.name
    if delete:
        change(project, lambda state: take_tags(state, collection, ref, tags), tell_waiting)
    else:
        change(project, lambda state: facts.set_tags(state, collection, ref, add=tags), tell_waiting)
    now = naming.version(project, str(found))
    if as_json:
        print_json(as_dict(*now))
    else:
        print_line(f"{now}  {', '.join(now.version.tags) or 'no tags'}")
