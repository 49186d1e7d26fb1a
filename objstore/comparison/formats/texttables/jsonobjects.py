"""The objects in lines of JSON."""

from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

import msgspec

from objstore.comparison.formats.texttables.jsontext import ABSENT
from objstore.comparison.formats.texttables.source import TextSource
from objstore.errors import UnreadableFileError
from objstore.host import library

_FAULTS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_OBJECT = msgspec.json.Decoder(dict[str, Any])


class ValueReader:
    """Reads the values of some keys."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._quick = _quick(names, only=False)

    def values(self, source: TextSource, offset: int, block: bytes) -> tuple[int, list[list[Any]]]:
        """Of a block of lines that begins there: how many objects it has, and for each name their values, `ABSENT` for those without.

        Lines of blanks are ignored. UnreadableFileError for one that isn't one object, with its number.
        """
        rows = _together(block, self._quick) if self._quick else None
        if rows is not None:
            return len(rows), [list(map(attrgetter(field), rows)) for field in _fields(self._names)]
        objects = _objects(source, offset, block)
        return len(objects), [[each.get(name, ABSENT) for each in objects] for name in self._names]


class KeyGatherer:
    """Gathers keys, in the order in which they appear."""

    def __init__(self) -> None:
        self.found: dict[str, None] = {}
        self._quick = _quick((), only=True)

    def add(self, source: TextSource, offset: int, block: bytes) -> None:
        """Those of a block; errors as of `ValueReader.values`."""
        if self._quick and _together(block, self._quick) is not None:
            return  # all of its keys are known
        known = len(self.found)
        self.found.update(dict.fromkeys(chain.from_iterable(_objects(source, offset, block))))
        if len(self.found) > known:
            self._quick = _quick(self.found, only=True)


def _quick(names: Collection[str], *, only: bool) -> msgspec.json.Decoder[Any] | None:
    """Decodes objects twice as fast as into dictionaries, with these keys; refuses others if `only`. None if msgspec has no such names."""
    fields = _fields(names)
    renamed = dict(zip(fields, names, strict=True))
    try:
        row = msgspec.defstruct("Row", [(field, Any, ABSENT) for field in fields], rename=renamed, forbid_unknown_fields=only, gc=False)
    except ValueError:  # quotes and the like
        return None
    return msgspec.json.Decoder(row)


def _fields(names: Collection[str]) -> list[str]:
    return [f"column_{number}" for number in range(len(names))]


def _together(block: bytes, decoder: msgspec.json.Decoder[Any]) -> list[Any] | None:
    """All objects at once, which is much quicker; None where something is out of the ordinary."""
    # Line breaks mean nothing to the decoder. Where each has the end of an object before it and the beginning of one behind it, which
    # can't be within one, and there is one more object than breaks, each line has one.
    text = block.removesuffix(b"\n")
    breaks = _breaks_between_objects(text)
    if breaks is None:
        return None
    try:
        found: list[Any] = decoder.decode_lines(text)
    except _FAULTS:
        return None
    return found if len(found) == breaks + 1 else None


def _breaks_between_objects(text: bytes) -> int | None:
    """How many line breaks there are, if each seems to be between two objects. Else None."""
    if not text.startswith(b"{") or text.endswith(b"\n"):
        return None
    numpy = library.numpy()
    codes = numpy.frombuffer(text, numpy.uint8)
    breaks = numpy.flatnonzero(codes == ord("\n"))
    before = codes[breaks - 1]
    returns = before == ord("\r")
    before[returns] = codes[breaks[returns] - 2]
    between = (before == ord("}")) & (codes[breaks + 1] == ord("{"))
    return len(breaks) if between.all() else None


def _objects(source: TextSource, offset: int, block: bytes) -> list[dict[str, Any]]:
    return _together(block, _OBJECT) or list(_one_by_one(source, offset, block))


def _one_by_one(source: TextSource, offset: int, block: bytes) -> Iterator[dict[str, Any]]:
    for line in block.split(b"\n"):
        if line.strip():
            try:
                yield _OBJECT.decode(line)
            except _FAULTS as error:
                raise _wrong(source, offset, line, error) from error
        offset += len(line) + 1


def _wrong(source: TextSource, offset: int, line: bytes, error: Exception) -> UnreadableFileError:
    if wrong := source.not_utf8(offset, line):
        return wrong
    reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    return source.unreadable(f"line {source.line(offset):,} isn't one JSON object ({reason})", "mend the line")
