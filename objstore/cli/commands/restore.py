"""`objstore restore`: brings a deleted version back."""

import click

from objstore.cli import naming
from objstore.cli.opening import tell_waiting, with_project
from objstore.cli.output import print_line
from objstore.repository.project import Project
from objstore.repository.restoring import restore


@click.command()
@click.argument("name", metavar="NAME:V")
@with_project
def command(project: Project, name: str) -> None:
    """Bring a deleted version back, as long as gc hasn't freed it. Its aliases don't come back.

    One that had expired never does so again, unless `objstore ttl` says so.

    \b
    Example:
      objstore log images --all
      objstore restore images:v0
    """
    found = naming.exact_version(project, name, deleted=True)
    had_expired = restore(project, found.collection.name, found.version.name, tell_waiting)
    print_line(f"{found}  restored{'; it had expired, and never does again' * had_expired}")
