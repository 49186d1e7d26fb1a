"""A diff summed up folder by folder."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from objstore.comparison.files.diff import LISTS, Altered, FileDiff, Present, Renamed
from objstore.manifest.entry import UNKNOWN_SIZE, Entry, EntryKind


@dataclass
class FolderTotal:
    """What has changed of the files that are directly in a folder; a renamed file counts where it is now."""

    path: str
    """Empty for the top."""
    files: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LISTS, 0))
    """How many, by the name of the list in the diff."""
    old_bytes: int = 0
    """Of these files as they were."""
    bytes: int = 0
    """Of these files as they are."""
    new_bytes: int = 0
    """Of these files as they are, what their former content hadn't got: all of an added file."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "files": self.files,
            "old_bytes": self.old_bytes,
            "bytes": self.bytes,
            "new_bytes": self.new_bytes,
        }


def per_folder(diff: FileDiff, new_bytes: Callable[[Altered | Renamed], int]) -> list[FolderTotal]:
    """Each folder that holds changed files, ascending. `new_bytes` tells those of a file that both sides have, with other content.

    Files of unknown size count as none. Memory: that of the folders.
    """
    found: dict[str, FolderTotal] = {}
    for name, item in _items(diff):
        folder = item.path.rpartition("/")[0]
        one = found.setdefault(folder, FolderTotal(folder))
        old, new = _sides(name, item)
        one.files[name] += 1
        one.old_bytes += _size(old)
        one.bytes += _size(new)
        one.new_bytes += _new(name, item, new_bytes)
    return [found[path] for path in sorted(found, key=str.encode)]


def summed(folders: Iterable[FolderTotal]) -> FolderTotal:
    """All of them together."""
    total = FolderTotal("")
    for folder in folders:
        for name, count in folder.files.items():
            total.files[name] += count
        total.old_bytes += folder.old_bytes
        total.bytes += folder.bytes
        total.new_bytes += folder.new_bytes
    return total


def _items(diff: FileDiff) -> Iterator[tuple[str, Present | Altered | Renamed]]:
    return ((name, item) for name in LISTS for item in getattr(diff, name))


def _sides(name: str, item: Present | Altered | Renamed) -> tuple[Entry | None, Entry | None]:
    match item:
        case Present():
            return (item.entry, None) if name == "removed" else (None, item.entry)
        case Altered():
            return item.old, item.new
        case Renamed():
            return item.old, item.entry


def _new(name: str, item: Present | Altered | Renamed, new_bytes: Callable[[Altered | Renamed], int]) -> int:
    match item:
        case Present():
            return _stored(item.entry) if name == "added" else 0
        case Renamed():
            return new_bytes(item) if item.similarity < 100 else 0
        case Altered():
            return new_bytes(item) if name == "modified" else _stored(item.new) if name == "type_changed" else 0


def _stored(entry: Entry) -> int:
    return 0 if entry.kind == EntryKind.REFERENCE else entry.size


def _size(entry: Entry | None) -> int:
    return 0 if entry is None or entry.size == UNKNOWN_SIZE else entry.size
