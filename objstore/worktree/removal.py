"""Removing files of a folder, and the folders that become empty by it."""

from pathlib import Path

from objstore.worktree.target import Folder


class Removal:
    """Goes through the folder along ascending paths, without following links."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._open: list[Folder | None] = []
        self._path: list[bytes] = []
        self._gone: set[bytes] = set()

    @property
    def folder(self) -> Folder | None:
        """None when it isn't there."""
        return self._open[-1]

    def go_to(self, path: bytes) -> None:
        """Opens the folder that a path lies in."""
        if not self._open:
            self._open.append(Folder.existing(self._top))
        names = path.split(b"/")[:-1]
        while self._path != names[: len(self._path)]:
            self._leave()
        for name in names[len(self._path) :]:
            above = self._open[-1]
            self._open.append(above.inner(name) if above else None)
            self._path.append(name)

    def finish(self) -> set[bytes]:
        while self._path:
            self._leave()
        return self._gone

    def _leave(self) -> None:
        path = b"/".join(self._path) + b"/"
        name = self._path.pop()
        self._open.pop()
        above = self._open[-1]
        if above is None or above.remove_empty(name):
            self._gone.add(path)
