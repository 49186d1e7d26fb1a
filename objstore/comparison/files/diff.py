"""The diff of two sides, file by file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

from objstore.comparison.files.renames import pair_renames
from objstore.comparison.files.similar import Contents, PassedOver, pair_similar
from objstore.manifest.entry import UNKNOWN_SIZE, Entry, EntryKind
from objstore.manifest.sides import Side, differences
from objstore.values import html
from objstore.values.paths import is_below
from objstore.values.sizes import counted, size


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
    """Content that is at another path, all or most of it; its executable bit may have changed on the way."""

    old_path: str
    path: str
    old: Entry
    entry: Entry
    similarity: int = 100
    """How much of the larger file is in chunks that both have, in percent; 100 for equal content alone.

    0 for two files that somebody wants to be compared, and that are less alike than renamed ones.
    """

    def to_dict(self) -> dict[str, Any]:
        old = {f"old_{key}": value for key, value in _described(self.old).items()}
        return {"path": self.path, "old_path": self.old_path, **_described(self.entry), **old, "similarity": self.similarity}


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
    mode_changed: list[Altered] = field(default_factory=list)
    """The executable bit alone."""
    type_changed: list[Altered] = field(default_factory=list)
    """A reference instead of a file or the reverse."""
    not_looked_at: PassedOver | None = None
    """Files among those added and removed in which no similar content was looked for, and why."""

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in LISTS)

    @property
    def altered(self) -> list["Altered | Renamed"]:
        """What both sides have with other content: modified files, and renamed ones that aren't equal; ascending by (new) path."""
        return sorted([*self.modified, *(item for item in self.renamed if item.similarity < 100)], key=lambda item: item.path.encode())

    def below(self, paths: Sequence[bytes]) -> "FileDiff":
        """What of it is at or below any of these paths; a renamed file with either of its paths."""

        def part(items: list[T]) -> list[T]:
            return [item for item in items if any(is_below(each.encode(), path) for each in _paths(item) for path in paths)]

        return FileDiff(**{name: part(getattr(self, name)) for name in LISTS}, not_looked_at=self.not_looked_at)

    def as_one_file(self) -> "FileDiff":
        """The same where each side is one file, under a name of its own: the new one is the old one renamed, however much they differ."""
        if not (self.added and self.removed):
            return self
        ((old_path, old),), ((path, new),) = self.removed, self.added
        return replace(self, added=[], removed=[], renamed=[Renamed(old_path, path, old, new, 0)], not_looked_at=None)

    @property
    def totals(self) -> dict[str, Total]:
        """By the name of the list: its files, and their bytes on the new side (those of `removed`: on the old)."""
        return {
            "added": _total(item.entry for item in self.added),
            "removed": _total(item.entry for item in self.removed),
            "modified": _total(item.new for item in self.modified),
            "renamed": _total(item.entry for item in self.renamed),
            "mode_changed": _total(item.new for item in self.mode_changed),
            "type_changed": _total(item.new for item in self.type_changed),
        }

    def summary(self) -> str:
        """A line: `1 file added (3 B), 2 files renamed (4.0 KiB)`."""
        told = ((name.replace("_", " "), total) for name, total in self.totals.items() if total.files)
        return ", ".join(f"{counted(total.files, 'file')} {name} ({size(total.bytes)})" for name, total in told) or "no differences"

    def _repr_html_(self) -> str:
        """For a notebook: the first files, and how many more there are. Looks at no others."""
        counts = {name.replace("_", " "): len(getattr(self, name)) for name in LISTS}
        note = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count) or "no differences"
        more = sum(counts.values()) - html.SHOWN_ROWS
        rows = (_row(name.replace("_", " "), item) for name in LISTS for item in getattr(self, name))
        return html.table(("", "path", "size"), rows, f"{note}; {more:,} more than are shown" if more > 0 else note)

    def to_dict(self) -> dict[str, Any]:
        """For JSON (spec/diff.md): the lists, whose elements have `path` (renamed: also `old_path`), `size`, `digest`, `kind`; `totals`."""
        lists = {name: [item.to_dict() for item in getattr(self, name)] for name in LISTS}
        passed_over = self.not_looked_at._asdict() if self.not_looked_at else None
        return {**lists, "totals": {name: total._asdict() for name, total in self.totals.items()}, "not_looked_at": passed_over}


LISTS = ("added", "removed", "modified", "renamed", "mode_changed", "type_changed")

T = TypeVar("T", Present, Altered, Renamed)


def diff(old: Side, new: Side, contents: Contents | None = None) -> FileDiff:
    """What differs between two sides. Cost and memory: those of the differences (see `differences`).

    With `contents`, those of the two sides, also which files were renamed with changes, for the cost of `pair_similar`.
    """
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
            _altered(found, before, after).append(Altered(path.decode(), before, after))
    sources = {path: (source, 100) for path, source in pair_renames(removed, added).items()}
    moved = {source.path for source, _ in sources.values()}
    if contents is not None:
        similar = pair_similar([one for one in removed if one[0] not in moved], [one for one in added if one[0] not in sources], contents)
        sources |= similar.pairs
        moved |= {source.path for source, _ in similar.pairs.values()}
        found = replace(found, not_looked_at=similar.passed_over)
    for path, entry in added:
        if path in sources:
            source, similarity = sources[path]
            found.renamed.append(Renamed(source.path.decode(), path.decode(), source.entry, entry, similarity))
        else:
            found.added.append(Present(path.decode(), entry))
    found.removed.extend(Present(path.decode(), entry) for path, entry in removed if path not in moved)
    return found


def _altered(found: FileDiff, old: Entry, new: Entry) -> list[Altered]:
    """The list that a path belongs in which has these entries."""
    references = [entry.kind == EntryKind.REFERENCE for entry in (old, new)]
    if references[0] != references[1]:
        return found.type_changed
    return found.mode_changed if old.digest == new.digest and not any(references) else found.modified


def _paths(item: Present | Altered | Renamed) -> tuple[str, ...]:
    return (item.old_path, item.path) if isinstance(item, Renamed) else (item.path,)


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
        case Renamed(before, path, _, entry, similarity):
            how_much = f", {similarity} % the same" if 0 < similarity < 100 else ""
            return kind, f"{before} → {path}", _sized(entry) + how_much


def _sized(entry: Entry) -> str:
    return "" if entry.size == UNKNOWN_SIZE else size(entry.size)


def _total(entries: Iterable[Entry]) -> Total:
    sizes = [entry.size for entry in entries]
    return Total(len(sizes), sum(size for size in sizes if size != UNKNOWN_SIZE))
