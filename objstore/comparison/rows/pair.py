"""Two tables to be compared, as their format presents them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

HOLDS_JSON = {b"holds": b"json"}
"""The metadata of a column (pyarrow.Field) of texts that are JSON, equal when the values are; where a row hasn't the column it is null."""

UNREAD = "unread"
"""What is said of a column of text from which no cell has been read."""
EMPTY = "empty"
"""Of one whose cells, as far as they were read, are all empty."""
TEXT_NUMBERS = frozenset(("int", "float"))
"""Of those whose cells are texts that say numbers."""


class TableFile(Protocol):
    """One of them. Its rows come in parts, each of which can be read by itself, again and again, always with the same rows."""

    @property
    def schema(self) -> Any:
        """The columns as `read` gives them: a pyarrow.Schema. Of formats without types all are text."""
        ...

    @property
    def types(self) -> Mapping[str, str]:
        """What each column holds, in a word for people: of formats without types as far as rows have been read (`UNREAD`, `EMPTY`)."""
        ...

    @property
    def parts(self) -> Sequence[int | None]:
        """How many rows each part has; None where that isn't known before it is read."""
        ...

    def read(self, part: int, columns: Sequence[str]) -> Iterator[Any]:
        """The rows of a part as pyarrow.RecordBatches with these columns, some thousands at a time.

        UnreadableFileError for what isn't as the format says.
        """
        ...


def _none_known(old: int, new: int) -> Collection[str]:  # noqa: ARG001 - of any parts
    return ()


@dataclass(frozen=True, slots=True)
class TablePair:
    """Both, and what is known to be equal without reading it."""

    old: TableFile
    new: TableFile
    same: Sequence[tuple[int, int]] = ()
    """Parts (old, new) that have equal rows, known from their bytes; each part is in one pair at most."""
    same_columns: Callable[[int, int], Collection[str]] = _none_known
    """For a part of the old and one of the new with as many rows: columns whose values are known to be equal, row by row."""
