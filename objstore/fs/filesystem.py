"""Versions as a file system for fsspec."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.utils import isfilelike, stringify_path

from objstore.fs.anchor import Anchored
from objstore.fs.download import download, save
from objstore.fs.file import VersionFile
from objstore.fs.moment import Moment
from objstore.fs.mount import Mount
from objstore.fs.mounting import mounted
from objstore.fs.readonly import ReadOnlyFileSystem
from objstore.fs.view import Info, View
from objstore.values.digest import plain

CACHE_BYTES = 64 * 1024 * 1024


class ObjstoreFileSystem(ReadOnlyFileSystem, metaclass=Anchored):
    """The versions of one repository, to be read: `NAME/PATH` in the latest one, `NAME:ALIAS/PATH`, `NAME:v3/PATH`, `NAME@DIGEST/PATH`.

    The repository is the one at or above the current folder, or `repo`, or what follows `::` in a chain of URLs. `ls("")` lists the
    collections, by their bare names.

    Each call looks up anew what an alias means; one that reads many files (`get`, `cat`, `find`, …) does so once, and an open file stays
    in its version. Calls that have to agree with each other, or a loop that opens thousands of files, better name a version by its number:
    that is looked up once.

    Whatever is read is verified. Chunks that were read last are kept, up to `cache_bytes`, for all files and all instances of a process
    that have the same options. Thread-safe; may be used after a fork, and pickled.

    What isn't there is FileNotFoundError, whatever would write is OSError (EROFS), and damage is CorruptionError.
    """

    protocol = "objstore"

    def __init__(self, repo: str, target_options: Mapping[str, Any] | None = None, cache_bytes: int = CACHE_BYTES, **options: Any) -> None:
        """`target_options`: for the file system that `repo` is in. The repository is opened when it is first needed."""
        super().__init__(**options)
        self._where = repo
        self._options = dict(target_options or {})
        self._cache_bytes = cache_bytes
        self._mount: Mount | None = None

    @property
    def mount(self) -> Mount:
        """The repository, opened in this process."""
        if self._mount is None or self._mount.pid != os.getpid():
            self._mount = mounted(self._where, self._options, self._cache_bytes)
        return self._mount

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(each) for each in path]
        return "/".join(filter(None, super()._strip_protocol(path).split("/")))

    # -- looking -------------------------------------------------------------------------------------------------------

    def info(self, path: Any, moment: Moment | None = None, **kwargs: Any) -> Info:
        path = self._strip_protocol(path)
        if not path:
            return {"name": "", "size": 0, "type": "directory"}
        view, inner = self._moment(moment).at(path)
        return view.info(inner)

    def ls(self, path: Any, detail: bool = True, moment: Moment | None = None, **kwargs: Any) -> list[Any]:
        path = self._strip_protocol(path)
        moment = self._moment(moment)
        if path:
            view, inner = moment.at(path)
            found = view.ls(inner)
        else:
            found = [view.info("") for view in moment.latest()]
        return found if detail else [info["name"] for info in found]

    def walk(self, path: Any, maxdepth: int | None = None, *args: Any, **kwargs: Any) -> Iterator[Any]:
        yield from super().walk(path, maxdepth, *args, **self._at_one_moment(kwargs))

    def find(self, path: Any, maxdepth: int | None = None, withdirs: bool = False, detail: bool = False, **kwargs: Any) -> Any:
        kwargs = self._at_one_moment(kwargs)
        if maxdepth is not None:
            return super().find(path, maxdepth, withdirs, detail, **kwargs)
        views = self._views(self._strip_protocol(path), kwargs["moment"])
        infos = {info["name"]: info for view, inner in views for info in view.find(inner, folders=withdirs)}
        return {name: infos[name] for name in sorted(infos)} if detail else sorted(infos)

    def glob(self, path: Any, maxdepth: int | None = None, **kwargs: Any) -> Any:
        return super().glob(stringify_path(path), maxdepth, **self._at_one_moment(kwargs))

    def du(self, path: Any, total: bool = True, maxdepth: int | None = None, withdirs: bool = False, **kwargs: Any) -> Any:
        """Of what has no known size, nothing is counted."""
        path, moment = self._strip_protocol(path), self._moment(kwargs.pop("moment", None))
        if total and maxdepth is None:
            return sum(view.total(inner) for view, inner in self._views(path, moment))
        sizes = {name: info["size"] or 0 for name, info in self.find(path, maxdepth, withdirs, detail=True, moment=moment).items()}
        return sum(sizes.values()) if total else sizes

    def exists(self, path: Any, **kwargs: Any) -> bool:
        """Unlike fsspec's own, it doesn't take damage for absence."""
        try:
            self.info(path, **kwargs)
        except FileNotFoundError:
            return False
        return True

    def isfile(self, path: Any) -> bool:
        return self._type(path) == "file"

    def isdir(self, path: Any) -> bool:
        return self._type(path) == "directory"

    def _type(self, path: Any) -> str | None:
        with suppress(FileNotFoundError):
            return str(self.info(path)["type"])
        return None

    def ukey(self, path: Any) -> str:
        """The digest of a file's content, of a version's root; of a folder, what identifies it in its version."""
        view, inner = self._moment().at(self._strip_protocol(path))
        digest = view.info(inner).get("digest")
        return digest or plain(view.version.root + inner.encode()).hex()

    def checksum(self, path: Any) -> int:
        return int(self.ukey(path), 16)

    def created(self, path: Any) -> datetime:
        """When the version was logged."""
        view, inner = self._moment().at(self._strip_protocol(path))
        view.info(inner)
        return view.created

    modified = created

    # -- reading -------------------------------------------------------------------------------------------------------

    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        autocommit: bool = True,
        cache_options: dict[str, Any] | None = None,
        cache_type: str = "none",
        moment: Moment | None = None,
        **kwargs: Any,
    ) -> VersionFile:
        if mode != "rb":
            self._refuse(path)
        view, inner = self._moment(moment).at(path)
        return VersionFile(self, view, inner, block_size, cache_type, cache_options)

    def cat_file(self, path: Any, start: int | None = None, end: int | None = None, moment: Moment | None = None, **kwargs: Any) -> bytes:
        view, inner = self._moment(moment).at(self._strip_protocol(path))
        content = view.content(inner)
        first, stop, _ = slice(start, end).indices(content.size)
        with view.reading():
            return content.read_whole() if (first, stop) == (0, content.size) else content.read(first, stop)

    def cat(self, path: Any, recursive: bool = False, on_error: str = "raise", **kwargs: Any) -> Any:
        """Recursively: of the files below, not of the folders, which fsspec's own would try to read as well."""
        kwargs = self._at_one_moment(kwargs)
        if recursive:
            below = self.expand_path(path, recursive=True, **kwargs)
            files = [each for each in below if self.info(each, **kwargs)["type"] == "file"]
            if not files:
                return {}
            if files != below:
                path, recursive, kwargs["assume_literal"] = files, False, True
        return super().cat(path, recursive, on_error, **kwargs)

    def cat_ranges(
        self, paths: list[Any], starts: Any, ends: Any, max_gap: int | None = None, on_error: str = "return", **kwargs: Any
    ) -> list[Any]:
        """Ranges of one chunk read it once, whatever lies between them, so `max_gap` doesn't matter."""
        return super().cat_ranges(paths, starts, ends, None, on_error, **self._at_one_moment(kwargs))  # type: ignore[no-any-return]

    def get(self, rpath: Any, lpath: Any, *args: Any, **kwargs: Any) -> None:
        super().get(rpath, lpath, *args, **self._at_one_moment(kwargs))

    def get_file(
        self,
        rpath: Any,
        lpath: Any = None,
        callback: Any = DEFAULT_CALLBACK,
        outfile: Any = None,
        moment: Moment | None = None,
        **kwargs: Any,
    ) -> None:
        """Writes a file to the disk, whole or not at all, with its executable bit; or into a file object."""
        view, inner = self._moment(moment).at(self._strip_protocol(rpath))
        if outfile is None and isfilelike(lpath):
            outfile = lpath
        if outfile is not None:
            for block in download(view, inner, callback):
                outfile.write(block)
        elif view.info(inner)["type"] == "directory":
            os.makedirs(lpath, exist_ok=True)
        else:
            save(view, inner, stringify_path(lpath), callback)

    # -- names ---------------------------------------------------------------------------------------------------------

    def _moment(self, moment: Moment | None = None) -> Moment:
        return moment or Moment(self.mount)

    def _views(self, path: str, moment: Moment) -> list[tuple[View, str]]:
        """The version that a path is in, and where; all the latest ones for the top, none if there is no such version."""
        if not path:
            return [(view, "") for view in moment.latest()]
        with suppress(FileNotFoundError):
            return [moment.at(path)]
        return []

    def _at_one_moment(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The keyword arguments of a call that does many others, with what has these see one version of each name."""
        return {"moment": self._moment(), **arguments}
