"""The log `runs` of a project together with what it adds up to, which a cache keeps as rows from one process to the next."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from struct import Struct
from typing import Protocol

from objstore.errors import StorageError
from objstore.history.commit import check_writable, commit
from objstore.history.encoding import encode_entry
from objstore.history.log import Log
from objstore.history.records import Record
from objstore.history.rows import NewRows
from objstore.history.runfold import RunFold
from objstore.history.runs import Runs
from objstore.values.digest import plain

DecideRuns = Callable[[Runs], Sequence[Record]]

_MARK = b"\0reflects"
_HEAD = Struct(">Q32s")  # the last entry that the rows reflect, and its digest; then the kinds that weren't known
_BATCH = 100_000  # rows, some 30 MB


class StoredRows(Protocol):
    """Rows of a cache, which other processes may change too."""

    def get(self, key: bytes, /) -> bytes | None: ...

    def rows_from(self, prefix: bytes, /) -> Iterator[tuple[bytes, bytes]]: ...

    def put_if(self, key: bytes, value: bytes | None, rows: Iterable[tuple[bytes, bytes]], /) -> bool:
        """Puts rows if `key` has this value, all or none; whether it had."""

    def clear(self) -> None: ...


def emptied(rows: StoredRows) -> StoredRows:
    """These rows without any; others, in memory, where they can't be emptied and what they say is wrong."""
    try:
        rows.clear()
    except StorageError:
        return NewRows()
    return rows


class RunBook(Protocol):
    """The runs of a project, and how there come to be more. One call at a time may use it."""

    @property
    def runs(self) -> Runs:
        """As of the last call of `refresh` or `commit`, or newer."""

    @property
    def position(self) -> int:
        """The last entry of the log that these are as of."""

    def refresh(self) -> None:
        """Sees what others have appended since."""

    def commit(self, decide: DecideRuns) -> list[Record]:
        """Appends what `decide` wants, judged by the very runs that it is appended to (see history.commit); returns it."""


class OwnRunBook:
    """Of a project that has no upstream, or is one; and of a clone what its upstream has."""

    def __init__(self, log: Log, rows: StoredRows) -> None:
        self.log = log
        self._rows = rows
        self._mark: bytes | None = None
        self._checked: bytes | None = None
        self._fold = RunFold(rows)

    @property
    def runs(self) -> Runs:
        return self._fold

    def check_writable(self) -> None:
        """UnsupportedFormatError if a newer program has written what this one doesn't know."""
        check_writable(self._fold)

    @property
    def position(self) -> int:
        return self._fold.position

    def refresh(self) -> None:
        while not self._read_on():
            pass

    def commit(self, decide: DecideRuns) -> list[Record]:
        self.refresh()
        before = self._fold.position
        records = commit(self.log, self._fold, decide)
        if self._fold.position != before:
            self._save(plain(encode_entry(records)) if records else self._digest(self._fold.position))
        return records

    def forget(self) -> None:
        """Goes back to before the first entry."""
        self._rows = emptied(self._rows)
        self._mark, self._fold = None, RunFold(self._rows)

    def _read_on(self) -> bool:
        """Folds in what is new; False when another process was faster, so that there is less left to do."""
        mark = self._rows.get(_MARK)
        if mark != self._mark or mark is None:
            self._mark, self._fold = mark, _folded(self._rows, mark)
        if mark is not None and mark != self._checked and not self._is_same(mark):
            self.forget()
            return False
        self._checked = mark
        last = None
        for number, data, records in self.log.read_both_from(self._fold.position + 1):
            self._fold.apply(number, records)
            last = plain(data)
            if len(self._fold.fresh) > _BATCH and not self._save(last):
                return False
        return last is None or self._save(last)

    def _save(self, last: bytes) -> bool:
        """Has the cache keep the fold; False when another process has kept one meanwhile. A cache that can't is no harm."""
        fold = self._fold
        mark = _HEAD.pack(fold.position, last) + ",".join(sorted(fold.unknown)).encode()
        try:
            if not self._rows.put_if(_MARK, self._mark, [*fold.fresh.items(), (_MARK, mark)]):
                return False
        except StorageError:
            return True
        fold.fresh.clear()
        self._mark = self._checked = mark
        return True

    def _is_same(self, mark: bytes) -> bool:
        """Whether the log still is the one that was folded, which a store restored from a backup isn't."""
        fields: tuple[int, bytes] = _HEAD.unpack_from(mark)
        return self._digest(fields[0]) == fields[1]

    def _digest(self, number: int) -> bytes:
        data = self.log.read_entry(number)
        return plain(data) if data is not None else bytes(32)


def _folded(rows: StoredRows, mark: bytes | None) -> RunFold:
    if mark is None:
        return RunFold(rows)
    unknown = mark[_HEAD.size :].decode()
    return RunFold(rows, _HEAD.unpack_from(mark)[0], unknown.split(",") if unknown else ())
