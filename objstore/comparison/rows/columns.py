"""How the columns of two tables differ."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from objstore.comparison.rows.pair import EMPTY, UNREAD


class Column(NamedTuple):
    """A column that one side has and the other hasn't."""

    name: str
    type: str

    def to_dict(self) -> dict[str, Any]:
        return self._asdict()


class AlteredColumn(NamedTuple):
    """A column whose values are of another type."""

    name: str
    old_type: str
    type: str

    def to_dict(self) -> dict[str, Any]:
        return self._asdict()


class RenamedColumn(NamedTuple):
    """A removed column and an added one with like content; both are listed as removed and added too, since this is a guess."""

    old_name: str
    name: str
    similarity: int
    """Percent of the values that both have, each as often as it is there; 100 where all are equal, in whatever order."""

    def to_dict(self) -> dict[str, Any]:
        return self._asdict()


class ColumnDiff(NamedTuple):
    """What differs between two tables' columns, in the order of the new table (removed: of the old). The order itself doesn't count."""

    added: Sequence[Column] = ()
    removed: Sequence[Column] = ()
    type_changed: Sequence[AlteredColumn] = ()
    renamed: Sequence[RenamedColumn] = ()
    """The most alike first; a column is in one of them at most."""

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.type_changed)

    def to_dict(self) -> dict[str, Any]:
        return {name: [item.to_dict() for item in items] for name, items in self._asdict().items()}


def column_diff(old: Mapping[str, str], new: Mapping[str, str], renamed: Sequence[RenamedColumn]) -> ColumnDiff:
    """For the types of the columns by name. One of whose values none was read has none that could be another."""
    return ColumnDiff(
        [Column(name, type_) for name, type_ in new.items() if name not in old],
        [Column(name, type_) for name, type_ in old.items() if name not in new],
        [AlteredColumn(name, old[name], type_) for name, type_ in new.items() if _has_other_type(old.get(name, UNREAD), type_)],
        renamed,
    )


def _has_other_type(old: str, new: str) -> bool:
    return old != new and not {old, new} & {EMPTY, UNREAD}
