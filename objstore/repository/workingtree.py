"""A working tree: the folder that holds `.objstore/`, and the pins in it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from objstore.errors import InvalidInputError, NotFoundError
from objstore.history.collection import Collection, Version
from objstore.repository.project import Project
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
        """A path as messages name it: from the top."""
        return os.fspath(path.relative_to(self.top))

    def inside(self, path: Path) -> Path | None:
        """A user's path as one of this tree; None if it isn't below the top. No link in it is followed but for those that lead here."""
        path = Path(os.path.abspath(path))
        if not path.is_relative_to(self.top):
            path = Path(os.path.realpath(path.parent)) / path.name
        return path if path.is_relative_to(self.top) else None

    def is_apart(self, path: Path) -> bool:
        """Whether a path below the top belongs to another working tree inside this one."""
        return any(pinfiles.is_tree(above) for above in path.parents if above != self.top and above.is_relative_to(self.top))

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
        for above in path.parents:
            if above == self.top:
                break
            if pinfiles.is_pin_file(pinfiles.pin_file(above)):
                raise InvalidInputError(f"{self.shown(path)} is pinned, and so is {self.shown(above)} around it; remove one of the pins")
        return pin

    def version(self, pin: Pin) -> Pinned:
        """The version that a pin names. NotFoundError when this store hasn't got it, or not any more.

        InvalidInputError when the pin is of a file and the version has another number of them.
        """
        state = self.project.state
        named = state.find_collection(pin.collection)
        for collection in [named] * (named is not None) + list(state.collections.values()):
            assert collection is not None
            version = collection.find_root(pin.root)
            if version is not None:
                if pin.kind == FILE and version.files != 1:
                    raise InvalidInputError(f"{collection.name}:{version.name} has {version.files:,} files, and its pin is of one")
                return self._usable(collection, version)
        raise NotFoundError(
            f"{pin} ({pin.root.short}) isn't in this store; `objstore init --store PATH` gives this working tree a store that has it"
        )

    def collection_name(self, pin: Pin) -> str:
        """What the pin's collection is called now: it may have been renamed."""
        state = self.project.state
        if state.find_collection(pin.collection) is None:
            for collection in state.collections.values():
                if collection.find_root(pin.root) is not None:
                    return collection.name
        return pin.collection

    def _usable(self, collection: Collection, version: Version) -> Pinned:
        name = f"{collection.name}:{version.name}"
        if version.purged or node_key(version.root) not in self.project.database:
            raise NotFoundError(f"{name} was deleted, and its content collected by gc since")
        if version.deleted:
            raise NotFoundError(f"{name} was deleted; `objstore restore {name}` brings it back")
        return Pinned(collection, version)

    def _meant(self, path: Path) -> list[Chosen]:
        own = self.inside(path)
        if own is None:
            raise InvalidInputError(f"{path} is outside of the working tree {self.top}")
        if pinfiles.is_pin_file(own):
            return [Chosen(pinfiles.pinned_path(own))]
        if own != self.top and pinfiles.is_pin_file(pinfiles.pin_file(own)):
            return [Chosen(own)]
        for above in own.parents:
            if above == self.top or not above.is_relative_to(self.top):
                break
            if pinfiles.is_pin_file(pinfiles.pin_file(above)):
                return [Chosen(above, os.fsencode(own.relative_to(above)))]
        found = [Chosen(pinned) for pinned in sorted(pinfiles.find(own))] if own.is_dir() else []
        if not found:
            raise NotFoundError(f"{path} has no pin; `objstore add {path}` makes one")
        return found
