"""`objstore rm`: deletes a version."""

import os

import click

from objstore.cli import completing, naming
from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import print_line, print_warning
from objstore.history.versions import delete_version
from objstore.repository.labelling import change
from objstore.repository.project import Project
from objstore.repository.workingtree import WorkingTree


@click.command()
@click.argument("name", metavar="NAME:V", shell_complete=completing.versions)
@click.option("--aliases", is_flag=True, help="Delete it although it has aliases, with them.")
@with_project
def command(project: Project, name: str, aliases: bool) -> None:
    """Delete a version; it can be restored until gc. One that was never pushed is gone with the next push.

    Refused while an alias is on it, latest as well, unless --aliases is given. Its number isn't used again.

    \b
    Example:
      objstore rm images:v0
      objstore gc
    """
    found = naming.exact_version(project, name)
    collection, ref = found.collection.name, found.version.name
    change(project, lambda state: delete_version(state, collection, ref, delete_aliases=aliases), tell_waiting)
    until = "gc, or until a push, which leaves it out" if _is_unpushed(project, found) else "gc"
    print_line(f"{found}  deleted; `objstore restore {found}` brings it back until {until}")
    if project.tree is not None:
        tree = WorkingTree.of(project)
        for path in tree.paths_of(collection):
            if tree.read(path).root == found.version.root:
                print_warning(f"{os.path.relpath(path)} is pinned to it")


def _is_unpushed(project: Project, name: naming.Named) -> bool:
    """Whether the upstream has never seen a version."""
    return project.clone is not None and str(name) in map(str, project.clone.replay.versions.values())
