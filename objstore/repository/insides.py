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
from objstore.comparison.text.diff import TextDiff, compare_text
from objstore.errors import CorruptionError, NotFoundError, RemoteError, SourceFileError, UnreadableFileError
from objstore.repository.comparing import Comparison, Reaching

D = TypeVar("D")

_NOT_COMPARED = (CorruptionError, NotFoundError, RemoteError, SourceFileError, UnreadableFileError)
"""What keeps one file from being compared, and no other."""


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
        return self.why if self.why.startswith(f"{self.path} ") else f"{prefix}{self.name}: {self.why}"


def text_inside(comparison: Comparison) -> Iterator[TextDiff]:
    """Of each file that differs, its lines; ascending by path. One that isn't text, or can't be compared, has `why` instead."""
    reaching = Reaching()
    for item in comparison.files.altered:
        try:
            with reaching.trying():
                pair = comparison.pair(item)
                found = compare_text(pair.old, pair.new)
        except _NOT_COMPARED as error:
            found = TextDiff(_old_path(item), item.path, why=f"not compared: {error}")
        yield found


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
    reaching = Reaching()
    for item in comparison.files.altered:
        if find(item.path, kind) or item.path in named:
            yield _one(comparison, item, compare, reaching)


def _one(comparison: Comparison, item: Altered | Renamed, compare: Callable[[Content, Content], D], reaching: Reaching) -> Inside[D]:
    try:
        with reaching.trying():
            pair = comparison.pair(item)
            return Inside(_old_path(item), item.path, compare(pair.old, pair.new))
    except _NOT_COMPARED as error:
        return Inside(_old_path(item), item.path, None, str(error))


def _old_path(item: Altered | Renamed) -> str:
    return item.old_path if isinstance(item, Renamed) else item.path
