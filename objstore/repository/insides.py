"""What differs inside each of the files that differ."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from objstore.comparison.content import Content
from objstore.comparison.files.diff import Altered, Renamed
from objstore.comparison.handlers import Kind, find
from objstore.comparison.inside import compare_rows_of, compare_tensors_of
from objstore.comparison.rows.diff import RowDiff
from objstore.comparison.tensors.diff import TensorDiff
from objstore.errors import CorruptionError, NotFoundError, RemoteError, SourceFileError, UnreadableFileError
from objstore.repository.comparing import Comparison

D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Inside(Generic[D]):
    """What differs inside one file."""

    old_path: str
    path: str
    diff: D | None
    """None when it can't be compared; then `why` says so."""
    why: str = ""

    @property
    def name(self) -> str:
        """For people: its path, or both."""
        return self.path if self.path == self.old_path else f"{self.old_path} → {self.path}"

    def told(self, prefix: str = "") -> str:
        """Why it can't be compared, with the file that it is about."""
        return self.why if self.path in self.why else f"{prefix}{self.name}: {self.why}"


def rows_inside(comparison: Comparison, key: Sequence[str], named: Sequence[str] = ()) -> Iterator[Inside[RowDiff]]:
    """Of each table that differs, its rows; ascending by path. A file that can't be compared keeps no other from being.

    Tables are told by their names; a file whose path is `named` is looked into, whatever it is called.
    """

    def compared(old: Content, new: Content) -> RowDiff:
        return compare_rows_of(old, new, key, comparison.scratch)

    yield from _inside(comparison, Kind.ROWS, named, compared)


def tensors_inside(comparison: Comparison, named: Sequence[str] = ()) -> Iterator[Inside[TensorDiff]]:
    """The same of each file of tensors."""
    yield from _inside(comparison, Kind.TENSORS, named, compare_tensors_of)


def _inside(comparison: Comparison, kind: Kind, named: Sequence[str], compare: Callable[[Content, Content], D]) -> Iterator[Inside[D]]:
    for item in sorted(comparison.files.altered, key=lambda item: item.path.encode()):
        if find(item.path, kind) or item.path in named:
            yield _one(comparison, item, compare)


def _one(comparison: Comparison, item: Altered | Renamed, compare: Callable[[Content, Content], D]) -> Inside[D]:
    old_path = item.old_path if isinstance(item, Renamed) else item.path
    try:
        pair = comparison.pair(item)
        return Inside(old_path, item.path, compare(pair.old, pair.new))
    except (CorruptionError, NotFoundError, RemoteError, SourceFileError, UnreadableFileError) as error:
        return Inside(old_path, item.path, None, str(error))
