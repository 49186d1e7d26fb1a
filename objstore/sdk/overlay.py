"""Changes of single paths that a draft's manifest doesn't have yet."""

from collections import Counter
from collections.abc import Iterator

from objstore.manifest.entry import Entry

Change = tuple[bytes, Entry | None]


class Overlay:
    """Path → entry, or None where a path has been removed; knows which folders it makes."""

    def __init__(self) -> None:
        self._entries: dict[bytes, Entry | None] = {}
        self._folders: Counter[bytes] = Counter()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, path: bytes) -> bool:
        return path in self._entries

    def get(self, path: bytes) -> Entry | None:
        return self._entries.get(path)

    def put(self, path: bytes, entry: Entry | None) -> None:
        change = (entry is not None) - (self._entries.get(path) is not None)
        if change:
            for folder in folders_above(path):
                self._folders[folder] += change
        self._entries[path] = entry

    def makes_folder(self, path: bytes) -> bool:
        """Whether it puts anything below `path`."""
        return self._folders[path] > 0

    def sorted(self) -> list[Change]:
        return sorted(self._entries.items(), key=lambda item: item[0])

    def clear(self) -> None:
        self._entries.clear()
        self._folders.clear()


def folders_above(path: bytes) -> Iterator[bytes]:
    """`a` and `a/b` for `a/b/c`."""
    at = path.find(b"/")
    while at >= 0:
        yield path[:at]
        at = path.find(b"/", at + 1)
