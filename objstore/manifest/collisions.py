"""Names in one folder that differ only by letter case or Unicode form, which some disks take for one.

Wherever two paths collide as a whole, names of one folder do: those at the first part in which the paths differ. So it is enough to look
at each folder for itself.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from objstore.manifest.compare import compare
from objstore.manifest.cursor import names
from objstore.manifest.tree import NodeReader, Tree
from objstore.values.digest import Digest
from objstore.values.paths import folded


class Collision(NamedTuple):
    """The paths of two files or folders of one folder."""

    first: bytes
    second: bytes


@dataclass
class _Folder:
    """A folder (its path ends in `/` unless empty) and the names that are new in it."""

    path: bytes
    is_new: bool
    added: list[bytes] = field(default_factory=list)


def collisions(paths: Iterable[bytes]) -> Iterator[Collision]:
    """All among ascending paths. Of many names that are one to such a disk, each collides with the first.

    Memory: the names in one path of folders.
    """
    for folder in _folders(paths, lambda _: False):
        yield from _among(folder.path, folder.added, folder.added)


def new_collisions(reader: NodeReader, old: Digest | None, new: Digest) -> Iterator[Collision]:
    """Those at `new` with a name that the manifest at `old` (None: the empty map) hasn't got.

    Cost: that of what differs, and the listings of the folders with new names. Memory: the names in one path of folders.
    """
    if old is None:
        yield from collisions(Tree(reader, new).paths())
        return
    before = Tree(reader, old)
    added = (change.path for change in compare(reader, old, reader, new) if change.old is None)
    for folder in _folders(added, lambda path: _is_folder(before, path)):
        if folder.added:
            listing = folder.added if folder.is_new else list(names(reader, new, folder.path[:-1]))
            yield from _among(folder.path, listing, folder.added)


def _folders(added: Iterable[bytes], was_there: Callable[[bytes], bool]) -> Iterator[_Folder]:
    """The folders above ascending paths that were added, each once all of its names have come."""
    open_ = [_Folder(b"", is_new=not was_there(b""))]
    for path in added:
        while not path.startswith(open_[-1].path):
            yield open_.pop()
        while (slash := path.find(b"/", len(open_[-1].path))) >= 0:
            above, inner = open_[-1], path[: slash + 1]
            is_new = above.is_new or not was_there(inner)
            if is_new:
                above.added.append(inner[len(above.path) : -1])
            open_.append(_Folder(inner, is_new))
        folder = open_[-1]
        folder.added.append(path[len(folder.path) :])
    yield from reversed(open_)


def _is_folder(tree: Tree, path: bytes) -> bool:
    leaf, at = tree.leaf(path)
    return any(key.startswith(path) for key in leaf.keys[at : at + 1])


def _among(folder: bytes, listing: list[bytes], added: list[bytes]) -> Iterator[Collision]:
    keys = folded(listing)
    if len(set(keys)) == len(listing):
        return
    firsts: dict[bytes, bytes] = {}
    new = set(added)
    for key, name in zip(keys, listing, strict=True):
        first = firsts.setdefault(key, name)
        if first != name and (first in new or name in new):
            yield Collision(folder + first, folder + name)
