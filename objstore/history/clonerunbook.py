"""The runs of a clone: those of its upstream as far as it knows them, and behind them its own records that wait (spec/log.md)."""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from struct import Struct

from objstore.errors import ConflictError, NotFoundError, StorageError
from objstore.history.commit import check_writable
from objstore.history.log import EntryTakenError
from objstore.history.records import Record
from objstore.history.replay import with_collections
from objstore.history.rows import Layered
from objstore.history.runbook import DecideRuns, OwnRunBook, StoredRows, emptied
from objstore.history.runfold import RunFold
from objstore.history.runs import Runs
from objstore.history.unpushed import PendingName, Unpushed
from objstore.host.locks import locked_exclusive
from objstore.values.digest import plain

_MARK = b"\0reflects"
_HEAD = Struct(">QI32s32s")  # the mirror's last entry, how many pending entries, digests of their names and of what collections became
_PENDING = 1


class CloneRunBook:
    """Of a clone on this disk. `lock`: the file whose lock whoever changes the mirror or pending entries holds.

    `same_as`: which collections that wait to be pushed are others of the upstream.
    """

    def __init__(
        self, mirror: OwnRunBook, rows: StoredRows, unpushed: Unpushed, lock: Path, same_as: Callable[[], Mapping[str, str]]
    ) -> None:
        self.mirror = mirror
        self._rows = rows
        self._unpushed = unpushed
        self._lock = lock
        self._same_as = same_as
        self._fold = self._empty()

    @property
    def runs(self) -> Runs:
        return self._fold

    @property
    def position(self) -> int:
        return self.mirror.position

    def refresh(self) -> None:
        while True:
            names = self._unpushed.names()  # first: what lands is put into the mirror before it is removed here
            self.mirror.refresh()
            with contextlib.suppress(NotFoundError):  # one has landed since it was listed
                self._follow(names)
                return

    def commit(self, decide: DecideRuns) -> list[Record]:
        with locked_exclusive(self._lock):
            self.refresh()
            self.mirror.check_writable()
            check_writable(self._fold)
            records = list(decide(self._fold))
            if records:
                self._unpushed.append(self.mirror.position, records)
        self.refresh()
        return records

    def waiting(self) -> list[Record]:
        """The records that the upstream hasn't got, as they are to be there. With the mirror up to date."""
        names = self._unpushed.names()
        landed = self._landed(names)
        records = (record for name in names for record in self._unpushed.read(name).records)
        return [
            with_collections(record, self._same_as()) for record in records if isinstance(record, Record) and record.write_id not in landed
        ]

    def extend(self, entries: Sequence[tuple[int, bytes]]) -> None:
        """Takes entries of the upstream's log into the mirror; ConflictError when it has others there."""
        with locked_exclusive(self._lock):
            try:
                self.mirror.log.append_all(entries)
            except EntryTakenError as error:
                entry = f"entry {error.number} of the upstream's log of runs"
                raise ConflictError(f"{entry} isn't what it was when this clone last read it") from error
        self.refresh()

    def settle(self, done: Iterable[str]) -> None:
        """Removes the entries all of whose records have these write ids: they have landed."""
        landed = set(done)
        with locked_exclusive(self._lock):
            for name in self._unpushed.names():
                if all(record.write_id in landed for record in self._unpushed.read(name).records):
                    self._unpushed.remove([name])
        self.refresh()

    def forget(self) -> None:
        self.mirror.forget()
        self._restart()

    def _follow(self, names: list[PendingName]) -> None:
        """Folds the pending entries that are new, or all of them where anything else has changed."""
        mark, same_as = self._rows.get(_MARK), self._same_as()
        folded = _HEAD.unpack_from(mark)[1] if mark is not None else 0
        if mark is None or mark != self._mark(names[:folded], same_as):
            self._restart()
            mark, folded = None, 0
        self._fold = fold = self._empty()
        landed = self._landed(names) if folded < len(names) else set()
        for name in names[folded:]:
            records = [record for record in self._unpushed.read(name).records if record.write_id not in landed]
            fold.add(name.n, [with_collections(record, same_as) if isinstance(record, Record) else record for record in records])
        if folded < len(names):
            with contextlib.suppress(StorageError):
                if self._rows.put_if(_MARK, mark, [*fold.fresh.items(), (_MARK, self._mark(names, same_as))]):
                    fold.fresh.clear()

    def _landed(self, names: Sequence[PendingName]) -> set[str]:
        base = min((name.base for name in names), default=self.mirror.position)
        entries = self.mirror.log.read_from(base + 1) if base < self.mirror.position else ()
        return {record.write_id for _, records in entries for record in records}

    def _mark(self, names: Sequence[PendingName], same_as: Mapping[str, str]) -> bytes:
        named, became = "\n".join(map(str, names)), repr(sorted(same_as.items()))
        return _HEAD.pack(self.mirror.position, len(names), plain(named.encode()), plain(became.encode()))

    def _restart(self) -> None:
        self._rows = emptied(self._rows)
        self._fold = self._empty()

    def _empty(self) -> RunFold:
        return RunFold(Layered(self._rows, self.mirror.runs.rows), tier=_PENDING)
