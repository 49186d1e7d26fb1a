"""The rows of a draft's future segment: in memory while few, on disk when many."""

import os
import shutil
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from objstore.odb.table import Tables
from objstore.values.key import Key, Kind

Row = tuple[int, int, int, int]
"""Slot of the pack, offset, stored size, raw size."""

_ROW = struct.Struct("<iIII")
_IN_MEMORY = 120_000  # some 40 MB
_TOGETHER = 10_000


class PendingRows:
    """Key → row, for any number of keys in bounded memory. The caller locks."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._recent: dict[Key, Row] = {}
        self._spilled: Tables | None = None

    def __bool__(self) -> bool:
        return bool(self._recent) or self._spilled is not None

    def unknown(self, keys: Iterable[Key]) -> list[Key]:
        """Those keys that have no row, in order."""
        recent = self._recent
        fresh = [key for key in keys if key not in recent]
        if fresh and self._spilled is not None:
            known = self._spilled.get_many("rows", fresh)
            fresh = [key for key in fresh if key not in known]
        return fresh

    def get(self, key: Key) -> Row | None:
        if key in self._recent:
            return self._recent[key]
        found = self._spilled.get("rows", key) if self._spilled else None
        return _ROW.unpack(found) if found else None

    def put(self, rows: dict[Key, Row]) -> None:
        self._recent.update(rows)
        if len(self._recent) > _IN_MEMORY:
            self._spill()

    def keys_from(self, prefix: bytes) -> list[Key]:
        found = {key for key in self._recent if key.startswith(prefix)}
        if self._spilled is not None:
            found.update(key for key, _ in self._spilled.rows_from("rows", prefix))
        return sorted(found)

    def counts(self) -> dict[Kind, int]:
        """How many rows there are of each kind."""
        if self._spilled is not None:
            self._spill()
        keys = self._recent if self._spilled is None else (key for key, _ in self._spilled.rows_from("rows", b""))
        counts = Counter(key[0] for key in keys)
        return {kind: counts[kind] for kind in Kind}

    def sorted(self) -> Iterator[tuple[Key, Row]]:
        """All rows, ascending by key."""
        if self._spilled is None:
            yield from ((key, self._recent[key]) for key in sorted(self._recent))
            return
        self._spill()
        for key, row in self._spilled.rows_from("rows", b""):
            yield key, _ROW.unpack(row)

    def close(self) -> None:
        if self._spilled is not None:
            self._spilled.close()
            shutil.rmtree(self._spilled.path, ignore_errors=True)
            self._spilled = None

    def _spill(self) -> None:
        if self._spilled is None:
            self._spilled = Tables(self._scratch / f"rows-{os.getpid()}-{os.urandom(8).hex()}.tmp", ["rows"])
        keys = sorted(self._recent)
        # Stretch by stretch: a transaction keeps a copy of every page it touches, and keys are spread over all of them.
        for start in range(0, len(keys), _TOGETHER):
            self._spilled.put("rows", [(key, _ROW.pack(*self._recent[key])) for key in keys[start : start + _TOGETHER]])
        self._recent = {}
