"""What is compared: manifests, with or without changes to them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from objstore.manifest.compare import Change, compare
from objstore.manifest.cursor import entries
from objstore.manifest.entry import Entry
from objstore.manifest.tree import NodeReader, Tree
from objstore.values.digest import Digest

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a diff: the manifest at `root` (None: an empty one), with `changes` put over it.

    A version is a root without changes. A folder on a disk is the root that it had when it was last taken in with what has changed
    since; or no root, and all of its files as changes.
    """

    reader: NodeReader
    root: Digest | None
    changes: Iterable[tuple[bytes, Entry | None]] = ()
    """What stands at these paths instead, None for nothing. Each path once, ascending; read once."""


def differences(old: Side, new: Side) -> Iterator[Change]:
    """Every path whose entries differ, ascending.

    Cost: that of what differs between the roots, and of both sides' changes. Memory: a few nodes.
    """
    between = _Stream((change.path, change) for change in _between_roots(old, new))
    over_old, over_new = _Stream(old.changes), _Stream(new.changes)
    # Where the roots don't differ they have the same entry, so either tells it; if one is missing, there is none.
    common = Tree(old.reader, old.root) if old.root is not None and new.root is not None else None
    while (path := _least(between.path, over_old.path, over_new.path)) is not None:
        if between.path == path:
            _, before, after = between.take()
        else:
            before = after = common.get(path) if common else None
        if over_old.path == path:
            before = over_old.take()
        if over_new.path == path:
            after = over_new.take()
        if before != after:
            yield Change(path, before, after)


def _between_roots(old: Side, new: Side) -> Iterator[Change]:
    if old.root is not None and new.root is not None:
        yield from compare(old.reader, old.root, new.reader, new.root)
    elif old.root is not None:
        yield from (Change(path, entry, None) for path, entry in entries(old.reader, old.root))
    elif new.root is not None:
        yield from (Change(path, None, entry) for path, entry in entries(new.reader, new.root))


class _Stream(Generic[T]):
    """Pairs of a path and something, taken one by one."""

    def __init__(self, items: Iterable[tuple[bytes, T]]) -> None:
        self._items = iter(items)
        self._next = next(self._items, None)

    @property
    def path(self) -> bytes | None:
        """Of the pair that comes next; None after the last."""
        return None if self._next is None else self._next[0]

    def take(self) -> T:
        assert self._next is not None
        taken = self._next[1]
        self._next = next(self._items, None)
        return taken


def _least(*paths: bytes | None) -> bytes | None:
    return min((path for path in paths if path is not None), default=None)
