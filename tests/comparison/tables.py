"""Rows of tables, read in whole, for tests."""

from typing import Any

from hypothesis import strategies as st

from objstore.comparison.rows.pair import TableFile, TablePair


def rows(file: TableFile, part: int, columns: list[str] | None = None) -> list[tuple[Any, ...]]:
    """Those of a part, with all columns or these."""
    names = file.schema.names if columns is None else columns
    batches = list(file.read(part, names))
    assert all([*batch.schema] == [file.schema.field(name) for name in names] for batch in batches)
    return [row for batch in batches for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)]


def all_rows(file: TableFile) -> list[tuple[Any, ...]]:
    return [row for part in range(len(file.parts)) for row in rows(file, part)]


def assert_same_parts_are_equal(pair: TablePair) -> None:
    assert len({old for old, _ in pair.same}) == len({new for _, new in pair.same}) == len(pair.same)
    for old, new in pair.same:
        both = [name for name in pair.old.schema.names if name in pair.new.schema.names]
        before, after = rows(pair.old, old, both), rows(pair.new, new, both)
        assert before == after
        for file, part in ((pair.old, old), (pair.new, new)):
            assert {cell for row in rows(file, part, [name for name in file.schema.names if name not in both]) for cell in row} <= {None}


Edits = list[tuple[str, float, float, int]]
EDITS: st.SearchStrategy[Edits] = st.lists(
    st.tuples(st.sampled_from(["insert", "delete", "replace", "move"]), st.floats(0, 1), st.floats(0, 1), st.sampled_from([1, 3, 1500])),
    max_size=4,
)
"""What can happen to the lines of a text."""


def edited(lines: list[bytes], others: list[bytes], edits: Edits) -> list[bytes]:
    """The lines after these edits; new ones are of the others."""
    found = list(lines)
    for kind, place, target, count in edits:
        at = int(place * len(found))
        block = found[at : at + count]
        if kind != "insert":
            del found[at : at + count]
        if kind == "move":
            to = int(target * len(found))
            found[to:to] = block
        elif kind != "delete":
            found[at:at] = others[:count]
    return found
