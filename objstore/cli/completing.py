"""What the shell may offer for a name or a path. Whatever goes wrong, it just offers nothing."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import click

from objstore.cli import naming
from objstore.errors import ObjstoreError
from objstore.history.collection import Collection
from objstore.manifest.cursor import children
from objstore.repository.places import Place
from objstore.repository.places import find as locate
from objstore.repository.project import Project

_MOST = 200


def collections(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of collections."""
    return _offered(ctx, lambda project: [name for name in _names(project) if name.startswith(incomplete)])


def versions(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of collections; once one is meant, of its versions, newest first."""

    def find(project: Project) -> list[str]:
        found = [name for name in _names(project) if name.startswith(incomplete.partition(":")[0])]
        if ":" not in incomplete and len(found) != 1:
            return found
        meant = incomplete.partition(":")[0] if ":" in incomplete else found[0]
        return [name for name in _versions(project.state.collection(meant)) if name.startswith(incomplete)]

    return _offered(ctx, find)


def paths(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """What the folder of a version that is being typed holds."""
    folder = incomplete.rpartition("/")[0]

    def find(project: Project) -> list[str]:
        root = naming.version(project, ctx.params["name"]).version.root
        found = children(project.database, root, folder.encode())
        names = (f"{folder}/" * bool(folder) + child.name.decode() + "/" * child.is_folder for child in found)
        return list(islice((name for name in names if name.startswith(incomplete)), _MOST))

    return _offered(ctx, find)


def _offered(ctx: click.Context, find: Callable[[Project], list[str]]) -> list[str]:
    try:
        place = locate(Path(ctx.find_root().params.get("start") or "."))
        if not isinstance(place, Place):
            return []  # a look mustn't make a repository
        with Project(*place) as project:
            return find(project)
    except (ObjstoreError, OSError, KeyError):
        return []


def _names(project: Project) -> list[str]:
    return sorted(collection.name for collection in project.state.collections.values())


def _versions(collection: Collection) -> Iterator[str]:
    live = sorted(collection.live(), key=lambda version: -version.number)
    refs = [*collection.aliases, *(version.name for version in live)]
    yield from (f"{collection.name}:{ref}" for ref in refs)
