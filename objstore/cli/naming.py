"""What the names on a command line mean in the current project."""

from typing import NamedTuple

from objstore.errors import InvalidInputError, NotFoundError
from objstore.history.collection import LATEST, Collection, Version
from objstore.history.names import Name, parse_name
from objstore.repository.naming import is_here as is_here
from objstore.repository.naming import project_of as project_of
from objstore.repository.project import Project


class Named(NamedTuple):
    """A version and the collection it is in."""

    collection: Collection
    version: Version

    def __str__(self) -> str:
        return f"{self.collection.name}:{self.version.name}"


def parsed(project: Project, text: str) -> Name:
    """The parts of a name. NotFoundError when it names another project than this one."""
    name = parse_name(text)
    if not is_here(project, name):
        from objstore.cli.neighbours import command_there  # only for this message

        other = project_of(project, name)
        raise NotFoundError(
            f"{text} is in project {other}, and this one is {project.name}; type `{command_there(project, other)}` for that"
        )
    return name


def version(project: Project, text: str, *, deleted: bool = False) -> Named:
    """The version of that name; the latest when only a collection is named."""
    name = parsed(project, text)
    collection = project.state.collection(name.collection)
    return Named(collection, project.state.version(collection, name.ref or LATEST, deleted=deleted))


def exact_version(project: Project, text: str, *, deleted: bool = False) -> Named:
    """The version of that name, which must say which version it is."""
    name = parsed(project, text)
    if name.ref is None:
        project.state.collection(name.collection)
        raise InvalidInputError(f"say which version of {text}: {text}:v0, or one of its aliases; `objstore log {text}` lists them")
    return version(project, text, deleted=deleted)


def collection(project: Project, text: str) -> Collection:
    """The collection of that name, which mustn't say a version."""
    name = parsed(project, text)
    if name.ref is not None:
        raise InvalidInputError(f"{text} names a version; give the collection alone: {name.collection}")
    return project.state.collection(name.collection)
