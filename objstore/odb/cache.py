"""What this machine remembers of a store so as to be fast: an LMDB environment that may be deleted at any time.

It holds the index (key → place), the folded log, and what a scan of the working tree saw. It is written after what it
caches, never trusted over the store, and says what it reflects. Writes aren't synced one by one: after a crash of the
machine (another boot id, and no clean mark) the whole is thrown away.
"""

import contextlib
import os
import struct
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from blake3 import blake3

from objstore.errors import CorruptionError, StorageError
from objstore.host.clock import boot_id
from objstore.host.locks import locked_exclusive, locked_shared
from objstore.odb.segment import Location, Segment
from objstore.odb.table import FILES, Tables, forget
from objstore.values.key import Key

_FORMAT = b"1"
_NAMES = ("meta", "segments", "index", "packs", "scan", "runs", "pending-runs")
_PREFIX = 12  # bytes of a pack's id in a row: enough to tell packs apart, and a mix-up would be found when verifying
_LOCATION = struct.Struct(f"<{_PREFIX}sIII")
_BATCH = 20_000


class Cache:
    """One store's cache. Thread-safe; shared by processes."""

    def __init__(self, path: Path, project: str) -> None:
        """Opens or makes the cache; one that is damaged, of another project or unclean is made anew."""
        self.path = path
        self._project = project.encode()
        self._lock = threading.RLock()
        self._packs: dict[bytes, str] = {}
        self._tables = self._opened()

    # -- index ---------------------------------------------------------------------------------------------------------

    @property
    def segments(self) -> set[str]:
        """The segments whose rows are in the index. One of which only some may be there has a name that no segment has."""
        return {name.decode() for name, _ in self._tables.rows_from("segments", b"")}

    def locate(self, key: Key) -> Location | None:
        found = self._tables.get("index", key)
        return self._location(found) if found else None

    def locate_many(self, keys: Sequence[Key]) -> dict[Key, Location]:
        """Where those keys are that the index lists."""
        return {key: self._location(found) for key, found in self._tables.get_many("index", keys).items()}

    def known(self, keys: Sequence[Key]) -> set[Key]:
        """Those keys that the index lists."""
        return set(self._tables.get_many("index", keys))

    def locate_from(self, prefix: bytes) -> Iterator[tuple[Key, Location]]:
        """All keys that begin with `prefix`, ascending."""
        for key, found in self._tables.rows_from("index", prefix):
            yield key, self._location(found)

    def pack_ids(self) -> list[str]:
        """All packs that the segments name."""
        return [pack.hex() for _, pack in self._tables.rows_from("packs", b"")]

    def has_pack(self, pack: str) -> bool:
        """Whether a segment names that pack."""
        return self._tables.get("packs", bytes.fromhex(pack)[:_PREFIX]) is not None

    def add_segment(self, name: str, segment: Segment, dead: Collection[str] = ()) -> None:
        """Takes a segment's rows in, but none that says that something is in a `dead` pack. Cost: about a second for a million.

        Harmless when repeated.
        Cut off, it leaves a mark, so that the index is made anew: had the segment been superseded by then, its rows would stay for ever.
        """
        mark = b"part of " + name.encode()
        with self._lock:
            self._tables.put("segments", [(mark, b"")])
            prefixes = [pack[:_PREFIX] for pack in segment.packs]
            gone = {at for at, pack in enumerate(segment.packs) if pack.hex() in dead}
            self._tables.put("packs", [(pack[:_PREFIX], pack) for at, pack in enumerate(segment.packs) if at not in gone])
            batch: list[tuple[bytes, bytes]] = []
            for key, (pack, offset, stored, raw) in segment.rows():
                if pack in gone:
                    continue
                batch.append((key, _LOCATION.pack(prefixes[pack], offset, stored, raw)))
                if len(batch) == _BATCH:
                    self._tables.put("index", batch)
                    batch = []
            self._tables.put("index", batch)
            self._tables.swap("segments", name.encode(), self._tables.get("segments", name.encode()), b"", (), [mark])

    def clear_index(self) -> None:
        """Forgets all rows, at once; the segments can be taken in again."""
        with self._lock:
            self._tables.clear(["segments", "index", "packs"])
            self._packs.clear()

    def _location(self, found: bytes) -> Location:
        prefix, offset, stored, raw = _LOCATION.unpack(found)
        pack = self._packs.get(prefix)
        if pack is None:
            pack = self._packs[prefix] = (self._tables.get("packs", prefix) or prefix).hex()
        return Location(pack, offset, stored, raw)

    # -- remembered values ---------------------------------------------------------------------------------------------

    def remembered(self, name: str) -> bytes | None:
        """A value kept under a name, None when there is none or it is damaged."""
        found = self._tables.get("meta", b"value:" + name.encode())
        if found is None or blake3(found[32:]).digest() != found[:32]:
            return None
        return found[32:]

    def remember(self, name: str, value: bytes) -> None:
        with self._lock:
            self._put_meta("value:" + name, blake3(value).digest() + value)

    def scanned(self, key: bytes) -> bytes | None:
        return self._tables.get("scan", key)

    def remember_scan(
        self, key: bytes, old: bytes | None, new: bytes, rows: Iterable[tuple[bytes, bytes]] = (), gone: Iterable[bytes] = ()
    ) -> bool:
        """Gives `key` the value `new`, puts `rows` and forgets `gone`, at once; if `key` hasn't the value `old` any more, forgets `key`."""
        with self._lock:
            return self._tables.swap("scan", key, old, new, rows, gone)

    def scan_keys(self, prefix: bytes) -> Iterator[bytes]:
        for key, _ in self._tables.rows_from("scan", prefix):
            yield key

    @property
    def tables(self) -> Tables:
        """What it lies in, for whoever keeps a table of its own there."""
        return self._tables

    # -- opening, closing ----------------------------------------------------------------------------------------------

    @property
    def is_forgotten(self) -> bool:
        """Whether this process has thrown the cache away since: time to go over to a new one, though this one still serves."""
        return self._tables.is_forgotten

    def go_over_to(self, fresh: "Cache") -> None:
        """Becomes what `fresh` is, which is given up. Whoever uses this cache goes on with that, at whatever they are."""
        with self._lock:
            # The old tables aren't closed, since other threads may be reading them: they go with the last who does.
            self._tables = fresh._tables

    def close(self) -> None:
        """Syncs what was written, so that it outlives a crash of the machine, and lets go of it. Nothing is lost without it."""
        with self._lock:
            if self._tables.is_closed:
                return
            with contextlib.suppress(StorageError):
                if self._tables.get("meta", b"boot") != b"clean":
                    self._tables.sync()
                    self._tables.put("meta", [(b"boot", b"clean")], stamp=False)
                    self._tables.sync()
            self._tables.close()

    def _opened(self) -> Tables:
        # LMDB opens two files by name. Had another process replaced the folder between them, both would write to one file without a
        # common lock; so while anybody opens, nobody replaces.
        with locked_shared(_lock_of(self.path)):
            tables = self._found()
            if tables is not None:
                return tables
        with locked_exclusive(_lock_of(self.path)):
            tables = self._found()  # another process may have made it meanwhile
            if tables is None:
                _remove(self.path)
                tables = Tables(self.path, _NAMES)
                tables.put("meta", [(b"identity", _FORMAT + b" " + self._project)])
                self._is_ours(tables)
            return tables

    def _found(self) -> Tables | None:
        """The cache that is there, if it can be used. Makes none, so that whatever is there was there before."""
        if not self.path.exists():
            return None
        with contextlib.suppress(CorruptionError, StorageError):
            tables = Tables(self.path, _NAMES)
            if self._is_ours(tables):
                return tables
            tables.close()
        return None

    def _is_ours(self, tables: Tables) -> bool:
        identity, boot = tables.get("meta", b"identity"), tables.get("meta", b"boot")
        if identity != _FORMAT + b" " + self._project or boot not in (None, b"clean", boot_id() or b"clean"):
            return False
        tables.stamp = ("meta", b"boot", boot_id() or b"unknown")
        return True

    def _put_meta(self, name: str, value: bytes) -> None:
        self._tables.put("meta", [(name.encode(), value)])


def discard(path: Path) -> None:
    """Removes a cache. A process that still has it open goes on with its own view."""
    with locked_exclusive(_lock_of(path)):
        _remove(path)


def _remove(path: Path) -> None:
    """StorageError when it may not be a cache: in a store of somebody else's, a link may lead to anything of ours."""
    if path.parent.is_symlink() and path.exists():
        raise StorageError(f"{path} can't be used as a cache, and isn't removed, since {path.parent} is a link; move it away")
    if path.is_dir() and not {*os.listdir(path)} <= {*FILES}:
        raise StorageError(f"{path} should be a cache, but holds other files; move them away")
    forget(path)
    if path.exists():
        grave = path.with_name(f"{path.name}.{os.urandom(4).hex()}.tmp")
        path.rename(grave)
        import shutil  # only here: it would take a thirtieth of every command's start-up

        shutil.rmtree(grave, ignore_errors=True) if grave.is_dir() else grave.unlink(missing_ok=True)


def _lock_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")
