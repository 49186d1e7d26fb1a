"""`objstore list`: the collections."""

from collections.abc import Sequence
from typing import Any

import click

from objstore.cli.opening import tell_project, with_project
from objstore.cli.output import as_json, print_columns, print_json_list
from objstore.cli.sizes import counted, size
from objstore.history.collection import Collection, Version
from objstore.history.pending import Pending
from objstore.repository.project import Project


@click.command()
@click.option("-t", "--type", "type_", metavar="TYPE", help="Only collections of this type.")
@as_json
@with_project
def command(project: Project, type_: str | None, as_json: bool) -> None:
    """List the collections, with how much their newest version holds, and parts of versions that nobody has finished yet.

    \b
    Example:
      objstore list
      objstore list -t model --json
    """
    found = [collection for collection in project.state.collections.values() if type_ in (None, collection.type)]
    found.sort(key=lambda collection: collection.name)
    pendings = [pending for pending in project.state.pendings.values() if type_ in (None, pending.type)]
    if as_json:
        print_json_list(_as_dict(collection, pendings) for collection in found)
    else:
        tell_project(project)
        print_columns([*map(_row, found), *map(_parts, pendings)], right=(2, 4, 5))


def _newest(collection: Collection) -> Version | None:
    return next((version for version in reversed(collection.versions) if not version.deleted), None)


def _row(collection: Collection) -> list[str]:
    newest = _newest(collection)
    live = counted(sum(1 for _ in collection.live()), "version")
    held = [newest.name, counted(newest.files, "file"), size(newest.bytes), newest.created] if newest else ["", "", "", ""]
    return [collection.name, collection.type, live, *held, collection.description.partition("\n")[0]]


def _parts(pending: Pending) -> list[str]:
    parts = pending.parts.values()
    held = [counted(sum(part.files for part in parts), "file"), size(sum(part.bytes for part in parts))]
    newest = max(part.created for part in parts)
    return [pending.collection, pending.type, f"parts ({counted(len(parts), 'writer')})", "", *held, newest, pending.id]


def _as_dict(collection: Collection, pendings: Sequence[Pending]) -> dict[str, Any]:
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
        "parts": {pending.id: sorted(pending.parts) for pending in pendings if pending.collection == collection.name},
        "aliases": {alias: f"v{number}" for alias, number in sorted(collection.aliases.items())},
    }
