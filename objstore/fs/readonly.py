"""A file system that nothing can be written to."""

import errno
from typing import Any, NoReturn

from fsspec.spec import AbstractFileSystem


class ReadOnlyFileSystem(AbstractFileSystem):
    """Whatever would change something is OSError (EROFS), and changes nothing."""

    def mkdir(self, path: str, create_parents: bool = True, **kwargs: Any) -> None:
        self._refuse(path)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        self._refuse(path)

    def rmdir(self, path: str) -> None:
        self._refuse(path)

    def rm(self, path: Any, recursive: bool = False, maxdepth: int | None = None) -> None:
        self._refuse(path)

    def rm_file(self, path: str) -> None:
        self._refuse(path)

    def _rm(self, path: str) -> None:
        self._refuse(path)

    def cp_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        self._refuse(path2)

    def copy(self, path1: Any, path2: Any, *args: Any, **kwargs: Any) -> None:
        self._refuse(path2)

    def mv(self, path1: Any, path2: Any, *args: Any, **kwargs: Any) -> None:
        self._refuse(path1)

    def put_file(self, lpath: str, rpath: str, *args: Any, **kwargs: Any) -> None:
        self._refuse(rpath)

    def put(self, lpath: Any, rpath: Any, *args: Any, **kwargs: Any) -> None:
        self._refuse(rpath)

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        self._refuse(path)

    def pipe(self, path: Any, value: Any = None, **kwargs: Any) -> None:
        self._refuse(path)

    def touch(self, path: str, truncate: bool = True, **kwargs: Any) -> None:
        self._refuse(path)

    def _refuse(self, path: Any) -> NoReturn:
        raise OSError(errno.EROFS, "versions can't be changed, only added", str(path))
