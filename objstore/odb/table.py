"""Sorted byte tables on disk: the only module that knows LMDB.

An environment may be open once in a process, and never across a fork; `open_tables` sees to both.
"""

import contextlib
import itertools
import os
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lmdb

from objstore.errors import CorruptionError, StorageError
from objstore.host.forkgate import ForkGate
from objstore.host.publish import translated

FILES = ("data.mdb", "lock.mdb")
"""All that there is in a folder with tables."""
_LOCK_SIZE = 64 * 1024  # more than 512 readers take
_READ_AHEAD = 1000
_MAP_SIZE = 1 << 36  # address space only; the file grows as needed


@dataclass
class _Shared:
    """An environment that is open in this process with its tables, and how many use it. Closed at the latest when nobody has it."""

    env: lmdb.Environment
    dbs: dict[str, Any]
    pid: int
    users: int = 0
    is_forgotten: bool = False

    def __post_init__(self) -> None:
        weakref.finalize(self, _close, self.env, self.pid).atexit = False


_open: dict[Path, _Shared] = {}

# lmdb refuses to open a file that this process has open, and tells files by their inode numbers. One that is closed after it was removed
# gives its number free a moment before lmdb has noticed. If another thread made a new file in that moment, and the disk gave it that
# number, it was told that the new file is open. So whoever opens or closes an environment holds this lock. Reentrant, since a garbage
# collection may close one anywhere.
_open_lock = threading.RLock()


# py-lmdb's `close`, which a child needs before it may open what it inherits, waits for the calls that are under way: also for those of
# threads that the child hasn't got.
_gate = ForkGate()
_forking = threading.Lock()


def _before_fork() -> None:
    _forking.acquire()
    _gate.shut()
    _open_lock.acquire()


def _after_fork_in_parent() -> None:
    _open_lock.release()
    _gate.reopen()
    _forking.release()


def _after_fork_in_child() -> None:
    _open_lock.release()
    _gate.reopen_in_child()
    _forking.release()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)


class Tables:
    """A folder with named tables. Thread-safe; several processes may share it. Nothing here is durable by promise."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        """CorruptionError when the folder holds a damaged environment, StorageError when it can't be opened."""
        self.path = path.resolve()  # as in `_open`, so that `close` finds it
        self._arguments = (path, tuple(names))
        self._shared = _environment(*self._arguments)
        self.is_closed = False
        self.stamp: tuple[str, bytes, bytes] | None = None
        """A row (table, key, value) that every transaction puts beside its own."""

    @property
    def _env(self) -> lmdb.Environment:
        """The environment; opened anew in a process that was forked off, where the inherited one must not be used."""
        if self._shared.pid != os.getpid():
            self._shared = _environment(*self._arguments)
        return self._shared.env

    @property
    def _dbs(self) -> dict[str, Any]:
        return self._shared.dbs

    @property
    def is_forgotten(self) -> bool:
        """Whether this process has removed the folder since. What was there can still be used, but nobody else will see it."""
        return self._shared.is_forgotten

    def get(self, table: str, key: bytes) -> bytes | None:
        with _Translated(self.path), self._env.begin(self._dbs[table]) as transaction:
            value: bytes | None = transaction.get(key)
            return value

    def get_many(self, table: str, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values of those keys that are there."""
        with _Translated(self.path), self._env.begin(self._dbs[table]) as transaction, transaction.cursor() as cursor:
            return dict(cursor.getmulti(sorted(keys)))

    def rows_from(self, table: str, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The rows whose keys begin with `prefix`, ascending."""
        with _Translated(self.path):
            transaction = self._env.begin(self._dbs[table])
            cursor = transaction.cursor()
            ahead = cursor.iternext() if cursor.set_range(prefix) else iter(())
            rows = itertools.takewhile(lambda row: row[0].startswith(prefix), ahead)
        try:
            while batch := self._next(rows):
                yield from batch
        finally:
            with _Translated(self.path):
                cursor.close()
                transaction.abort()

    def _next(self, rows: Iterator[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """While they are handed out, nobody need be inside LMDB."""
        with _Translated(self.path):
            return list(itertools.islice(rows, _READ_AHEAD))

    def put(self, table: str, rows: Iterable[tuple[bytes, bytes]], *, stamp: bool = True) -> None:
        """Writes rows in one transaction; they are there together or not at all."""
        with self._writing(table, stamp=stamp) as transaction, transaction.cursor() as cursor:
            cursor.putmulti(rows)

    @contextlib.contextmanager
    def _writing(self, table: str, *, stamp: bool = True) -> Iterator[lmdb.Transaction]:
        """A transaction that also puts the stamp, so that nothing is ever there without it."""
        with _Translated(self.path), self._env.begin(self._dbs[table], write=True) as transaction:
            yield transaction
            if self.stamp and stamp:
                name, key, value = self.stamp
                transaction.put(key, value, db=self._dbs[name])

    def swap(
        self, table: str, key: bytes, old: bytes | None, new: bytes, rows: Iterable[tuple[bytes, bytes]], gone: Iterable[bytes]
    ) -> bool:
        """If `key` has the value `old`, gives it `new`, puts `rows` and deletes `gone`; else deletes `key`. One transaction."""
        with self._writing(table) as transaction, transaction.cursor() as cursor:
            if transaction.get(key) != old:
                transaction.delete(key)
                return False
            for other in gone:
                transaction.delete(other)
            cursor.putmulti(rows)
            transaction.put(key, new)
            return True

    def put_if(self, table: str, key: bytes, value: bytes | None, rows: Iterable[tuple[bytes, bytes]]) -> bool:
        """Puts rows in one transaction if `key` has this value (None: isn't there); whether it had."""
        with self._writing(table) as transaction, transaction.cursor() as cursor:
            if transaction.get(key) != value:
                return False
            cursor.putmulti(rows)
            return True

    def clear(self, tables: Sequence[str]) -> None:
        """Empties tables in one transaction."""
        with self._writing(tables[0]) as transaction:
            for table in tables:
                transaction.drop(self._dbs[table], delete=False)

    def sync(self) -> None:
        """Brings what was written to the disk."""
        with _Translated(self.path):
            self._env.sync(True)

    def close(self) -> None:
        """Lets go of the environment; the last user closes it. Harmless when called again."""
        with _open_lock:
            if self.is_closed:
                return
            self.is_closed = True
            self._shared.users -= 1
            if self._shared.users:
                return
            if _open.get(self.path.resolve()) is self._shared:
                del _open[self.path.resolve()]
            _close(self._shared.env, self._shared.pid)


def _close(env: lmdb.Environment, pid: int) -> None:
    """Closes an environment in the process that opened it; harmless when it is closed already."""
    if pid == os.getpid():
        with _open_lock:
            env.close()


def forget(path: Path) -> None:
    """Makes the next one who opens `path` open it anew: what was there is being removed. Those who have it open can tell."""
    with _open_lock:
        shared = _open.pop(path.resolve(), None)
        if shared is not None:
            shared.is_forgotten = True


def _environment(path: Path, names: Sequence[str]) -> _Shared:
    path = path.resolve()
    with _Translated(path), _open_lock:  # in this order, as a fork takes them
        shared = _open.get(path)
        if shared is not None and shared.pid != os.getpid():
            shared.env.close()  # inherited through a fork
            shared = None
        if shared is None:
            env = _open_environment(path, len(names))
            shared = _open[path] = _Shared(env, _open_tables(env, path, names), os.getpid())
        shared.users += 1
        return shared


def _open_environment(path: Path, tables: int) -> lmdb.Environment:
    if path.exists() and not path.is_dir():
        raise CorruptionError(f"the cache in {path} is no folder")
    with translated(path):
        path.mkdir(parents=True, exist_ok=True)
    if not (path / FILES[0]).exists() and not {*os.listdir(path)} <= {*FILES}:
        raise CorruptionError(f"{path} is no cache")
    if any((path / name).exists() and not (path / name).is_file() for name in FILES):  # opening a pipe would wait for ever
        raise CorruptionError(f"the cache in {path} is damaged")
    _allocate_lock(path / "lock.mdb")
    try:
        env = lmdb.open(os.fsencode(path), map_size=_MAP_SIZE, max_dbs=tables, sync=False, max_readers=512)
    except (lmdb.InvalidError, lmdb.VersionMismatchError, lmdb.CorruptedError) as error:
        raise CorruptionError(f"the cache in {path} is damaged") from error
    except lmdb.Error as error:
        raise StorageError(f"can't open the cache in {path}: {error}") from error
    env.reader_check()  # frees what killed processes have left
    # Pages are mapped, so a file shorter than LMDB believes would kill the process when it touches what is missing.
    needed = (env.info()["last_pgno"] + 1) * env.stat()["psize"]
    if (path / "data.mdb").stat().st_size < needed:
        env.close()
        raise CorruptionError(f"the cache in {path} is cut short")
    return env


def _open_tables(env: lmdb.Environment, path: Path, names: Sequence[str]) -> dict[str, Any]:
    """The tables of an environment that nobody else in this process has yet.

    `open_db` waits for LMDB's writer lock without letting other threads run, so it would wait for ever for one of them that holds it.
    """
    try:
        with _Translated(path):
            return {name: env.open_db(name.encode(), create=True) for name in names}
    except BaseException:
        env.close()
        raise


def _allocate_lock(path: Path) -> None:
    """LMDB maps its lock file and makes it sparse: on a full disk, touching it would kill the process."""
    if path.exists() or not hasattr(os, "posix_fallocate"):
        return
    with translated(path):
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            os.posix_fallocate(fd, 0, _LOCK_SIZE)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(fd)


class _Translated:
    """Around whatever uses LMDB: turns its refusals into StorageError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_first = False

    def __enter__(self) -> None:
        self._is_first = _gate.enter()

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if self._is_first:
            _gate.leave()
        if isinstance(error, (lmdb.CorruptedError, lmdb.PageNotFoundError, lmdb.CursorFullError)):
            raise StorageError(
                f"{self._path}, which is only a cache, is damaged ({error}); `objstore fsck --repair` makes it anew"
            ) from error
        if isinstance(error, lmdb.Error):
            raise StorageError(f"can't use {self._path}: {error}; free some space and try again") from error
