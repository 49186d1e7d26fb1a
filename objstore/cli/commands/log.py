"""`objstore log`: the versions of a collection."""

import click

from objstore.cli import completing, naming
from objstore.cli.opening import with_named_project
from objstore.cli.output import as_json, print_columns, print_json_list
from objstore.cli.sizes import counted, size
from objstore.cli.versions import as_dict, labels
from objstore.history.collection import Collection, Version
from objstore.repository.project import Project


@click.command()
@click.argument("name", shell_complete=completing.collections)
@click.option("--all", "deleted", is_flag=True, help="List deleted versions as well.")
@as_json
@with_named_project
def command(project: Project, name: str, deleted: bool, as_json: bool) -> None:
    """List the versions of a collection, newest first.

    \b
    Example:
      objstore log images
      objstore log images --json | jq -r '.[0].digest'
    """
    collection = naming.collection(project, name)
    versions = [version for version in reversed(collection.versions) if deleted or not version.deleted]
    if as_json:
        print_json_list(as_dict(collection, version) for version in versions)
    else:
        print_columns([_row(collection, version) for version in versions], right=(2, 3))


def _row(collection: Collection, version: Version) -> list[str]:
    shown = [labels([*collection.aliases_of(version.number), *(f"#{tag}" for tag in version.tags)])]
    if version.deleted:
        shown.append("(gone for good)" if version.purged else "(deleted)")
    said = version.description.partition("\n")[0]
    return [
        version.name,
        version.created,
        counted(version.files, "file"),
        size(version.bytes),
        version.root.short,
        " ".join(filter(None, shown)),
        said,
    ]
