"""What differs inside a file that both sides have, as its format has it: in rows or in tensors."""

from collections.abc import Sequence
from pathlib import Path

from objstore.comparison.content import Content
from objstore.comparison.handlers import Handler, Kind, find, names, recognise
from objstore.comparison.rows.diff import RowDiff
from objstore.comparison.tensors.diff import TensorDiff
from objstore.errors import UnreadableFileError
from objstore.host import library


def handler_of(old: Content, new: Content, kind: Kind) -> Handler:
    """The handler for both, by their names, else by what they begin with. UnreadableFileError where there is none."""
    known = find(new.path, kind) or find(old.path, kind)
    before, after = (find(each.path, kind) or recognise(each, kind) or known for each in (old, new))
    if before is None or after is None:
        raise UnreadableFileError(f"{new.path} isn't of a format whose {kind.value} can be compared; these are {names(kind)}")
    if before is not after and before != after:
        raise UnreadableFileError(f"{old.path} is {before.name} and {new.path} is {after.name}: their {kind.value} can't be compared")
    return after


def compare_rows_of(old: Content, new: Content, key: Sequence[str], scratch: Path) -> RowDiff:
    """As rows.compare_rows. UnreadableFileError for files that aren't tables, or that can't be read as the tables that they should be."""
    handler = handler_of(old, new, Kind.ROWS)
    library.pyarrow()  # first, since who hasn't got it lacks NumPy too, and the extra that brings it brings both
    from objstore.comparison.rows.compare import compare_rows  # a diff of files alone needs none of it

    return compare_rows(handler.pair(old, new), key, scratch)


def compare_tensors_of(old: Content, new: Content) -> TensorDiff:
    """As tensors.compare_tensors. UnreadableFileError for files that have no tensors, or can't be read."""
    handler = handler_of(old, new, Kind.TENSORS)
    from objstore.comparison.tensors.compare import compare_tensors

    return compare_tensors(handler.pair(old, new))
