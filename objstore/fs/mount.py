"""An open project, as file systems read it."""

import contextlib
import os
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import NamedTuple

from objstore.errors import EntryNotFoundError, InvalidInputError, NotFoundError
from objstore.history.collection import LATEST, Version
from objstore.history.names import Name, parse_name, version_number
from objstore.history.state import State
from objstore.manifest.tree import Tree
from objstore.odb.content import Pieces, file_blocks, file_layout
from objstore.odb.randomaccess import Content
from objstore.odb.recent import Recent
from objstore.repository.project import Project
from objstore.values.digest import Digest

_TREES = 8
_CONTENTS = 8


class Named(NamedTuple):
    """A version, and the collection that it is in."""

    collection: str
    version: Version


class Mount:
    """An open project and what was read from it lately. Thread-safe; to be used only by the process that made it."""

    def __init__(self, project: Project, cache_bytes: int) -> None:
        self.pid = os.getpid()
        self.recent = Recent(project.database, cache_bytes)
        """Reads nodes and chunks."""
        self.tree = lru_cache(_TREES)(partial(Tree, self.recent))
        """The manifest with a root; a few are kept."""
        self.content = lru_cache(_CONTENTS)(partial(_content, project, self.recent))
        """The bytes of a file, by its digest and size; a few are kept, each with some MB of its recipe at most."""
        self._project = project

    def close(self) -> None:
        self._project.close()

    def blocks(self, digest: bytes, size: int) -> Iterator[Pieces]:
        """A whole file, past the cache (see `file_blocks`)."""
        return file_blocks(self._project.database, digest, size)

    def find(self, text: str) -> Named:
        """The version that `name`, `name:alias`, `name:v3` or `name@<digest>` means; EntryNotFoundError says what there is instead.

        An alias (a bare name is one: `latest`) is looked up in the log as it is now. A number or a digest stays what it is, so what is
        known already is good enough for it.
        """
        try:
            name = parse_name(text)
        except InvalidInputError as error:
            raise EntryNotFoundError(str(error)) from error
        with not_found(), self._project.looking() as state:
            if _is_fixed(name.ref):
                with contextlib.suppress(NotFoundError):
                    return _found(state, name)
            self._project.refresh()
            return _found(self._project.state, name)

    def find_again(self, text: str) -> Named:
        """The same, as it is now, whatever is named."""
        with self._project.looking():
            self._project.refresh()
        return self.find(text)

    def latest(self) -> list[Named]:
        """The latest version of each collection that has one, by name, as of now."""
        with self._project.looking():
            self._project.refresh()
            collections = self._project.state.collections.values()
            found = [Named(collection.name, collection.latest) for collection in collections if collection.latest is not None]
        return sorted(found, key=lambda named: named.collection)


@contextlib.contextmanager
def not_found() -> Iterator[None]:
    """Turns NotFoundError into what fsspec expects: an error that is FileNotFoundError as well."""
    try:
        yield
    except EntryNotFoundError:
        raise
    except NotFoundError as error:
        raise EntryNotFoundError(str(error)) from error


def _is_fixed(ref: str | None) -> bool:
    return ref is not None and (ref.startswith("@") or version_number(ref) is not None)


def _found(state: State, name: Name) -> Named:
    collection = state.collection(name.collection)
    return Named(collection.name, state.version(collection, name.ref or LATEST))


def _content(project: Project, recent: Recent, digest: bytes, size: int) -> Content:
    return Content(recent, file_layout(project.database, digest, size), Digest(digest))
