"""A file system that can be written to, for suites of tests that make their files through it."""

import io
import shutil
from pathlib import Path
from typing import Any

import objstore
from objstore.fs.filesystem import ObjstoreFileSystem


class StagedFileSystem(ObjstoreFileSystem):
    """Whatever writes changes a folder, and logs that as the next version of the collection that the path begins with."""

    protocol = "staged"

    def _staged(self, path: Any) -> Path:
        name, _, inner = self._strip_protocol(path).partition("/")
        return Path(self._where) / "staged" / name / inner

    def _log(self, path: Any) -> None:
        name = self._strip_protocol(path).partition("/")[0]
        with objstore.open(self._where) as repo:
            repo.add(Path(self._where) / "staged" / name, name=name)

    def makedirs(self, path: Any, exist_ok: bool = False) -> None:
        self._staged(path).mkdir(parents=True, exist_ok=exist_ok)

    def mkdir(self, path: Any, create_parents: bool = True, **kwargs: Any) -> None:
        self.makedirs(path)

    def pipe(self, path: Any, value: Any = None, **kwargs: Any) -> None:
        self.pipe_file(path, value)

    def pipe_file(self, path: Any, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        file = self._staged(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(value)
        self._log(path)

    def touch(self, path: Any, truncate: bool = True, **kwargs: Any) -> None:
        self.pipe_file(path, b"")

    def rm(self, path: Any, recursive: bool = False, maxdepth: int | None = None) -> None:
        staged = self._staged(path)
        shutil.rmtree(staged) if staged.is_dir() else staged.unlink()
        self._log(path)

    def _open(self, path: str, mode: str = "rb", *args: Any, **kwargs: Any) -> Any:
        if mode == "rb":
            return super()._open(path, mode, *args, **kwargs)
        if mode == "xb" and self.exists(path):
            raise FileExistsError(path)
        return _Written(self, path)


class _Written(io.BytesIO):
    def __init__(self, fs: StagedFileSystem, path: str) -> None:
        super().__init__()
        self._fs = fs
        self._path = path

    def close(self) -> None:
        if not self.closed:
            self._fs.pipe_file(self._path, self.getvalue())
        super().close()
