"""Which project a name is in."""

from objstore.history.names import Name
from objstore.repository.project import Project


def project_of(project: Project, name: Name) -> str:
    """The project that a name is in: of this one's entity, unless it says another."""
    entity, own = project.name.split("/")
    return f"{name.entity or entity}/{name.project or own}"


def is_here(project: Project, name: Name) -> bool:
    """Whether a name is one in this project, which needn't have it."""
    entity, own = project.name.split("/")
    return name.project in (None, own) and name.entity in (None, entity)
