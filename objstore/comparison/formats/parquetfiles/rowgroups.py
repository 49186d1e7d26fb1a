"""Which row groups of two Parquet files hold the same bytes."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence, Set
from typing import Any, NamedTuple

from objstore.comparison.content import Content
from objstore.comparison.formats.parquetfiles.footer import Chunk, column_chunks
from objstore.comparison.stretches import same_bytes
from objstore.host import library

_MOST_CHUNKS = 200_000
_TRIES = 4
"""How many row groups of the old file that look alike are compared with one of the new file."""


class ColumnBytes(NamedTuple):
    """A column chunk: where its bytes are, and what is needed to read them."""

    start: int
    length: int
    written: tuple[Any, ...]

    @property
    def end(self) -> int:
        return self.start + self.length


Group = Mapping[str, Sequence[ColumnBytes]]
"""The column chunks of each column, by its name: several where values are nested."""


def column_bytes(content: Content, metadata: Any, schema: Any) -> list[Group]:
    """Those of all row groups; none where there are very many. ValueError for a footer that contradicts itself."""
    if metadata.num_columns * metadata.num_row_groups > _MOST_CHUNKS:
        return [{} for _ in range(metadata.num_row_groups)]
    leaves = [field.name for field in schema for _ in range(_leaves(field.type))]
    described = [metadata.schema.column(number) for number in range(metadata.num_columns)]
    types = [(each.physical_type, str(each.logical_type), each.max_definition_level, each.max_repetition_level) for each in described]
    groups = column_chunks(content)
    if len(groups) != metadata.num_row_groups or any(len(chunks) != len(leaves) for chunks in groups) or len(leaves) != len(types):
        raise ValueError(f"its schema has {len(leaves)} columns, and not all row groups have as many")
    return [_group(chunks, leaves, types) for chunks in groups]


def same_columns(old: Content, before: Group, new: Content, after: Group, names: Collection[str]) -> Sequence[str]:
    """Of these columns, of equal type, those whose bytes are the same; the rows are as many."""
    return [name for name in names if name in before and name in after and _same(old, before[name], new, after[name])]


def same_groups(old: Content, before: Any, new: Content, after: Any, names: Set[str]) -> Sequence[tuple[int, int]]:
    """Pairs of row groups whose bytes are the same. None where the schemas differ.

    Of those that are as long the next one after the last pair is tried first, so that reading is mostly that of equal bytes' ends.
    """
    is_known = all(names == group.keys() for table in (before, after) for group in table.groups)
    if not is_known or len(names) < max(len(before.schema), len(after.schema)):
        return []
    places: dict[Any, list[int]] = defaultdict(list)
    for number, group in enumerate(before.groups):
        places[_shape(before.parts[number], group)].append(number)
    pairs: list[tuple[int, int]] = []
    for number, group in enumerate(after.groups):
        follows = pairs[-1][0] + 1 if pairs else number
        candidates = places.get(_shape(after.parts[number], group), [])
        for candidate in sorted(candidates, key=lambda each, at=follows: abs(each - at))[:_TRIES]:  # type: ignore[misc]
            if all(_same(old, before.groups[candidate][name], new, group[name]) for name in names):
                pairs.append((candidate, number))
                candidates.remove(candidate)
                break
    return pairs


def _same(old: Content, before: Sequence[ColumnBytes], new: Content, after: Sequence[ColumnBytes]) -> bool:
    return all(
        (a.length, a.written) == (b.length, b.written) and same_bytes(old, a.start, new, b.start, a.length)
        for a, b in zip(before, after, strict=True)
    )


def _shape(rows: int, group: Group) -> tuple[Any, ...]:
    return rows, tuple(sorted((name, *((chunk.length, chunk.written) for chunk in chunks)) for name, chunks in group.items()))


def _group(chunks: Sequence[Chunk], leaves: Sequence[str], types: Sequence[tuple[Any, ...]]) -> Group:
    found: dict[str, list[ColumnBytes]] = {}
    for chunk, name, type_ in zip(chunks, leaves, types, strict=True):
        found.setdefault(name, []).append(ColumnBytes(chunk.start, chunk.length, (*type_, chunk.codec, chunk.values)))
    return found


def _leaves(type_: Any) -> int:
    """How many columns Parquet keeps a value of that type in."""
    pyarrow = library.pyarrow()
    types = pyarrow.types
    if isinstance(type_, pyarrow.BaseExtensionType):
        return _leaves(type_.storage_type)
    if types.is_struct(type_):
        return sum(_leaves(field.type) for field in type_)
    if types.is_map(type_):
        return _leaves(type_.key_type) + _leaves(type_.item_type)
    if types.is_dictionary(type_) or not types.is_nested(type_):
        return 1
    return _leaves(type_.value_type)
