"""The Parquet file of a table (objstore/spec/tables.md)."""

import json
import os
from pathlib import Path
from typing import IO, Any

from objstore.errors import InvalidInputError, InvalidTypeError, UnsupportedFormatError
from objstore.host import library
from objstore.host.publish import translated
from objstore.sdk.tables.canonical import canonical
from objstore.sdk.tables.frame import Frame

FORMAT = 1
KEY = b"objstore.table"
WRITER = b"objstore table version 1"

_ROWS_IN_GROUP = 1 << 20
_MAGIC = b"PAR1"

# No compression and no dictionaries: objstore compresses chunks itself, and where a page holds its values one by one, an inserted row
# changes the chunk around it and not the whole page. No statistics: they are part of each page, and differ between releases of PyArrow.
_OPTIONS: dict[str, Any] = {
    "row_group_size": _ROWS_IN_GROUP,
    "version": "2.6",
    "data_page_version": "1.0",
    "compression": "none",
    "use_dictionary": False,
    "write_statistics": False,
    "write_page_index": False,
    "store_schema": True,
    "use_content_defined_chunking": {"min_chunk_size": 16 * 1024, "max_chunk_size": 64 * 1024},
}


class NotATableError(InvalidInputError):
    """A file that objstore didn't write as a table."""


def write(frame: Frame, local: Path) -> None:
    """Writes the file; with one release of PyArrow, equal tables make equal files.

    InvalidTypeError for a column whose type Parquet doesn't have. Cost: some MB of memory, beside columns that have to be made plain first.
    """
    stored = canonical(frame)
    described = json.dumps({"format": FORMAT, "json": sorted(stored.json)}, ensure_ascii=False, separators=(",", ":")).encode()
    metadata = {key: value for key, value in (stored.table.schema.metadata or {}).items() if key != KEY}
    table = stored.table.replace_schema_metadata({**metadata, KEY: described})
    pyarrow, parquet = library.pyarrow(), library.parquet()
    with translated(local), open(local, "w+b") as file:
        try:
            parquet.write_table(table, file, **_OPTIONS)
        except (pyarrow.ArrowException, UnicodeError) as error:
            raise _unwritable(table, error) from error
        _sign(file)


def read(data: Any, path: str) -> Frame:
    """The table in a file's bytes. NotATableError for other files, UnsupportedFormatError for a table of a newer objstore."""
    pyarrow, parquet = library.pyarrow(), library.parquet()
    try:
        file = parquet.ParquetFile(pyarrow.BufferReader(data))
        described = (file.metadata.metadata or {}).get(KEY)
        kept_as_json = _described(described, path)
        table = file.read()
        table.validate(full=True)
    except (pyarrow.ArrowException, OSError, UnicodeError, OverflowError) as error:
        raise NotATableError(f"{path} can't be read as Parquet ({error}); get_entry({path!r}) gives the file itself") from error
    metadata = {key: value for key, value in (table.schema.metadata or {}).items() if key != KEY}
    frame = Frame(table.replace_schema_metadata(metadata or None), kept_as_json)
    if any(frame.columns.count(name) != 1 or table.schema.field(name).type != pyarrow.string() for name in kept_as_json):
        raise _not_ours(path)
    return frame


def _described(text: bytes | None, path: str) -> frozenset[str]:
    """The columns that are JSON, from the note in the file."""
    if text is None:
        raise _not_ours(path)
    try:
        note = json.loads(text)
    except (ValueError, RecursionError):
        raise _not_ours(path) from None
    match note:
        case {"format": int(version)} if version > FORMAT:
            raise UnsupportedFormatError(f"{path} is a table of format {version}; this objstore knows {FORMAT}: upgrade")
        case {"format": 1, "json": [*names]} if all(isinstance(name, str) for name in names):
            return frozenset(names)
    raise _not_ours(path)


def _not_ours(path: str) -> NotATableError:
    return NotATableError(f"{path} isn't a table that objstore has written; get_entry({path!r}) gives the file itself")


def _sign(file: IO[bytes]) -> None:
    """Puts our name in place of PyArrow's and its release number, which would make another file of a table with every release.

    It is the last string of the footer: a byte for its length, then the text (parquet.thrift, FileMetaData.created_by). What has no such
    string is left alone.
    """
    end = file.seek(-len(_MAGIC) - 4, os.SEEK_END)
    length = int.from_bytes(file.read(4), "little")
    file.seek(end - length)
    footer = file.read(length)
    at = footer.rfind(b"parquet-cpp-arrow version ")
    if at < 1 or footer[at - 1] >= 0x80:
        return
    rest = footer[at + footer[at - 1] :]
    signed = footer[: at - 1] + bytes([len(WRITER)]) + WRITER + rest
    file.seek(end - length)
    file.write(signed + len(signed).to_bytes(4, "little") + _MAGIC)
    file.truncate()


def _unwritable(table: Any, error: Exception) -> InvalidTypeError:
    pyarrow, parquet = library.pyarrow(), library.parquet()
    for field in table.schema:
        try:
            parquet.write_table(table.select([field.name]).slice(0, 0), pyarrow.BufferOutputStream(), **_OPTIONS)
        except (pyarrow.ArrowException, OSError, UnicodeError) as cause:
            return InvalidTypeError(f"column {field.name!r} is of the type {field.type}, which can't be kept in a table: {cause}")
    return InvalidTypeError(f"this table can't be kept: {error}")
