"""`objstore show`: what is known of a version."""

import json
from collections.abc import Iterator

import click

from objstore.cli import completing, naming
from objstore.cli.opening import with_named_project
from objstore.cli.output import as_json, print_columns, print_json, print_line
from objstore.cli.sizes import size
from objstore.cli.versions import as_dict, labels, life_as_dict, life_of
from objstore.history.collection import Collection, Version
from objstore.history.state import State
from objstore.repository.project import Project


@click.command()
@click.argument("name", metavar="NAME[:V]", shell_complete=completing.versions)
@as_json
@with_named_project
def command(project: Project, name: str, as_json: bool) -> None:
    """Show what is known of a version.

    \b
    Example:
      objstore show images:v3
    """
    collection, version = naming.version(project, name)
    if as_json:
        print_json(as_dict(collection, version) | life_as_dict(project.state, collection, version))
        return
    print_columns(_rows(project.state, collection, version))
    if version.description:
        print_line("")
        for line in version.description.splitlines():
            print_line(f"    {line}")


def _rows(state: State, collection: Collection, version: Version) -> Iterator[tuple[str, str]]:
    yield "name", f"{collection.name}:{version.name}"
    yield "type", collection.type
    yield "digest", version.root.hex()
    yield "files", f"{version.files:,}"
    yield "size", f"{size(version.bytes)} ({version.bytes:,} bytes)"
    yield "created", version.created
    if state.ttl(version) is not None:
        yield "ttl", life_of(state, collection, version)
    yield "aliases", labels(collection.aliases_of(version.number)) or "none"
    if version.tags:
        yield "tags", ", ".join(version.tags)
    for key, value in version.metadata.items():
        yield f"meta {key}", json.dumps(value, ensure_ascii=False)
