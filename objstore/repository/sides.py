"""The sides of a diff, as their users name them: versions here and elsewhere, and folders."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from objstore.blobs.address import Address
from objstore.comparison.facts import Facts
from objstore.errors import InvalidInputError, NotFoundError
from objstore.history.collection import LATEST, Collection, Version
from objstore.history.names import Name, parse_name
from objstore.odb.database import Database
from objstore.repository import places, remotes
from objstore.repository.comparing import OfVersion
from objstore.repository.naming import is_here, project_of
from objstore.repository.places import Unset
from objstore.repository.project import Project
from objstore.repository.remotes import Remote
from objstore.repository.roots import Root

_PROTOCOL = "objstore://"
_ELSEWHERE = "::"
Keep = Callable[[Project], Project]
GRAMMAR = "NAME[:V], NAME[:V]::PLACE (a repository's folder, a project's URL, or a remote's name), or a folder on the disk"


@dataclass(frozen=True)
class VersionSide:
    """A version of some project."""

    project: Project
    collection: Collection
    version: Version
    database: Database
    """Where its content is read. What the project that is compared from has too is read there."""

    @property
    def held(self) -> OfVersion:
        return OfVersion(self.database, self.version.root)

    @property
    def facts(self) -> Facts:
        version = self.version
        return Facts(version.description, version.metadata, version.tags, self.collection.aliases_of(version.number))


def named_side(project: Project, text: str, keep: Keep) -> VersionSide | Path:
    """The side that is meant; `keep` takes the other project that it is in, if it is one, to close it in the end.

    A folder is meant by what begins with `.` or `/`, and where there is no collection of that name. NotFoundError for a version,
    a project or a remote that isn't there, InvalidInputError for what is no name.
    """
    text = text.removeprefix(_PROTOCOL)
    if text.startswith((".", "/")):
        return Path(text)
    if _ELSEWHERE in text:
        return _elsewhere(project, text, keep)
    folder = Path(text)
    looks_like_folder = "/" in text or folder.exists()
    try:
        name = parse_name(text)
    except InvalidInputError:
        if looks_like_folder:
            return folder
        raise
    if looks_like_folder and name.ref is None and not _is_known(project, name):
        return folder if folder.exists() else _latest_beside(project, name, keep) or folder
    if is_here(project, name):
        return version_side(project, name)
    return _beside(project, name, Root.of(project), keep)


def version_side(project: Project, name: Name, seen_from: Project | None = None) -> VersionSide:
    """The version of that name in a project, the latest if only a collection is named. `seen_from`: the project whose content is nearer."""
    collection = project.state.collection(name.collection)
    version = project.state.version(collection, name.ref or LATEST)
    database = project.database if seen_from is None else seen_from.database.before(project.database)
    return VersionSide(project, collection, version, database)


def _elsewhere(project: Project, text: str, keep: Keep) -> VersionSide:
    named, _, place = text.partition(_ELSEWHERE)
    name = parse_name(named)
    if not place:
        raise InvalidInputError(f"{text} doesn't say where {named} is; write {GRAMMAR}")
    remote = _remote(project, place)
    if name.project is not None:
        return _beside(project, name, Root(remote.address, remote.options), keep)
    _check_is_set_up(remote.address)
    other = keep(Project.at(remote.address, remote.options))
    return version_side(other, name, project)


def _check_is_set_up(address: Address) -> None:
    """NotFoundError for a folder that only names a project: who compares with somebody else's folder doesn't want a repository in it."""
    place = places.find(address.folder) if address.folder is not None else None
    if isinstance(place, Unset):
        raise NotFoundError(f"{place.tree} has no repository yet, only the name of a project; `objstore -C {place.tree} list` makes one")


def _beside(project: Project, name: Name, root: Root | None, keep: Keep) -> VersionSide:
    """A version in another project of a root."""
    if root is None:
        raise InvalidInputError(f"{project.location} has no projects beside it; write {name}::URL for a version in the project at that URL")
    other = keep(root.open(project_of(project, name)))
    return version_side(other, name, project)


def _latest_beside(project: Project, name: Name, keep: Keep) -> VersionSide | None:
    """The latest version of a collection in another project of the root, if there is one of that name."""
    try:
        return _beside(project, name, Root.of(project), keep)
    except (InvalidInputError, NotFoundError):
        return None


def _remote(project: Project, place: str) -> Remote:
    """The remote of that name or address; else an address that this project knows nothing of."""
    known = remotes.read(project.remotes_file)
    if place in known:
        return known[place]
    address = Address.parse(place)
    if address.folder is not None and not address.folder.exists():
        names = f"; its remotes are {', '.join(sorted(known))}" if known else ""
        raise NotFoundError(f"{place} is neither a folder nor a remote of this project{names}")
    return next((remote for remote in known.values() if remote.address == address), Remote("elsewhere", address))


def _is_known(project: Project, name: Name) -> bool:
    return is_here(project, name) and project.state.find_collection(name.collection) is not None
