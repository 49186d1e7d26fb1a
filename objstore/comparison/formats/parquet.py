"""Parquet as tables to be compared: a part is a row group, and what is the same is told from the bytes of column chunks."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from objstore.comparison.content import Content, ContentFile
from objstore.comparison.formats.parquetfiles.rowgroups import ColumnBytes, column_bytes, same_columns, same_groups
from objstore.comparison.handlers import Handler, Kind
from objstore.comparison.rows.pair import TablePair
from objstore.comparison.rows.types import without_views, word
from objstore.comparison.unreadable import unreadable
from objstore.errors import ObjstoreError
from objstore.host import library

_MAGIC, _ENCRYPTED = b"PAR1", b"PARE"
_LEAST_SIZE = 12
_DECRYPT = "decrypt it to compare its rows"
_BUFFER = 1024 * 1024
_BATCH_CELLS = 1024 * 1024
_BATCH_ROWS = 64 * 1024
_BATCH_BYTES = 32 * 1024 * 1024


class ParquetTable:
    """A file, of which the footer has been read.

    In memory are a batch of some ten MiB, and of each column that is being read a page, packed and unpacked. Most writers make pages of a
    MiB, but of at least a thousand rows: with values of 200 kB those take 200 MB.
    """

    def __init__(self, content: Content) -> None:
        """UnreadableFileError for what isn't Parquet, is cut off, encrypted, or has two columns of one name."""
        self.content = content
        self._check_ends()
        with self._readable("its footer"):
            self._file = library.parquet().ParquetFile(ContentFile(content), buffer_size=_BUFFER, page_checksum_verification=True)
            written = self._file.schema_arrow
            self.schema = library.pyarrow().schema([field.with_type(without_views(field.type)) for field in written])
            self._has_views = self.schema.types != written.types
            metadata = self._file.metadata
            self.parts: Sequence[int] = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
            self.groups: Sequence[Mapping[str, Sequence[ColumnBytes]]] = column_bytes(content, metadata, self.schema)
        self._check()

    @property
    def types(self) -> Mapping[str, str]:
        return {field.name: word(field.type) for field in self.schema}

    def read(self, part: int, columns: Sequence[str]) -> Iterator[Any]:
        asked = set(columns)
        wanted = [name for name in self.schema.names if name in asked]
        rows = max(1, min(_BATCH_ROWS, _BATCH_CELLS // max(1, len(wanted)), _BATCH_BYTES // self._row_bytes(part)))
        done = 0
        with self._readable(f"row group {part}"):
            batches = self._file.iter_batches(rows, row_groups=[part], columns=wanted)
        while True:
            with self._readable(f"row group {part}, after {done:,} of its rows"):
                batch = next(batches, None)
                if batch is None:
                    break
                batch.validate(full=True)  # text that isn't UTF-8, decimals that are too long
            done += batch.num_rows
            # A name with a dot also stands for what is inside another column.
            batch = batch.select(list(columns)) if batch.schema.names != list(columns) else batch
            yield batch if not self._has_views else batch.cast(library.pyarrow().schema([self.schema.field(name) for name in columns]))
        if done != self.parts[part]:
            raise unreadable(self.content, f"row group {part} has {done:,} rows, and its footer says {self.parts[part]:,}")

    def _row_bytes(self, part: int) -> int:
        """About how large a row of all columns is, as the footer says."""
        group = self._file.metadata.row_group(part)
        return max(1, int(group.total_byte_size) // max(1, int(group.num_rows)))

    def _check_ends(self) -> None:
        content = self.content
        ends = content.read(0, 4), content.read(max(0, content.size - 4), content.size)
        if _ENCRYPTED in ends:
            raise unreadable(self.content, "it is encrypted", _DECRYPT)
        if ends[0] != _MAGIC:
            raise unreadable(self.content, f"it begins with {ends[0]!r}, and Parquet with {_MAGIC!r}")
        if ends[1] != _MAGIC or content.size < _LEAST_SIZE:
            raise unreadable(self.content, f"it ends at byte {content.size:,} without a footer: it has been cut off, or isn't finished")

    def _check(self) -> None:
        names = self.schema.names
        twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
        if twice:
            raise unreadable(self.content, f"two columns are called {twice[0]!r}", "rename one to compare rows")
        for number, (rows, group) in enumerate(zip(self.parts, self.groups, strict=True)):
            for name, chunks in group.items():
                if rows < 0 or any(chunk.start < 0 or chunk.length < 0 or chunk.end > self.content.size for chunk in chunks):
                    raise unreadable(
                        self.content, f"column {name!r} of row group {number} would lie beyond its end: it has been cut off or damaged"
                    )

    @contextmanager
    def _readable(self, what: str) -> Iterator[None]:
        """Translates what PyArrow raises. Errors of reading the bytes themselves pass."""
        try:
            yield
        except ObjstoreError:
            raise
        except (library.pyarrow().ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
            if "ncrypt" in str(error):
                raise unreadable(self.content, "it is encrypted", _DECRYPT) from error
            raise unreadable(
                self.content, f"{what} can't be read: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
            ) from error


def _pair(old: Content, new: Content) -> TablePair:
    before, after = ParquetTable(old), ParquetTable(new)
    fields = {
        field.name
        for field in after.schema
        if before.schema.get_field_index(field.name) >= 0 and before.schema.field(field.name).equals(field)
    }

    def alike(old_part: int, new_part: int) -> Sequence[str]:
        return same_columns(old, before.groups[old_part], new, after.groups[new_part], fields)

    return TablePair(before, after, same_groups(old, before, new, after, fields), alike)


HANDLER = Handler("parquet", Kind.ROWS, (".parquet", ".pq"), _pair, (_MAGIC, _ENCRYPTED))
