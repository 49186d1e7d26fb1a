"""`objstore cat`: a file of a version, on the standard output."""

import sys

import click

from objstore.cli import completing, naming
from objstore.cli.opening import with_named_project
from objstore.errors import EntryNotFoundError
from objstore.manifest.cursor import get, totals
from objstore.odb.content import file_blocks
from objstore.repository.project import Project
from objstore.values.paths import canonical
from objstore.worktree.fetching import Fetching
from objstore.worktree.references import Contents, is_reference


@click.command()
@click.argument("name", metavar="NAME[:V]", shell_complete=completing.versions)
@click.argument("path", shell_complete=completing.paths)
@with_named_project
def command(project: Project, name: str, path: str) -> None:
    """Write a file of a version to the standard output.

    Every byte is verified; when the store is damaged the output ends early and the exit code is 5. What a reference refers to is
    fetched, and checked against what was recorded: when it is something else now, the exit code is 4.

    \b
    Example:
      objstore cat images:v3 labels.csv | head
    """
    inner = canonical(path).encode()
    root = naming.version(project, name).version.root
    entry = get(project.database, root, inner)
    if entry is None:
        if totals(project.database, root, inner).files:
            raise EntryNotFoundError(f"{path} is a folder in {name}; `objstore ls {name} {path}` lists its files")
        raise EntryNotFoundError(f"{name} has no file {path}; `objstore ls {name}` lists what it has")
    if is_reference(entry):
        with Fetching(Contents(project.database.cache)) as fetching:
            for block in fetching.blocks(inner, entry):
                sys.stdout.buffer.write(block)
        return
    for pieces in file_blocks(project.database, entry.digest, entry.size):
        for piece in pieces:
            sys.stdout.buffer.write(piece)
