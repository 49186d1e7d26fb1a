"""`objstore list`: the collections."""

from typing import Any

import click

from objstore.cli.opening import with_project
from objstore.cli.output import as_json, print_columns, print_json_list
from objstore.cli.sizes import counted, size
from objstore.history.collection import Collection, Version
from objstore.repository.project import Project


@click.command()
@click.option("-t", "--type", "type_", metavar="TYPE", help="Only collections of this type.")
@as_json
@with_project
def command(project: Project, type_: str | None, as_json: bool) -> None:
    """List the collections, with how much their newest version holds.

    \b
    Example:
      objstore list
      objstore list -t model --json
    """
    found = [collection for collection in project.state.collections.values() if type_ in (None, collection.type)]
    found.sort(key=lambda collection: collection.name)
    if as_json:
        print_json_list(_as_dict(collection) for collection in found)
    else:
        print_columns([_row(collection) for collection in found], right=(2, 4, 5))


def _newest(collection: Collection) -> Version | None:
    return next((version for version in reversed(collection.versions) if not version.deleted), None)


def _row(collection: Collection) -> list[str]:
    newest = _newest(collection)
    live = counted(sum(1 for _ in collection.live()), "version")
    held = [newest.name, counted(newest.files, "file"), size(newest.bytes), newest.created] if newest else ["", "", "", ""]
    return [collection.name, collection.type, live, *held, collection.description.partition("\n")[0]]


def _as_dict(collection: Collection) -> dict[str, Any]:
    newest = _newest(collection)
    return {
        "name": collection.name,
        "type": collection.type,
        "description": collection.description,
        "created": collection.created,
        "versions": sum(1 for _ in collection.live()),
        "newest": newest.name if newest else None,
        "files": newest.files if newest else 0,
        "bytes": newest.bytes if newest else 0,
        "aliases": {alias: f"v{number}" for alias, number in sorted(collection.aliases.items())},
    }
