"""Values of a table's cells as people are shown them: a few letters each."""

from itertools import takewhile

from objstore.comparison.rows.diff import NAMELESS

_LETTERS = 32
_BEFORE = 12
"""How many letters are shown before the first that differs."""


def cell(value: object) -> str:
    """One value, from its beginning; text without letters as `''`."""
    return _cut(_text(value))


def cells(old: object, new: object) -> tuple[str, str]:
    """Two values that differ: long ones from shortly before the place where they do."""
    texts = _text(old), _text(new)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(*texts, strict=False)))
    if max(map(len, texts)) <= _LETTERS or same < _LETTERS - 1:
        return _cut(texts[0]), _cut(texts[1])
    start = same - _BEFORE
    return _cut("…" + texts[0][start:]), _cut("…" + texts[1][start:])


def named(column: str) -> str:
    """The name of a column; `''` for one without."""
    return _cut(column or NAMELESS)


def _text(value: object) -> str:
    return "null" if value is None else str(value) or "''"


def _cut(text: str) -> str:
    return text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…"
