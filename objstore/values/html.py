"""What a notebook shows: small tables. Pure.

Whatever is given is escaped and cut to a bounded length. There are no scripts, and nothing is loaded. Colours are the notebook's own, so
that it can be read in dark and light themes.
"""

from collections.abc import Iterable, Mapping, Sequence, Sized
from html import escape
from itertools import islice
from typing import Any

from objstore.values.printable import printable

SHOWN_ROWS = 20
_SHOWN_LETTERS = 200
_LEFT = ' style="text-align:left"'  # Jupyter aligns cells to the right


def table(columns: Sequence[object], rows: Iterable[Sequence[Any]], note: str, title: str = "") -> str:
    """The first rows, and `note` below them. Takes no more rows from `rows` than it shows."""
    head = "".join(f"<th{_LEFT}>{text(name)}</th>" for name in columns)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in islice(rows, SHOWN_ROWS))
    above = f"<p><b>{text(title)}</b></p>" if title else ""
    return f"{above}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{text(note)}</p>"


def facts(title: str, known: Iterable[tuple[str, object]]) -> str:
    """What there is to say of one thing, a line each; what is None or empty is left out."""
    said = ((name, value) for name, value in known if value is not None and value != "")
    body = "".join(f"<tr><th{_LEFT}>{text(name)}</th>{_cells([value])}</tr>" for name, value in said)
    return f"<p><b>{text(title)}</b></p><table><tbody>{body}</tbody></table>"


def run(path: str, name: str, known: Iterable[tuple[str, object]], config: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """A run, with the first of what it was configured with, and of what came out."""
    values = [(f"{kind}.{key}", value) for kind, all_ in (("config", config), ("summary", summary)) for key, value in _first_of(all_)]
    left = len(config) + len(summary) - len(values)
    return facts(f"Run {name} ({path})", [*known, *values, ("…", f"{left:,} more values" if left else "")])


def _first_of(values: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    return islice(values.items(), SHOWN_ROWS)


def text(value: object) -> str:
    """One value, escaped; control characters are made visible."""
    found = str(value)
    return escape(printable(found if len(found) <= _SHOWN_LETTERS else found[: _SHOWN_LETTERS - 1] + "…"))


def first(items: Sized, noun: str) -> str:
    """`3 runs`, or `1,203 runs, of which the first 20 are shown`."""
    more = f", of which the first {SHOWN_ROWS} are shown" if len(items) > SHOWN_ROWS else ""
    return f"{len(items):,} {noun}{'' if len(items) == 1 else 's'}{more}"


def _cells(row: Iterable[object]) -> str:
    return "".join(f"<td{_LEFT}>{text(value)}</td>" for value in row)
