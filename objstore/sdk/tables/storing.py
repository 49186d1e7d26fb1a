"""Taking a table into a draft."""

from pathlib import Path

from objstore.errors import InvalidInputError, InvalidTypeError
from objstore.host.publish import translated
from objstore.manifest.entry import Entry
from objstore.sdk.adding import add_file, scratch_folder
from objstore.sdk.content import DraftContent
from objstore.sdk.tables import description, parquet
from objstore.sdk.tables.frame import Frame
from objstore.sdk.tables.frames import TABLES, frame_of, is_foreign
from objstore.sdk.tables.partitioned import PartitionedTable
from objstore.sdk.tables.paths import partitioned_path, table_path
from objstore.sdk.tables.table import Table


def add(content: DraftContent, obj: object, name: str, *, overwrite: bool) -> tuple[str, Entry]:
    """Takes in a table under a name; the path that it is kept at, and the entry. Nothing is added if anything is wrong.

    InvalidTypeError unless it is a table of some kind, with values that can be kept. InvalidInputError when there is another table of that
    name (unless `overwrite`, which replaces it), or a path in the way.
    """
    made = _to_be_kept(obj)
    path, other = table_path(name), partitioned_path(name)
    if isinstance(made, PartitionedTable):
        path, other = other, path
    with scratch_folder(content) as folder:
        local = folder / "table"
        _write(made, local)
        with content.lock:
            is_in_the_way = content.get(other.encode()) is not None
            if is_in_the_way and not overwrite:
                raise InvalidInputError(f"{name} is there already, as {other}; give overwrite=True to replace it")
            entry = add_file(content, local, path.encode(), overwrite=overwrite)
            if is_in_the_way:
                content.remove(other.encode())
    return path, entry


def _to_be_kept(obj: object) -> Frame | PartitionedTable:
    if isinstance(obj, PartitionedTable):
        return obj
    if isinstance(obj, Table):
        return obj._stored()
    if not is_foreign(obj):
        raise InvalidTypeError(f"can't add a {type(obj).__name__}: add takes {TABLES}; for files use add_file or new_file")
    return frame_of(obj)


def _write(made: Frame | PartitionedTable, local: Path) -> None:
    if isinstance(made, PartitionedTable):
        with translated(local):
            local.write_bytes(description.encode(made.parts_path))
    else:
        parquet.write(made, local)
