"""`objstore describe`: the description of a version or a collection."""

import click

from objstore.cli import completing, naming
from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import print_line
from objstore.history import facts
from objstore.repository.labelling import change
from objstore.repository.project import Project


@click.command()
@click.argument("name", metavar="NAME[:V]", shell_complete=completing.versions)
@click.argument("text")
@with_project
def command(project: Project, name: str, text: str) -> None:
    """Set the description of a version or a collection.

    Without :V it is that of the collection itself.

    \b
    Example:
      objstore describe images "Photographs of cats, for the classifier"
      objstore describe images:v3 "Without the blurred ones"
    """
    ref = naming.parsed(project, name).ref
    if ref is None:
        what = collection = naming.collection(project, name).name
    else:
        found = naming.version(project, name)
        what, collection, ref = str(found), found.collection.name, found.version.name
    change(project, lambda state: facts.describe(state, collection, ref, text), tell_waiting)
    print_line(f"{what}  {text}" if text else f"{what}  no description")
