"""The projects of a root: which of them is meant."""

from objstore.blobs.address import Address
from objstore.cli.output import listed
from objstore.cli.storage import shown
from objstore.errors import InvalidInputError, NotFoundError
from objstore.history.names import parse_name
from objstore.repository.founding import own_project, root_at
from objstore.repository.naming import is_here, project_of
from objstore.repository.project import Project
from objstore.repository.roots import Root

_LOOKED_AT = 20
_OF_RUNS = "default/uncategorized"
"""Where runs are that name no project."""


def chosen(address: Address, named: str) -> Project | None:
    """The project below a root that a name is in; else the root's own, that of runs which name none, or the only one.

    To be closed by the caller. None where there is no project at all; InvalidInputError lists those among which the user has to choose.
    """
    root = Root(address if address.folder is None else Address("file", str(root_at(address.folder))))
    names = root.names(_LOOKED_AT)
    wanted = named.partition(":")[0].split("/")[-3:-1]
    fitting = [name for name in names if name.split("/")[2 - len(wanted) :] == wanted]
    own = own_project(root.address.folder) if root.address.folder is not None else None
    fitting = next(([name] for name in (own, _OF_RUNS) if name in fitting), fitting)
    if names and not fitting:
        raise NotFoundError(f"there is no project {'/'.join(wanted)} in {shown(root.address)}; it has {listed(names)}")
    if len(fitting) > 1:
        first = shown(root.place(fitting[0]))
        raise InvalidInputError(f"{shown(root.address)} has the projects {listed(fitting)}; say which: objstore -C {first} …")
    return root.open(fitting[0]) if fitting else None


def of_name(project: Project, text: str) -> Project | None:
    """The other project of the same root that a name is in, to be closed by the caller; None for one in this project.

    NotFoundError when the root hasn't got it. What is no name is left to whoever wants one.
    """
    try:
        name = parse_name(text)
    except InvalidInputError:
        return None
    root = None if is_here(project, name) else Root.of(project)
    return root.open(project_of(project, name)) if root else None


def command_there(project: Project, other: str) -> str:
    """What to type to work on another project of the same root."""
    root = Root.of(project)
    return f"objstore -C {shown(root.place(other)) if root else 'PATH'} …"
