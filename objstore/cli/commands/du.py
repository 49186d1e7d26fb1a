"""`objstore du`: how much space is used."""

from collections.abc import Iterator

import click

from objstore.cli import completing, naming
from objstore.cli.opening import with_project
from objstore.cli.output import as_json, print_columns, print_json
from objstore.cli.sizes import counted, size
from objstore.repository.project import Project
from objstore.repository.usage import CollectionUsage, Usage, usage


@click.command()
@click.argument("name", required=False, shell_complete=completing.collections)
@as_json
@with_project
def command(project: Project, name: str | None, as_json: bool) -> None:
    """Show how much space is used: by each collection (or the one named), and by the repository as a whole.

    For each collection: what its versions hold together, and what is stored of that. Content that several collections
    share counts in each.

    \b
    Example:
      objstore du
    """
    found = usage(project, None if name is None else [naming.collection(project, name).name])
    if as_json:
        print_json(_as_dict(found, whole=name is None))
        return
    print_columns([_row(collection) for collection in found.collections], right=(1, 2, 3, 4))
    if name is None:
        print_columns(_totals(found), right=(1,))


def _row(used: CollectionUsage) -> list[str]:
    held, stored = f"{size(used.bytes)} in all", f"{size(used.reachable_bytes)} stored"
    return [used.name, counted(used.versions, "version"), counted(used.files, "file"), held, stored]


def _totals(used: Usage) -> Iterator[tuple[str, str]]:
    yield "packs", size(used.pack_bytes)
    yield "index", size(used.index_bytes)
    yield "log", size(used.log_bytes)
    yield "total", size(used.store_bytes)
    yield "cache", size(used.cache_bytes)


def _as_dict(used: Usage, *, whole: bool) -> dict[str, object]:
    totals = {name: getattr(used, name) for name in ("store_bytes", "pack_bytes", "index_bytes", "log_bytes", "cache_bytes")}
    return {**(totals if whole else {}), "collections": used.collections}
