"""Results as aligned text, and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from measure import Runs

_HEADINGS = ("what", "time", "beside it", "its time", "ratio", "aim", "private", "rss", "notes")


@dataclass(frozen=True, slots=True)
class Row:
    """One command and the reference that was measured in the same minutes."""

    case: str
    what: str
    runs: Runs
    against: str = ""
    reference: Runs | None = None
    aim: str = ""
    notes: Sequence[str] = ()
    facts: dict[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """The ratio of the medians."""
        return self.runs.seconds / self.reference.seconds if self.reference else None


def as_text(rows: Sequence[Row], *, aims: bool) -> str:
    """A table with aligned columns; `aims` are those of the full scale and say nothing about others."""
    lines = [_HEADINGS, *(_cells(row, aims) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    words = (0, 2, 5, 8)  # columns aligned to the left, unlike those of figures
    return "\n".join(
        "  ".join(
            cell.ljust(width) if n in words else cell.rjust(width) for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {
            "case": row.case,
            "what": row.what,
            **_measured(row.runs),
            "reference": {"what": row.against, **_measured(row.reference)} if row.reference else None,
            "ratio": row.ratio,
            "aim": row.aim,
            **row.facts,
        }
        for row in rows
    ]


def show_seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"


def show_bytes(size: float) -> str:
    """Decimal units, as disks and networks are sold, and as the aims are said."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} GB"


def _cells(row: Row, aims: bool) -> tuple[str, ...]:
    reference = row.reference
    return (
        row.what,
        show_seconds(row.runs.seconds),
        row.against,
        show_seconds(reference.seconds) if reference else "",
        f"{row.ratio:.2f}" if row.ratio is not None else "",
        row.aim if aims else "",
        show_bytes(row.runs.private_bytes) if row.runs.private_bytes is not None else "–",
        show_bytes(row.runs.rss_bytes),
        "; ".join(row.notes),
    )


def _measured(runs: Runs) -> dict[str, Any]:
    return {
        "seconds": runs.seconds,
        "each_seconds": [sample.seconds for sample in runs.samples],
        "each_cpu_seconds": [sample.cpu_seconds for sample in runs.samples],
        "private_bytes": runs.private_bytes,
        "rss_bytes": runs.rss_bytes,
    }
