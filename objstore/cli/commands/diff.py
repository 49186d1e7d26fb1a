"""`objstore diff`: what differs between two sides."""

from pathlib import Path

import click

from objstore.cli import completing, naming
from objstore.cli.differences import print_diff
from objstore.cli.failing import DIFFERENT
from objstore.cli.opening import with_project
from objstore.cli.output import as_json, print_json
from objstore.cli.progress import progress
from objstore.errors import InvalidInputError
from objstore.history.collection import Version
from objstore.history.names import parse_name
from objstore.repository.comparing import diff_files
from objstore.repository.project import Project


@click.command()
@click.argument("old", metavar="A", shell_complete=completing.versions)
@click.argument("new", metavar="B", shell_complete=completing.versions)
@as_json
@with_project
def command(project: Project, old: str, new: str, as_json: bool) -> int:
    """Show what differs between two versions, or a version and a folder on the disk.

    A and B are each NAME[:V], or a folder, compared as it would be added. When a collection and a folder have the same
    name the collection is meant; write ./NAME for the folder. The exit code is 1 when they differ, 0 when they don't.

    \b
    Example:
      objstore diff images:v1 images:v2
      objstore diff images ./images
    """
    with progress() as shown:
        found = diff_files(project, side(project, old), side(project, new), shown)
    if as_json:
        print_json({"old": old, "new": new, **found.to_dict()})
    else:
        print_diff(found)
    return DIFFERENT if found else 0


def side(project: Project, text: str) -> Version | Path:
    """The version or the folder that is meant."""
    folder = Path(text)
    if text.startswith((".", "/")):
        return folder
    looks_like_folder = "/" in text or folder.exists()
    try:
        name = parse_name(text)
    except InvalidInputError:
        if looks_like_folder:
            return folder
        raise
    is_known = naming.is_here(project, name) and project.state.find_collection(name.collection) is not None
    return folder if looks_like_folder and name.ref is None and not is_known else naming.version(project, text).version
