"""What differs between two files of tensors."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from objstore.comparison.tensors.figures import Figures
from objstore.values import html
from objstore.values.sizes import counted


class Description(NamedTuple):
    """What a tensor is, without its elements."""

    dtype: str
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"

    def to_dict(self) -> dict[str, Any]:
        return {"dtype": self.dtype, "shape": list(self.shape)}


class PresentTensor(NamedTuple):
    """A tensor that one file has and the other hasn't."""

    name: str
    description: Description

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, **self.description.to_dict()}


class RenamedTensor(NamedTuple):
    """A tensor that is there under another name, with the same bytes."""

    old_name: str
    name: str
    description: Description

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "old_name": self.old_name, **self.description.to_dict()}


class AlteredTensor(NamedTuple):
    """A name that both files have, not alike."""

    name: str
    old: Description
    new: Description
    figures: Figures | None
    """None where the elements can't be compared; then `why` says so."""
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        figures = self.figures.to_dict() if self.figures else None
        old = {f"old_{key}": value for key, value in self.old.to_dict().items()}
        return {"name": self.name, **self.new.to_dict(), **old, "figures": figures, "why": self.why or None}


class AlteredText(NamedTuple):
    """A key of the file's metadata with another value; None where there is none."""

    key: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class TensorDiff:
    """What differs from an old file to a new one, each list ascending by name. False when nothing does."""

    added: list[PresentTensor] = field(default_factory=list)
    removed: list[PresentTensor] = field(default_factory=list)
    renamed: list[RenamedTensor] = field(default_factory=list)
    """Ascending by the new name."""
    type_changed: list[AlteredTensor] = field(default_factory=list)
    """Another dtype or shape."""
    modified: list[AlteredTensor] = field(default_factory=list)
    """Other elements of the same dtype and shape."""
    metadata: list[AlteredText] = field(default_factory=list)
    unchanged: int = 0
    """How many tensors have the same name, dtype, shape and elements. They may be written otherwise: in another order, or −0 for 0."""

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in (*LISTS, "metadata"))

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the lists, with `name` (renamed: also `old_name`), `dtype`, `shape`, `figures`; `metadata` with `key`; `unchanged`."""
        lists = {name: [item.to_dict() for item in getattr(self, name)] for name in LISTS}
        return {**lists, "metadata": [item._asdict() for item in self.metadata], "unchanged": self.unchanged}

    def summary(self) -> str:
        """A line: `1 added, 3 modified; 12 tensors unchanged`."""
        counts = ", ".join(f"{count:,} {kind}" for kind, count in self._counts().items() if count) or "no differences"
        return f"{counts}; {counted(self.unchanged, 'tensor')} unchanged"

    def __str__(self) -> str:
        return self.summary()

    def _counts(self) -> dict[str, int]:
        return {name.replace("_", " "): len(getattr(self, name)) for name in (*LISTS, "metadata")}

    def _repr_html_(self) -> str:
        """For a notebook: the first tensors, and how many more there are."""
        more = sum(self._counts().values()) - html.SHOWN_ROWS
        note = self.summary() + (f"; {more:,} more than are shown" if more > 0 else "")
        return html.table(COLUMNS, self.lines(), note)

    def lines(self) -> Iterator[tuple[str, ...]]:
        """What differs, for people, in these COLUMNS."""
        yield from (_row(name.replace("_", " "), item) for name in LISTS for item in getattr(self, name))
        for key, old, new in self.metadata:
            yield _padded("metadata", key, "" if old is None else old, "" if new is None else new)


COLUMNS = ("", "tensor", "type", "changed", "max |Δ|", "mean |Δ|", "relative L2", "cosine", "not finite")
LISTS = ("added", "removed", "renamed", "type_changed", "modified")


def _row(kind: str, item: PresentTensor | RenamedTensor | AlteredTensor) -> tuple[str, ...]:
    name = item.name or "(the array)"
    match item:
        case PresentTensor(_, description):
            return _padded(kind, name, str(description))
        case RenamedTensor(before, _, description):
            return _padded(kind, f"{before} → {name}", str(description))
        case AlteredTensor(_, old, new, None, why):
            return _padded(kind, name, _types(old, new), why)
        case AlteredTensor(_, old, new, figures):
            return _padded(kind, name, _types(old, new), *_told(figures))


def _padded(*cells: str) -> tuple[str, ...]:
    return (*cells, *[""] * (len(COLUMNS) - len(cells)))


def _types(old: Description, new: Description) -> str:
    return str(new) if old == new else f"{old} → {new}"


def _told(figures: Figures | None) -> tuple[str, ...]:
    assert figures is not None
    share = "" if figures.share is None else f"{figures.share:.2%}"
    numbers = (figures.max_difference, figures.mean_difference, figures.relative_l2, figures.cosine_similarity)
    not_finite = (figures.old_non_finite, figures.new_non_finite)
    said = " → ".join(f"{count:,}" for count in not_finite) if any(not_finite) else ""
    return share, *("" if number is None else f"{number:.4g}" for number in numbers), said
