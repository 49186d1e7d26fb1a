"""`objstore init`: makes a repository."""

from pathlib import Path

import click

from objstore.cli.opening import start_folder
from objstore.cli.output import print_line
from objstore.repository.project import Project


@click.command()
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--project", metavar="P", help="The project's name, or ENTITY/NAME; else the folder's name.")
def command(folder: Path | None, project: str | None) -> None:
    """Make a repository.

    It lives in DIR/.objstore (DIR is made when missing; the current folder unless given), beside the files that you add to it.

    \b
    Example:
      objstore init
      objstore init datasets --project vision
    """
    with Project.create(folder or start_folder(), project) as made:
        print_line(f"made {made.folder}")
