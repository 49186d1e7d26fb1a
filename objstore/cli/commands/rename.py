"""`objstore rename`: another name for a collection."""

import click

from objstore.cli import completing, naming
from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import print_line
from objstore.cli.pins import print_to_commit
from objstore.history import facts
from objstore.history.names import check_collection_name
from objstore.repository.labelling import change
from objstore.repository.pinning import rename_collection
from objstore.repository.project import Project
from objstore.repository.workingtree import WorkingTree


@click.command()
@click.argument("old", shell_complete=completing.collections)
@click.argument("new")
@with_project
def command(project: Project, old: str, new: str) -> None:
    """Give a collection another name. Its versions, numbers and aliases stay.

    Pins in this working tree that name it follow.

    \b
    Example:
      objstore rename images photographs
    """
    collection = naming.collection(project, old).name
    check_collection_name(new)
    change(project, lambda state: facts.rename(state, collection, new), tell_waiting)
    print_line(f"{collection} is now {new}")
    if project.tree is not None:
        print_to_commit(rename_collection(WorkingTree.of(project), collection, new))
