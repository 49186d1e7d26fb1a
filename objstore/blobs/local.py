"""A BlobStore in a folder of a local disk."""

import contextlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from objstore.blobs.protocol import Listed
from objstore.errors import BlobExistsError, CorruptionError, NotFoundError
from objstore.host.publish import make_folder, publish, publish_all, replace, sync_folder, translated
from objstore.host.regular import NotRegularError, open_regular

_OPEN_FILES = 64
_MOST_AT_ONCE = 1 << 30  # of what is read whole nothing has a tenth of that; somebody else's store may lie


class LocalBlobs:
    """Names are paths below `root`. Keeps up to 64 files open for reading."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._handles = _Handles()

    @property
    def location(self) -> str:
        return str(self._root)

    @property
    def root(self) -> Path:
        return self._root

    @property
    def scratch(self) -> Path:
        folder = self._root / "local" / "staging"
        with translated(folder):
            make_folder(folder)
        return folder

    def create(self, name: str, data: bytes, /) -> None:
        target = self._root / name
        with translated(target):
            if target.exists():
                raise BlobExistsError(f"{target} exists already")
            temporary = self.scratch / f"create-{os.getpid()}-{os.urandom(8).hex()}.tmp"
            try:
                temporary.write_bytes(data)
                publish(temporary, target)
            finally:
                temporary.unlink(missing_ok=True)

    def create_all(self, folder: str, items: Sequence[tuple[str, bytes]], /) -> None:
        made: list[tuple[Path, Path]] = []
        with translated(self._root / folder):
            try:
                for name, data in items:
                    temporary = self.scratch / f"create-{os.getpid()}-{os.urandom(8).hex()}.tmp"
                    made.append((temporary, self._root / folder / name))
                    temporary.write_bytes(data)
                publish_all(made)
            finally:
                for temporary, _ in made:
                    temporary.unlink(missing_ok=True)

    def adopt(self, name: str, file: Path, /) -> None:
        try:
            publish(file, self._root / name)
        finally:
            file.unlink(missing_ok=True)

    def replace(self, name: str, file: Path, /) -> None:
        self._handles.forget(name)
        try:
            replace(file, self._root / name)
        finally:
            file.unlink(missing_ok=True)

    def read(self, name: str, /) -> bytes:
        target = self._root / name
        try:
            with translated(target), open(_opened(target), "rb", buffering=0) as file:
                if os.fstat(file.fileno()).st_size > _MOST_AT_ONCE:
                    raise CorruptionError(f"{target} is larger than anything of its kind; run `objstore fsck`")
                return file.readall()
        except (FileNotFoundError, NotADirectoryError):
            raise self._missing(name) from None

    def read_ranges(self, name: str, ranges: Iterable[tuple[int, int]], /) -> Iterator[bytes]:
        with translated(self._root / name), self._open(name) as fd:
            for offset, length in ranges:
                data = os.pread(fd, length, offset)
                while len(data) < length:
                    more = os.pread(fd, length - len(data), offset + len(data))
                    if not more:
                        raise CorruptionError(f"{self._root / name} is cut short; run `objstore fsck`")
                    data += more
                yield data

    def read_part(self, name: str, offset: int, most: int, /) -> bytes:
        with translated(self._root / name), self._open(name) as fd:
            return os.pread(fd, most, offset)

    def size(self, name: str, /) -> int:
        target = self._root / name
        try:
            with translated(target), open(_opened(target), "rb", buffering=0) as file:
                return os.fstat(file.fileno()).st_size
        except (FileNotFoundError, NotADirectoryError):
            raise self._missing(name) from None

    def has(self, name: str, /) -> bool:
        return (self._root / name).is_file()

    def list(self, prefix: str, /) -> Iterator[tuple[str, int]]:
        return ((name, size) for name, size, _ in self._walk(prefix))

    def list_dated(self, prefix: str, /) -> Iterator[Listed]:
        return self._walk(prefix)

    def delete(self, name: str, /) -> None:
        self._handles.forget(name)
        target = self._root / name
        with translated(target), contextlib.suppress(FileNotFoundError):
            target.unlink()
            sync_folder(target.parent)

    def delete_all(self, names: Sequence[str], /) -> None:
        for name in names:
            self._handles.forget(name)
            with translated(self._root / name):
                (self._root / name).unlink(missing_ok=True)
        for folder in {(self._root / name).parent for name in names}:
            with translated(folder), contextlib.suppress(FileNotFoundError):
                sync_folder(folder)

    def close(self) -> None:
        self._handles.close()

    def _walk(self, prefix: str) -> Iterator[Listed]:
        try:
            entries = sorted(os.scandir(self._root / prefix), key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if prefix or entry.name != "local":
                    yield from self._walk(f"{prefix}{entry.name}/")
            elif not entry.name.endswith(".tmp"):
                with contextlib.suppress(FileNotFoundError):
                    about = entry.stat()
                    yield Listed(prefix + entry.name, about.st_size, about.st_mtime)

    @contextlib.contextmanager
    def _open(self, name: str) -> Iterator[int]:
        try:
            handle = self._handles.take(name, self._root / name)
        except (FileNotFoundError, NotADirectoryError):
            raise self._missing(name) from None
        try:
            yield handle
        finally:
            self._handles.give_back(name, handle)

    def _missing(self, name: str) -> NotFoundError:
        return NotFoundError(f"{self._root / name} is missing; run `objstore fsck`")


def _opened(path: Path) -> int:
    try:
        return open_regular(path)
    except NotRegularError as error:
        raise CorruptionError(f"{path} can't be read: {error.strerror}; run `objstore fsck`") from None


class _Handles:
    """Open files for reading, each used by one thread at a time; the least recently used idle ones are closed."""

    def __init__(self) -> None:
        self._idle: OrderedDict[int, str] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str, path: Path) -> int:
        with self._lock:
            for fd, idle_name in reversed(self._idle.items()):
                if idle_name == name:
                    del self._idle[fd]
                    return fd
        return _opened(path)

    def give_back(self, name: str, fd: int) -> None:
        with self._lock:
            self._idle[fd] = name
            surplus = [self._idle.popitem(last=False)[0]] if len(self._idle) > _OPEN_FILES else []
        for old in surplus:
            os.close(old)

    def forget(self, name: str) -> None:
        with self._lock:
            old = [fd for fd, idle_name in self._idle.items() if idle_name == name]
            for fd in old:
                del self._idle[fd]
        for fd in old:
            os.close(fd)

    def close(self) -> None:
        with self._lock:
            old = list(self._idle)
            self._idle.clear()
        for fd in old:
            os.close(fd)
