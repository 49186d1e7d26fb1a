"""The diff of two sides, file by file."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from objstore.comparison.renames import pair_renames
from objstore.manifest.entry import UNKNOWN_SIZE, Entry, EntryKind
from objstore.manifest.sides import Side, differences
from objstore.values import html
from objstore.values.sizes import size


class Present(NamedTuple):
    """A file that one side has and the other hasn't."""

    path: str
    entry: Entry

    def to_dict(self) -> dict[str, Any]:
        return {"path": self.path, **_described(self.entry)}


class Altered(NamedTuple):
    """A path that both sides have, not alike."""

    path: str
    old: Entry
    new: Entry

    def to_dict(self) -> dict[str, Any]:
        return {"path": self.path, **_described(self.new), **{f"old_{key}": value for key, value in _described(self.old).items()}}


class Renamed(NamedTuple):
    """Content that is at another path; its executable bit may have changed on the way."""

    old_path: str
    path: str
    old: Entry
    entry: Entry

    def to_dict(self) -> dict[str, Any]:
        return {"from": self.old_path, "to": self.path, **_described(self.entry), "old_kind": _kind(self.old)}


class Total(NamedTuple):
    """How many files, and their bytes as far as sizes are known."""

    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What differs from an old side to a new one, each list ascending by path. False when nothing does."""

    added: list[Present] = field(default_factory=list)
    removed: list[Present] = field(default_factory=list)
    modified: list[Altered] = field(default_factory=list)
    """Other content."""
    renamed: list[Renamed] = field(default_factory=list)
    """Renamed or moved; ascending by the new path."""
    type_changed: list[Altered] = field(default_factory=list)
    """A reference instead of a file or the reverse, or the executable bit alone."""

    def __bool__(self) -> bool:
        return any((self.added, self.removed, self.modified, self.renamed, self.type_changed))

    @property
    def totals(self) -> dict[str, Total]:
        """By the name of the list: its files, and their bytes on the new side (those of `removed`: on the old)."""
        return {
            "added": _total(item.entry for item in self.added),
            "removed": _total(item.entry for item in self.removed),
            "modified": _total(item.new for item in self.modified),
            "renamed": _total(item.entry for item in self.renamed),
            "type_changed": _total(item.new for item in self.type_changed),
        }

    def _repr_html_(self) -> str:
        """For a notebook: the first files, and how many more there are. Looks at no others."""
        counts = {name.replace("_", " "): len(getattr(self, name)) for name in LISTS}
        note = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count) or "no differences"
        more = sum(counts.values()) - html.SHOWN_ROWS
        rows = (_row(name.replace("_", " "), item) for name in LISTS for item in getattr(self, name))
        return html.table(("", "path", "size"), rows, f"{note}; {more:,} more than are shown" if more > 0 else note)

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the lists, whose elements have `path` (renamed: `from`, `to`), `size`, `digest`, `kind`, and `totals`."""
        lists = {name: [item.to_dict() for item in getattr(self, name)] for name in LISTS}
        return {**lists, "totals": {name: total._asdict() for name, total in self.totals.items()}}


LISTS = ("added", "removed", "modified", "renamed", "type_changed")


def diff(old: Side, new: Side) -> FileDiff:
    """What differs between two sides. Cost and memory: those of the differences (see `differences`)."""
    found = FileDiff()
    added: list[tuple[bytes, Entry]] = []
    removed: list[tuple[bytes, Entry]] = []
    for path, before, after in differences(old, new):
        if before is None:
            assert after is not None
            added.append((path, after))
        elif after is None:
            removed.append((path, before))
        else:
            (found.type_changed if _is_type_change(before, after) else found.modified).append(Altered(path.decode(), before, after))
    sources = pair_renames(removed, added)
    for path, entry in added:
        source = sources.get(path)
        if source is None:
            found.added.append(Present(path.decode(), entry))
        else:
            found.renamed.append(Renamed(source.path.decode(), path.decode(), source.entry, entry))
    moved = {source.path for source in sources.values()}
    found.removed.extend(Present(path.decode(), entry) for path, entry in removed if path not in moved)
    return found


def _is_type_change(old: Entry, new: Entry) -> bool:
    references = [entry.kind == EntryKind.REFERENCE for entry in (old, new)]
    return any(references) if references[0] != references[1] else old.digest == new.digest and not all(references)


def _described(entry: Entry) -> dict[str, Any]:
    return {"size": None if entry.size == UNKNOWN_SIZE else entry.size, "digest": entry.digest.hex(), "kind": _kind(entry)}


def _kind(entry: Entry) -> str:
    return EntryKind(entry.kind).name.lower()


def _row(kind: str, item: Present | Altered | Renamed) -> tuple[str, str, str]:
    match item:
        case Present(path, entry):
            return kind, path, _sized(entry)
        case Altered(path, old, new):
            return kind, path, _sized(new) if old.size == new.size else f"{_sized(old)} → {_sized(new)}"
        case Renamed(before, path, _, entry):
            return kind, f"{before} → {path}", _sized(entry)


def _sized(entry: Entry) -> str:
    return "" if entry.size == UNKNOWN_SIZE else size(entry.size)


def _total(entries: Iterable[Entry]) -> Total:
    sizes = [entry.size for entry in entries]
    return Total(len(sizes), sum(size for size in sizes if size != UNKNOWN_SIZE))
