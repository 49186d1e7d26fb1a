"""`objstore init`: makes a repository."""

import os
from pathlib import Path

import click

from objstore.cli.opening import Folder, start_folder
from objstore.cli.output import print_line
from objstore.cli.pins import print_to_commit
from objstore.errors import ConflictError
from objstore.repository.gitfiles import adopt
from objstore.repository.project import Project


@click.command()
@click.argument("folder", metavar="[DIR]", required=False, type=Folder())
@click.option("--project", metavar="P", help="The project's name, or ENTITY/NAME; else the folder's name.")
@click.option("--store", metavar="PATH", type=click.Path(path_type=Path), help="Share the store at PATH, or that of the folder PATH.")
def command(folder: Path | None, project: str | None, store: Path | None) -> None:
    """Make a repository.

    It lives in DIR/.objstore (DIR is made when missing; the current folder unless given), beside the files that you add to it.

    In a Git repository it also writes objstore.toml, to be committed, and has Git ignore .objstore/. In a clone, the first command
    makes .objstore/ from that file.

    With --store only a reference is made, to a store that several clones or working trees may share: that of another folder with
    .objstore/, or a folder of its own (made when missing).

    \b
    Example:
      objstore init
      objstore init datasets --project vision
      objstore init --store ../main
    """
    top = folder or start_folder()
    try:
        opened, is_new = Project.create(top, project, store), True
    except ConflictError:
        if store is not None or project is not None or not (top / ".objstore").exists():
            raise
        opened, is_new = Project.find(top), False
    with opened:
        to_commit = adopt(opened, Path(os.path.realpath(top)))
        if not is_new and not to_commit:
            raise ConflictError(f"{top / '.objstore'} exists already; it is ready to use")
        if is_new:
            where = f"{top / '.objstore'}, which shares {os.path.relpath(opened.folder)}" if store else str(opened.folder)
            print_line(f"made {where}")
        print_to_commit(to_commit)
