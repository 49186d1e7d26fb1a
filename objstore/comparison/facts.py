"""What is said of two versions, compared: description, metadata, tags, aliases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from objstore.values import html

NOTHING = object()
"""In place of a value where there is none; None is a value of metadata."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is said of one version."""

    description: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tags: Sequence[str] = ()
    aliases: Sequence[str] = ()


class Said(NamedTuple):
    """A value of the metadata that differs, by its keys from the outermost inwards; `NOTHING` on a side that has none."""

    keys: tuple[str, ...]
    old: Any
    new: Any

    def to_dict(self) -> dict[str, Any]:
        sides = (("old", self.old), ("new", self.new))
        return {"keys": list(self.keys), **{side: value for side, value in sides if value is not NOTHING}}


class Names(NamedTuple):
    """Tags or aliases that only one side has, each ascending."""

    added: Sequence[str] = ()
    removed: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FactsDiff:
    """What is said otherwise of the new side than of the old one. False when nothing is."""

    description: tuple[str, str] | None = None
    """Old and new, if they differ."""
    metadata: list[Said] = field(default_factory=list)
    """Ascending by keys. Of nested objects each value by itself; lists as a whole."""
    tags: Names = field(default_factory=Names)
    aliases: Names = field(default_factory=Names)

    def __bool__(self) -> bool:
        return self.description is not None or any((self.metadata, *self.tags, *self.aliases))

    def to_dict(self) -> dict[str, Any]:
        """For JSON; a side of a value of the metadata is left out where there is none."""
        return {
            "description": None if self.description is None else {"old": self.description[0], "new": self.description[1]},
            "metadata": [item.to_dict() for item in self.metadata],
            "tags": {"added": list(self.tags.added), "removed": list(self.tags.removed)},
            "aliases": {"added": list(self.aliases.added), "removed": list(self.aliases.removed)},
        }

    def without_alias(self, alias: str) -> "FactsDiff":
        """The same but for one alias."""
        added, removed = ([name for name in names if name != alias] for names in self.aliases)
        return replace(self, aliases=Names(added, removed))

    def rows(self) -> list[tuple[str, str, str]]:
        """What differs, for people: what it is, the old value and the new one."""
        told = []
        if self.description is not None:
            told.append(("description", repr(self.description[0]), repr(self.description[1])))
        told += [(".".join(item.keys), _shown(item.old), _shown(item.new)) for item in self.metadata]
        for name, found in (("tags", self.tags), ("aliases", self.aliases)):
            if any(found):
                told.append((name, ", ".join(found.removed), ", ".join(found.added)))
        return told

    def _repr_html_(self) -> str:
        rows = self.rows()
        return html.table(("", "old", "new"), rows, "" if rows else "nothing is said otherwise")


def compare_facts(old: Facts, new: Facts) -> FactsDiff:
    """What is said otherwise of `new` than of `old`."""
    return FactsDiff(
        None if old.description == new.description else (old.description, new.description),
        list(_compared((), old.metadata, new.metadata)),
        _names(old.tags, new.tags),
        _names(old.aliases, new.aliases),
    )


def _compared(above: tuple[str, ...], old: Any, new: Any) -> list[Said]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = sorted(old.keys() | new.keys())
        return [item for key in keys for item in _compared((*above, key), old.get(key, NOTHING), new.get(key, NOTHING))]
    return [] if type(old) is type(new) and old == new else [Said(above, old, new)]


def _names(old: Sequence[str], new: Sequence[str]) -> Names:
    return Names(sorted({*new} - {*old}), sorted({*old} - {*new}))


def _shown(value: Any) -> str:
    return "" if value is NOTHING else repr(value)
