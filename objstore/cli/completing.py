"""What the shell may offer for a name or a path. Whatever goes wrong, it just offers nothing."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click

from objstore.cli import naming
from objstore.errors import ObjstoreError
from objstore.history.collection import Collection
from objstore.manifest.cursor import children
from objstore.repository.project import Project, open_project

_MOST = 200


def collections(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of collections."""
    with _project(ctx) as project:
        return [name for name in _names(project) if name.startswith(incomplete)]
    return []


def versions(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of collections; once one is meant, of its versions, newest first."""
    with _project(ctx) as project:
        found = [name for name in _names(project) if name.startswith(incomplete.partition(":")[0])]
        named = project.state.find_collection(found[0]) if len(found) == 1 or ":" in incomplete else None
        if named is None:
            return found
        return [name for name in _versions(named) if name.startswith(incomplete)]
    return []


def paths(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """What the folder of a version that is being typed holds."""
    folder = incomplete.rpartition("/")[0]
    with _project(ctx) as project:
        root = naming.version(project, ctx.params["name"]).version.root
        found = children(project.database, root, folder.encode())
        names = (f"{folder}/" * bool(folder) + child.name.decode() + "/" * child.is_folder for child in found)
        return [name for name, _ in zip((name for name in names if name.startswith(incomplete)), range(_MOST), strict=False)]
    return []


@contextlib.contextmanager
def _project(ctx: click.Context) -> Iterator[Project]:
    with contextlib.suppress(ObjstoreError, OSError, KeyError), open_project(ctx.find_root().params.get("start") or Path()) as project:
        yield project


def _names(project: Project) -> list[str]:
    return sorted(collection.name for collection in project.state.collections.values())


def _versions(collection: Collection) -> Iterator[str]:
    live = sorted(collection.live(), key=lambda version: -version.number)
    refs = [*collection.aliases, *(version.name for version in live)]
    yield from (f"{collection.name}:{ref}" for ref in refs)
