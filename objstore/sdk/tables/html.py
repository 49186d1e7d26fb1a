"""A table as a notebook shows it."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

SHOWN_ROWS = 20
_SHOWN_LETTERS = 200


def html(columns: Sequence[object], rows: Iterable[Sequence[Any]], total: int) -> str:
    """The first rows, escaped, and how many there are."""
    head = "".join(f"<th>{escape(str(name))}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{_cell(value)}</td>' for value in row)}</tr>" for row in rows)
    counted = f"{total:,} row{'' if total == 1 else 's'} × {len(columns):,} column{'' if len(columns) == 1 else 's'}"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{counted}</p>"


def _cell(value: Any) -> str:
    text = str(value)
    return escape(text if len(text) <= _SHOWN_LETTERS else text[: _SHOWN_LETTERS - 1] + "…")
