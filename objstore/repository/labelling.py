"""Changing what is said about versions and collections, in the log."""

from collections.abc import Callable, Sequence

from objstore.errors import NotFoundError
from objstore.history import facts
from objstore.history.records import Record
from objstore.history.state import State
from objstore.repository.project import Project

Waiting = Callable[[], None]


def change(project: Project, decide: Callable[[State], Sequence[Record]], waiting: Waiting | None = None) -> None:
    """Logs what `decide` (of history.facts or history.versions) wants; `waiting` is called once if gc is at work."""
    with project.writing(waiting):
        project.commit(decide)


def take_aliases(state: State, collection: str, ref: str | None, aliases: Sequence[str]) -> list[Record]:
    """Removes aliases of a version, or of whichever they are on for None. NotFoundError if one isn't there."""
    if ref is not None:
        found = state.collection(collection)
        version = state.version(found, ref)
        for alias in aliases:
            if found.aliases.get(alias, version.number) != version.number:
                raise NotFoundError(f"the alias {alias!r} isn't on {collection}:{version.name} but on v{found.aliases[alias]}")
    return facts.remove_aliases(state, collection, aliases)


def take_tags(state: State, collection: str, ref: str, tags: Sequence[str]) -> list[Record]:
    """Removes tags of a version. NotFoundError if it hasn't got one of them."""
    version = state.version(state.collection(collection), ref)
    for tag in tags:
        if tag not in version.tags:
            raise NotFoundError(f"{collection}:{version.name} has no tag {tag!r}; it has {', '.join(version.tags) or 'none'}")
    return facts.set_tags(state, collection, ref, remove=tags)
