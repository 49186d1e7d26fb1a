"""Where a run belongs: which root, and which project below it."""

import os
from pathlib import Path

from objstore.blobs.address import Address
from objstore.errors import ConflictError, NotFoundError
from objstore.host.publish import translated
from objstore.repository import places
from objstore.repository.founding import own_project, root_at
from objstore.repository.gitfiles import adopt
from objstore.repository.project import Project
from objstore.repository.roots import Root
from objstore.sdk.session import Session, temporary
from objstore.sdk.surroundings import root_of_environment, say
from objstore.sdk.workspace import Workspace

DEFAULT_PROJECT = "uncategorized"


def workspace_for_run(root: str | os.PathLike[str] | None, start: Path, entity: str | None, project: str | None) -> Workspace:
    """The projects among which a run is; its own is made if it isn't there.

    Below `root`, else what the environment names, else the nearest `.objstore/` at or above `start`; where there is none either, one is
    made in `start`, and that is said on the standard error.
    """
    place = _given(root)
    if place is not None:
        name = full_name(entity, project, _own(place) or f"default/{DEFAULT_PROJECT}")
        return _workspace(place, place.open_or_make(name))
    try:
        nearest = Project.find(start)
    except NotFoundError:
        try:
            return _workspace(None, _made(start, full_name(entity, project, places.suggested_project(start))))
        except ConflictError:  # another process was faster
            nearest = Project.find(start)
    name = full_name(entity, project, nearest.name)
    if name == nearest.name:
        return _workspace(None, nearest)
    with nearest:
        place = Root.of(nearest)
    assert place is not None
    return _workspace(place, place.open_or_make(name))


def workspace_to_read(root: str | os.PathLike[str] | None, start: Path) -> Workspace:
    """The projects that are read without a run; none is made. NotFoundError where there are none.

    Where none is named, the one is meant that a run would be in, else the only one there is.
    """
    place = _given(root)
    if place is None:
        return Workspace.of(Session(Project.find(start)))
    names = place.names()
    if not names:
        raise NotFoundError(f"there are no projects in {place.address}; is the address right?")
    for name in (_own(place), f"default/{DEFAULT_PROJECT}"):
        if name in names:
            return _workspace(place, place.open(name))
    found = _workspace(place, place.open(min(names, key=lambda name: not name.startswith("default/"))))
    found.is_home_meant = len(names) == 1
    return found


def workspace_for_nothing(entity: str | None, project: str | None) -> Workspace:
    """A project of its own in a temporary folder, which is removed when nobody has it any more, at the latest when the program ends."""
    return Workspace.of(temporary(full_name(entity, project, f"default/{DEFAULT_PROJECT}")))


def _given(root: str | os.PathLike[str] | None) -> Root | None:
    text = root_of_environment() if root is None else os.fspath(root)
    if not text:
        return None
    address = Address.parse(text)
    return Root(address if address.folder is None else Address("file", str(root_at(address.folder))))


def _own(root: Root) -> str | None:
    """The project that a root names as that of its working tree."""
    return own_project(root.address.folder) if root.address.folder is not None else None


def is_at(root: str | os.PathLike[str] | None, workspace: Workspace) -> bool:
    """Whether these are the projects below `root`; if that isn't given, they are."""
    place = None if root is None else _given(root)
    return place is None or (workspace.root is not None and _resolved(place.address) == _resolved(workspace.root.address))


def full_name(entity: str | None, project: str | None, default: str) -> str:
    """`entity/project`, with what isn't given as in the default."""
    own_entity, own_name = default.split("/")
    if project is not None and "/" in project and entity is None:
        return places.check_project(project)
    return places.check_project(f"{entity or own_entity}/{project or own_name}")


def _resolved(address: Address) -> Address:
    return address if address.folder is None else Address("file", str(address.folder.resolve()))


def _workspace(root: Root | None, project: Project) -> Workspace:
    session = Session(project)
    if root is not None:
        session.workspace = Workspace(root, session)
    return Workspace.of(session)


def _made(start: Path, name: str) -> Project:
    with translated(start):
        start.mkdir(parents=True, exist_ok=True)
    project = Project.create(start, name)
    adopt(project, Path(os.path.realpath(start)))
    say(f"made {project.folder}; what runs log is kept there")
    return project
