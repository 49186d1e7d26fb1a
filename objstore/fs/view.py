"""The files of one version."""

import contextlib
import difflib
import errno
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from typing import Any

from objstore.errors import EntryNotFoundError, InvalidInputError, NotFoundError
from objstore.fs.mount import Mount, Named
from objstore.manifest.cursor import children, entries, names, totals
from objstore.manifest.entry import UNKNOWN_SIZE, Entry, EntryKind, decode_reference
from objstore.odb.randomaccess import Content

Info = dict[str, Any]

_COMPARED = 10_000


class View:
    """The files of one version, below the name by which it was asked for. Thread-safe.

    Paths are those inside the version; what is handed out has the name before them. EntryNotFoundError for a path that isn't there.
    """

    def __init__(self, mount: Mount, name: str, named: Named) -> None:
        self.mount = mount
        self.name = name
        self.named = named
        self.version = named.version
        self.fixed_name = f"{named.collection}:{named.version.name}"
        """A name that goes on meaning this version."""

    def on(self, mount: Mount) -> "View":
        """The same, seen through another mount."""
        return View(mount, self.name, self.named)

    @cached_property
    def created(self) -> datetime:
        """The version's time; the start of 1970 if what the log has isn't in the calendar."""
        try:
            return datetime.fromisoformat(self.version.created)
        except ValueError:
            return datetime.fromtimestamp(0, UTC)

    def content(self, path: str) -> Content:
        """The bytes of a file. InvalidInputError for a reference."""
        entry = self.entry(path)
        if entry.reference is not None:
            uri = decode_reference(entry.reference)["uri"]
            raise InvalidInputError(f"{self._full(path)} is a reference to {uri}, which this file system doesn't fetch; open that")
        with self.reading():
            return self.mount.content(entry.digest, entry.size)

    def entry(self, path: str) -> Entry:
        """The entry of a file. IsADirectoryError for a folder."""
        with self.reading():
            entry = self.mount.tree(self.version.root).get(_key(path))
            if entry is not None:
                return entry
            if self._is_folder(path):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), self._full(path))
            raise self._missing(path)

    def info(self, path: str) -> Info:
        try:
            return self._file(path, self.entry(path))
        except IsADirectoryError:
            return self._folder(path)

    def ls(self, path: str) -> list[Info]:
        """What a folder holds; of a file, the file."""
        with self.reading():
            prefix = path + "/" if path else ""
            found = [
                self._folder(prefix + child.name.decode()) if child.entry is None else self._file(prefix + child.name.decode(), child.entry)
                for child in children(self.mount.recent, self.version.root, _key(path))
            ]
        return found if found or not path else [self._file(path, self.entry(path))]

    def find(self, path: str, *, folders: bool) -> Iterator[Info]:
        """Every file at or below a path; if asked for, the folders too, each before what is in it. Nothing if there is nothing."""
        known = {"", *_folders_above(path)}
        if folders and not path:
            yield self._folder(path)
        with self.reading():
            for key, entry in entries(self.mount.recent, self.version.root, _key(path)):
                name = key.decode()
                if folders:
                    yield from map(self._folder, _new_folders(name, known))
                yield self._file(name, entry)

    def total(self, path: str) -> int:
        """The bytes of all files at or below a path, as far as sizes are known; costs a few reads."""
        with self.reading():
            return totals(self.mount.recent, self.version.root, _key(path)).bytes

    def _file(self, path: str, entry: Entry) -> Info:
        info: Info = {
            "name": self._full(path),
            "size": None if entry.size == UNKNOWN_SIZE else entry.size,
            "type": "file",
            "digest": entry.digest.hex(),
            "version": self.version.name,
            "executable": entry.kind == EntryKind.EXECUTABLE,
            "mtime": self.created.timestamp(),
        }
        if entry.reference is not None:
            info["reference"] = decode_reference(entry.reference)
        return info

    def _folder(self, path: str) -> Info:
        info = {"name": self._full(path), "size": 0, "type": "directory", "version": self.version.name, "mtime": self.created.timestamp()}
        return info if path else {**info, "digest": self.version.root.hex()}

    def _full(self, path: str) -> str:
        return f"{self.name}/{path}" if path else self.name

    def _is_folder(self, path: str) -> bool:
        return not path or next(names(self.mount.recent, self.version.root, _key(path)), None) is not None

    def _missing(self, path: str) -> EntryNotFoundError:
        folder, _, name = path.rpartition("/")
        beside = [key.decode() for key in islice(names(self.mount.recent, self.version.root, _key(folder)), _COMPARED)]
        near = difflib.get_close_matches(name, beside, n=3)
        return EntryNotFoundError(f"{self.name} has no {path!r}" + (f"; did you mean {' or '.join(near)}?" if near else ""))

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Tells of what gc has taken since the version was looked up."""
        try:
            yield
        except EntryNotFoundError:
            raise
        except NotFoundError as error:
            self.mount.find_again(self.fixed_name)
            raise EntryNotFoundError(str(error)) from error


def _key(path: str) -> bytes:
    return path.encode(errors="surrogatepass")  # what isn't UTF-8 then, no version has


def _folders_above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _new_folders(path: str, known: set[str]) -> list[str]:
    """The folders above a path that aren't known yet; they are from now on."""
    new = [folder for folder in _folders_above(path) if folder not in known]
    known.update(new)
    return new
