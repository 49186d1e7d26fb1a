"""Printing: plain lines and aligned columns for people, JSON for programs."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar
from unicodedata import combining, east_asian_width

import click
import msgspec

from objstore.values.printable import printable

_LISTED = 10

F = TypeVar("F", bound=Callable[..., Any])

_SURROGATE = re.compile(r"[\ud800-\udfff]")

as_json: Callable[[F], F] = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def print_line(text: str) -> None:
    sys.stdout.write(printable(text) + "\n")


def print_text(text: str) -> None:
    """Text as it is, for programs: in UTF-8, and with whatever it has that isn't for a terminal."""
    _write(text.encode(errors="surrogateescape"))


def print_warning(text: str) -> None:
    """A line on the standard error, for people; it changes neither the output nor the exit code."""
    click.echo(f"warning: {printable(text)}", err=True)


def print_columns(rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Rows in columns two spaces apart; the columns of these numbers are aligned to the right."""
    table = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
    for row in table:
        blanks = [" " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)]
        cells = (blank + cell if at in right else cell + blank for at, (cell, blank) in enumerate(zip(row, blanks, strict=True)))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def _width(text: str) -> int:
    """How many columns of a terminal it takes: letters of East Asia two, accents of their own none."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def print_json(value: object) -> None:
    """One JSON value, indented. Iterators in it are lists whose elements are written as they come, a line each."""
    for piece in _pieces(value):
        _write(piece)
    _write(b"\n")


def _pieces(value: object) -> Iterator[bytes]:
    if isinstance(value, dict) and any(map(_is_streamed, value.values())):
        separator = b"{\n"
        for key, item in value.items():
            yield separator + _encoded(key) + b": "
            yield from _pieces(item)
            separator = b",\n"
        yield b"\n}"
    elif isinstance(value, Iterator) or (isinstance(value, list) and any(map(_is_streamed, value))):
        separator = b"["
        for item in value:
            yield separator + b"\n"
            yield from _pieces(item) if _is_streamed(item) else [_encoded(item)]
            separator = b","
        yield b"[]" if separator == b"[" else b"\n]"
    else:
        yield msgspec.json.format(_encoded(value), indent=2)


def _is_streamed(value: object) -> bool:
    """Whether it is an iterator, or an object that has one in it. A list isn't looked through: it may be of a million files."""
    return isinstance(value, Iterator) or (isinstance(value, dict) and any(map(_is_streamed, value.values())))


def _encoded(value: object) -> bytes:
    """JSON. Bytes of a path that aren't UTF-8 are shown as \\udcNN, as they are to people: many parsers refuse lone surrogates."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        text = json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
        return _SURROGATE.sub(lambda match: f"\\\\u{ord(match[0]):x}", text).encode()


def print_json_list(items: Iterable[object]) -> None:
    """A JSON list, one element a line, as the items come."""
    separator = b"["
    for item in items:
        _write(separator + b"\n" + msgspec.json.encode(item))
        separator = b","
    _write(b"[]\n" if separator == b"[" else b"\n]\n")


def _write(data: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(data)


def listed(names: Sequence[str]) -> str:
    """Names in a message; of many the first."""
    return ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
