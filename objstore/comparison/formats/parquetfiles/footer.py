"""What the footer of a Parquet file says of where its bytes are.

PyArrow's own view of column chunks ends the process when a damaged footer contradicts itself (its C++ throws where Python can't catch it);
so the few fields that we need are read here: Thrift's compact protocol, and parquet.thrift of apache/parquet-format.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from objstore.comparison.content import Content

_STOP, _TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 0, 1, 2, 3, 7, 8, 9, 10, 11, 12
_NUMBERS = (4, 5, 6)  # of 16, 32 and 64 bits
_DEEPEST = 32
_END = 8
"""Bytes after the footer: its length and the magic."""

# FileMetaData.row_groups[].columns[].meta_data: codec, num_values, total_compressed_size, data_page_offset, dictionary_page_offset
_WANTED: Mapping[int, Any] = {4: {1: {3: {4: {}, 5: {}, 7: {}, 9: {}, 11: {}}}}}


class Chunk(NamedTuple):
    """A column chunk."""

    start: int
    length: int
    codec: int
    values: int


def column_chunks(content: Content) -> list[list[Chunk]]:
    """Those of each row group. ValueError when the footer isn't one."""
    length = int.from_bytes(content.read(content.size - _END, content.size - _END + 4), "little")
    if length > content.size - _END:
        raise ValueError(f"it would be {length:,} bytes long")
    try:
        footer = _Thrift(content.read(content.size - _END - length, content.size - _END)).struct(_WANTED)
        return [[_chunk(column[3]) for column in group[1]] for group in footer.get(4, ())]
    except (IndexError, KeyError, TypeError) as error:
        raise ValueError("it breaks off, or its fields aren't those of Parquet") from error


def _chunk(fields: Mapping[int, int]) -> Chunk:
    start = min(fields[9], fields.get(11) or fields[9])  # some writers say 0 where there is no dictionary
    return Chunk(start, fields[7], fields[4], fields[5])


class _Thrift:
    """Reads values one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def struct(self, wanted: Mapping[int, Any], depth: int = 0) -> dict[int, Any]:
        """The wanted fields by their numbers; all others are passed over."""
        found: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) != _STOP:
            number = number + (head >> 4) if head >> 4 else self._whole()
            value = self._value(head & 15, wanted.get(number, _NOTHING), depth)
            if number in wanted:
                found[number] = value
        return found

    def _value(self, kind: int, wanted: Mapping[int, Any], depth: int) -> Any:
        if depth > _DEEPEST:
            raise ValueError("it is nested too deeply")
        if kind in _NUMBERS:
            return self._whole()
        if kind == _BINARY:
            return self._skip(self._unsigned())
        if kind == _STRUCT:
            return self.struct(wanted, depth + 1)
        if kind in (_LIST, _SET):
            return self._list(wanted, depth + 1)
        if kind in (_TRUE, _FALSE):
            return kind == _TRUE
        if kind == _MAP:
            return self._map(depth + 1)
        if kind in (_BYTE, _DOUBLE):
            return self._skip(1 if kind == _BYTE else 8)
        raise ValueError(f"there is no type {kind}")

    def _list(self, wanted: Mapping[int, Any], depth: int) -> Sequence[Any]:
        head = self._byte()
        kind = _element(head & 15)
        count = head >> 4 if head >> 4 < 15 else self._unsigned()
        if wanted:
            return [self._value(kind, wanted, depth) for _ in range(count)]
        for _ in range(count):
            self._value(kind, wanted, depth)
        return ()

    def _map(self, depth: int) -> None:
        count = self._unsigned()
        kinds = self._byte() if count else 0
        for _ in range(count):
            self._value(_element(kinds >> 4), _NOTHING, depth)
            self._value(_element(kinds & 15), _NOTHING, depth)

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _unsigned(self) -> int:
        value = shift = 0
        while (byte := self._byte()) > 127:
            value |= (byte & 127) << shift
            shift += 7
            if shift > 63:
                raise ValueError("a number is too long")
        return value | byte << shift

    def _whole(self) -> int:
        value = self._unsigned()
        return value >> 1 ^ -(value & 1)

    def _skip(self, count: int) -> None:
        if count > len(self._data) - self._at:
            raise ValueError("it breaks off")
        self._at += count


_NOTHING: Mapping[int, Any] = {}


def _element(kind: int) -> int:
    """The type of an element: of booleans, unlike in fields, each is a byte."""
    return _BYTE if kind in (_TRUE, _FALSE) else kind
