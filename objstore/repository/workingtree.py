"""A working tree: the folder that holds `.objstore/`, and the pins in it."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from objstore.errors import InvalidInputError, NotFoundError, UnsupportedFormatError
from objstore.history.collection import Collection, Version
from objstore.host.locks import locked_exclusive
from objstore.repository.places import ROOT
from objstore.repository.project import Project
from objstore.values.digest import Digest
from objstore.values.key import node_key
from objstore.worktree import pinfiles
from objstore.worktree.pin import FILE, Pin


class Chosen(NamedTuple):
    """A pinned path that the user means, and what of it: all, or what is at or below `inside`."""

    path: Path
    inside: bytes = b""


class Pinned(NamedTuple):
    """A version that the store has, and the collection that it is in."""

    collection: Collection
    version: Version

    def __str__(self) -> str:
        return f"{self.collection.name}:{self.version.name}"


@dataclass(frozen=True)
class WorkingTree:
    """Paths in it are absolute, and begin with `top`, which has no links in it."""

    project: Project
    top: Path

    @classmethod
    def of(cls, project: Project) -> Self:
        """InvalidInputError for a project that wasn't found through a working tree."""
        if project.tree is None:
            raise InvalidInputError(f"{project.folder} has no working tree; go to the folder that holds .objstore/, or use -C")
        return cls(project, Path(os.path.realpath(project.tree)))

    def shown(self, path: Path) -> str:
        """A path as messages name it: from the current folder."""
        return os.path.relpath(path)

    def inside(self, path: Path) -> Path | None:
        """A user's path as one of this tree; None if it isn't below the top. No link in it is followed but for those that lead here."""
        path = Path(os.path.abspath(path))
        if not path.is_relative_to(self.top):
            path = Path(os.path.realpath(path.parent)) / path.name
        return path if path.is_relative_to(self.top) else None

    def is_apart(self, path: Path) -> bool:
        """Whether a path below the top belongs to another working tree inside this one."""
        return any(pinfiles.is_tree(above) for above in path.parents if above != self.top and above.is_relative_to(self.top))

    @contextlib.contextmanager
    def alone(self, waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """While inside, no other process checks out or pins anything in this tree."""
        with locked_exclusive(self.top / ROOT / "lock", waiting):
            self.project.refresh()  # versions may have been deleted, and pins moved, while we waited
            yield

    # -- pins ----------------------------------------------------------------------------------------------------------

    def pinned(self) -> list[Path]:
        """Every path that has a pin file, whatever that says; ascending."""
        return sorted(pinfiles.find(self.top))

    def choose(self, paths: Sequence[Path]) -> list[Chosen]:
        """The pinned paths that are meant by these: one itself or its pin file, one inside it, a folder with pins in it; none means all.

        InvalidInputError for a path outside the tree, NotFoundError where no pin is meant.
        """
        chosen = [found for path in paths for found in self._meant(path)] if paths else [Chosen(path) for path in self.pinned()]
        return list(dict.fromkeys(chosen))

    def read(self, path: Path) -> Pin:
        """The pin of a path. InvalidInputError when it can't be used."""
        pin = pinfiles.read(self.top, path)
        outer = self.around(path.parent)
        if outer is not None:
            raise InvalidInputError(f"{self.shown(path)} is pinned, and so is {self.shown(outer)} around it; remove one of the pins")
        return pin

    def version(self, pin: Pin) -> Pinned:
        """The version that a pin names. NotFoundError when this store hasn't got it, or not any more.

        InvalidInputError when the pin is of a file and the version has another number of them.
        """
        found = self._versions(pin.root, pin.collection)
        if not found:
            hint = "`objstore pull` brings it" if self.project.has_upstream else "`objstore remote add origin URL` says where it is"
            raise NotFoundError(f"{pin} ({pin.root.short}) isn't in this store; {hint}")
        pinned = next((item for item in found if not item.version.deleted), found[0])
        if pin.kind == FILE and pinned.version.files != 1:
            raise InvalidInputError(f"{pinned} has {pinned.version.files:,} files, and its pin is of one")
        if pinned.version.purged or node_key(pin.root) not in self.project.database:
            raise NotFoundError(f"{pinned} was deleted, and its content collected by gc since")
        if pinned.version.deleted:
            raise NotFoundError(f"{pinned} was deleted; `objstore restore {pinned}` brings it back")
        return pinned

    def name_of(self, root: Digest | None) -> str | None:
        """What a root is called here; None if it is no live version's."""
        found = self._versions(root, None) if root is not None else []
        return next((str(item) for item in found if not item.version.deleted), None)

    def paths_of(self, collection: str) -> list[Path]:
        """The paths that are pinned to a collection; pins that can't be used are passed over."""
        paths = []
        for path in self.pinned():
            with contextlib.suppress(InvalidInputError, UnsupportedFormatError):
                if self.collection_name(self.read(path)) == collection:
                    paths.append(path)
        return paths

    def collections_of(self, paths: Sequence[Path]) -> list[str]:
        """The collections that paths are pinned to; pins that can't be used, and collections that aren't here, are passed over."""
        names = []
        for path in paths:
            with contextlib.suppress(InvalidInputError, UnsupportedFormatError):
                names.append(self.collection_name(self.read(path)))
        return [name for name in dict.fromkeys(names) if self.project.state.find_collection(name) is not None]

    def collection_name(self, pin: Pin) -> str:
        """What the pin's collection is called now: it may have been renamed."""
        if self.project.state.find_collection(pin.collection) is not None:
            return pin.collection
        found = self._versions(pin.root, None)
        return next((item.collection.name for item in found if not item.version.deleted), pin.collection)

    def around(self, path: Path) -> Path | None:
        """The pinned path at, or around, a path of this tree."""
        for above in (path, *path.parents):
            if above == self.top or not above.is_relative_to(self.top):
                return None
            if pinfiles.is_pin_file(pinfiles.pin_file(above)):
                return above
        return None

    def is_free(self, path: Path) -> bool:
        """Whether no pin that there is has to do with a path of this tree."""
        return self.around(path) is None and not any(other.is_relative_to(path) for other in self.pinned())

    def _versions(self, root: Digest, collection: str | None) -> list[Pinned]:
        """The versions that have a root, that of the named collection first."""
        collections = self.project.state.collections.values()
        found = [Pinned(item, version) for item in collections if (version := item.find_root(root)) is not None]
        return sorted(found, key=lambda pinned: pinned.collection.name != collection)

    def _meant(self, path: Path) -> list[Chosen]:
        own = self.inside(path)
        if own is None:
            raise InvalidInputError(f"{path} is outside of the working tree {self.top}")
        if pinfiles.is_pin_file(own):
            return [Chosen(pinfiles.pinned_path(own))]
        pinned = self.around(own)
        if pinned is not None:
            return [Chosen(pinned, os.fsencode(own.relative_to(pinned)) if own != pinned else b"")]
        found = [Chosen(pinned) for pinned in sorted(pinfiles.find(own))] if own.is_dir() else []
        if not found:
            if not os.path.lexists(path):
                raise NotFoundError(f"{path} doesn't exist, and has no pin; `objstore status` lists what is pinned")
            raise NotFoundError(f"{path} has no pin; `objstore add {path}` makes one")
        return found
