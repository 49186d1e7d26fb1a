"""Differences as a Parquet file."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from objstore.comparison.rows.conversion import Conversion, converted
from objstore.comparison.rows.pairing import Paired
from objstore.comparison.rows.types import plain
from objstore.errors import InvalidInputError
from objstore.host import library
from objstore.host.publish import translated

CHANGE = "change"


def write_parquet(path: Path, paired: Paired, old: Any, new: Any, conversion: Conversion) -> None:
    """All rows that differ: a column `change` (`removed`, `before`, `after`, `added`; a row before a change precedes the one after it),
    then those of both tables, for two schemas.

    Columns whose types differ have the one in which they are compared; columns that one side hasn't are null there. Where a table has
    a column `change`, the first one is `change_`. What was at `path` is replaced at the end; after an error it is what it was.
    """
    pyarrow, parquet = library.pyarrow(), library.parquet()
    schema = _schema(old, new, conversion)
    if path.is_dir() or not path.parent.is_dir():
        what = "it is a folder" if path.is_dir() else f"{path.parent} is no folder"
        raise InvalidInputError(f"the differences can't be written to {path}: {what}; give the path of a file in a folder that is there")
    temporary = path.with_name(f".objstore-{os.getpid()}-{os.urandom(8).hex()}.tmp")
    try:
        # An open file, since PyArrow takes some names for URLs, and none that isn't UTF-8.
        with translated(path), open(temporary, "xb") as file, parquet.ParquetWriter(file, schema, compression="zstd") as writer:
            for batch in _batches(schema, paired):
                writer.write_batch(batch)
        with translated(path):
            os.replace(temporary, path)
    except pyarrow.ArrowException as error:
        raise InvalidInputError(f"the differences can't be written as Parquet: {error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _schema(old: Any, new: Any, conversion: Conversion) -> Any:
    pyarrow = library.pyarrow()
    types = {field.name: plain(field.type) for field in (*new, *old)} | dict(zip(conversion.names, conversion.types, strict=True))
    change = CHANGE
    while change in types:
        change += "_"
    return pyarrow.schema([(change, pyarrow.string()), *types.items()])


def _batches(schema: Any, paired: Paired) -> Iterator[Any]:
    for batch in paired.removed_rows():
        yield _marked(schema, "removed", batch)
    for before, after in paired.modified_rows():
        yield _alternating(_marked(schema, "before", before), _marked(schema, "after", after))
    for batch in paired.added_rows():
        yield _marked(schema, "added", batch)


def _marked(schema: Any, change: str, batch: Any) -> Any:
    """The rows with all columns of the schema, of which the first says what they are."""
    pyarrow = library.pyarrow()
    columns = [pyarrow.array([change] * batch.num_rows, pyarrow.string())]
    for field in list(schema)[1:]:
        known = field.name in batch.schema.names
        columns.append(converted(field.name, batch.column(field.name), field.type) if known else pyarrow.nulls(batch.num_rows, field.type))
    return pyarrow.RecordBatch.from_arrays(columns, schema=schema)


def _alternating(before: Any, after: Any) -> Any:
    """A row of one, a row of the other."""
    numpy, pyarrow = library.numpy(), library.pyarrow()
    numbers = numpy.arange(2 * before.num_rows)
    return pyarrow.concat_batches([before, after]).take(pyarrow.array(numbers // 2 + numbers % 2 * before.num_rows))
